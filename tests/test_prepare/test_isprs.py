"""Potsdam and Vaihingen: ids, names, faults of known tiles, real files."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from benchmarks.make_archives import blocks, isprs_colors, make_potsdam, picture, png, tif
from mmseg_deeplab.apis.conversion import convert_dataset
from mmseg_deeplab.datasets.prepare.isprs_tiles import label_ids
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

from .conftest import names, stored


def pack(folder, images: dict, labels: dict) -> None:
    folder.mkdir(exist_ok=True)
    for archive, files in (('2_Ortho_RGB', images), ('5_Labels_all_noBoundary', labels)):
        with zipfile.ZipFile(folder / f'{archive}.zip', 'w') as file:
            for name, array in files.items():
                file.writestr(name, tif(array))


def test_colours_become_the_ids_of_the_classes():
    black, white, blue, cyan = (0, 0, 0), (255, 255, 255), (0, 0, 255), (0, 255, 255)
    green, yellow, red, other = (0, 255, 0), (255, 255, 0), (255, 0, 0), (12, 34, 56)
    # the original sums 2B + 3G + 4R: 255, 85, 0 has the sum of low vegetation
    rgb = np.array([[black, white, blue, cyan, green, yellow, red, other, (255, 85, 0)]], np.uint8)
    ids, strays = label_ids(rgb)
    assert ids.tolist() == [[0, 1, 2, 3, 4, 5, 6, 0, 0]] and ids.dtype == np.uint8
    assert strays == {'#FF5500': 1, '#0C2238': 1} or strays == {'#0C2238': 1, '#FF5500': 1}


def test_defective_tiles_take_the_nearest_colour_unless_in_doubt():
    rgb = np.array([[(252, 255, 0), (9, 222, 221), (225, 227, 227), (128, 0, 0)]], np.uint8)
    ids, strays = label_ids(rgb, defective=True)
    assert ids.tolist() == [[5, 3, 1, 0]] and strays == {'#800000': 1}


def test_potsdam_crops_are_the_tiles_parts(convert, tmp_path):
    result = convert('potsdam')
    ids = blocks(120, 120, 7, 0)  # of 2_10, the first tile
    for y, x in ((0, 0), (0, 50), (50, 70), (70, 70)):
        name = f'2_10_{x}_{y}_{x + 50}_{y + 50}.png'
        part = np.s_[y : y + 50, x : x + 50]
        assert np.array_equal(stored(tmp_path / 'out/ann_dir/train' / name), ids[part])
        assert np.array_equal(stored(tmp_path / 'out/img_dir/train' / name), picture(ids)[part])
    assert result.counts['img_dir/train'] == result.counts['ann_dir/train'] == 12 * 9


def test_tile_4_12_is_mended_and_said(convert, tmp_path):
    result = convert('potsdam')
    crop = stored(tmp_path / 'out/ann_dir/train/4_12_0_0_50_50.png')
    assert np.array_equal(crop, blocks(120, 120, 7, 8 % 4)[:50, :50])
    assert [note for note in result.notes if '4_12' in note and 'nearest' in note]


def test_a_given_stride_overlaps(convert, tmp_path):
    convert('vaihingen', settings={'clip_size': 40, 'stride_size': 20})
    starts = {int(n.split('_')[2]) for n in names(tmp_path / 'out') if 'img_dir/train/area1_' in n}
    assert {0, 20, 40} <= starts


def test_small_tiles_are_padded_with_ignored_pixels(tmp_path):
    ids = blocks(40, 30, 7, 0)
    pack(
        tmp_path / 'raw',
        {'top_potsdam_2_10_RGB.tif': picture(ids)},
        {'top_potsdam_2_10_label_noBoundary.tif': isprs_colors(ids)},
    )
    convert_dataset(
        'potsdam', tmp_path / 'raw', out_dir=tmp_path / 'out', settings={'clip_size': 32}
    )
    wanted = ['2_10_0_0_32_32.png', '2_10_0_8_32_40.png']
    assert [n.rpartition('/')[2] for n in names(tmp_path / 'out/ann_dir')] == wanted
    label = stored(tmp_path / 'out/ann_dir/train/2_10_0_8_32_40.png')
    assert np.array_equal(label[:, :30], ids[8:]) and not label[:, 30:].any()


def test_labels_with_boundaries_go_beside_the_eroded_ones(tmp_path):
    make_potsdam(tmp_path / 'raw', 0.01, 1)
    ids = blocks(60, 60, 6, 5) + np.uint8(1)
    with zipfile.ZipFile(tmp_path / 'raw/5_Labels_all.zip', 'w') as file:
        for tile in ('2_10', '5_15'):
            file.writestr(f'5_Labels_all/top_potsdam_{tile}_label.tif', tif(isprs_colors(ids)))
    convert_dataset(
        'potsdam', tmp_path / 'raw', out_dir=tmp_path / 'out', settings={'clip_size': 60}
    )
    full = stored(tmp_path / 'out/ann_dir_full/train/2_10_0_0_60_60.png')
    assert np.array_equal(full, ids)
    assert not np.array_equal(stored(tmp_path / 'out/ann_dir/train/2_10_0_0_60_60.png'), ids)


def test_unknown_tiles_lonely_labels_and_wrong_sizes_are_errors(tmp_path):
    ids = blocks(40, 40, 7, 0)
    image, label = picture(ids), isprs_colors(ids)
    labels = {'top_potsdam_2_10_label_noBoundary.tif': label}

    def plan(images, labels):
        pack(tmp_path / 'raw', images, labels)
        convert_dataset('potsdam', tmp_path / 'raw', out_dir=tmp_path / 'out')

    with pytest.raises(DataError, match='tile 9_9 is neither in the train nor in the val'):
        plan({'top_potsdam_9_9_RGB.tif': image}, {'top_potsdam_9_9_label_noBoundary.tif': label})
    with pytest.raises(DataError, match=r'1 label\(s\) without image: 2_10'):
        plan({'top_potsdam_2_11_RGB.tif': image}, labels)
    with pytest.raises(DataError, match='40x40 pixels, but its image .* has 30x40'):
        plan({'top_potsdam_2_10_RGB.tif': image[:, :30]}, labels)
    with pytest.raises(DataError, match=r'100.0% of the pixels .*: #0C0C0C \(1600 pixels\)'):
        plan(
            {'top_potsdam_2_10_RGB.tif': image},
            {'top_potsdam_2_10_label_noBoundary.tif': np.full_like(label, 12)},
        )
    with pytest.raises(DatasetNotFoundError, match='no Potsdam images; put 2_Ortho_RGB.zip'):
        plan({}, labels)
    assert not (tmp_path / 'out/img_dir').exists()


@pytest.mark.parametrize('encode', [tif, png])
@pytest.mark.parametrize('shape', [(40, 40), (40, 40, 4)])
def test_labels_that_are_not_stored_as_colours_are_errors(tmp_path, encode, shape):
    pack(tmp_path, {'top_potsdam_2_10_RGB.tif': np.zeros((40, 40, 3), np.uint8)}, {})
    with zipfile.ZipFile(tmp_path / '5_Labels_all_noBoundary.zip', 'w') as file:
        label = np.full(shape, 255, np.uint8)
        file.writestr('top_potsdam_2_10_label_noBoundary.tif', encode(label))
    wanted = rf'2_10_label_noBoundary\.tif: must be an 8-bit RGB .* of {label[0, 0].size} band'
    with pytest.raises(DataError, match=wanted):
        convert_dataset('potsdam', tmp_path, out_dir=tmp_path / 'out')


def test_the_outer_download_is_to_be_unpacked_first(tmp_path):
    with zipfile.ZipFile(tmp_path / 'Potsdam.zip', 'w') as file:
        file.writestr('Potsdam/2_Ortho_RGB.zip', b'')
    with pytest.raises(DatasetNotFoundError, match=r'; Potsdam\.zip holds it: unpack that one'):
        convert_dataset('potsdam', tmp_path)


def test_real_label_equals_the_published_crop_but_for_its_eroded_boundary(data_root, tmp_path):
    source = data_root / 'potsdam_labels' / 'Label_Potsdam_02_10.tif'
    folder = tmp_path / 'raw'
    folder.mkdir()
    with zipfile.ZipFile(folder / '2_Ortho_RGB.zip', 'w') as file:  # told by content, not by name
        file.writestr('top_potsdam_2_10_RGB.tif', png(np.zeros((6000, 6000), np.uint8)))
    with zipfile.ZipFile(folder / '5_Labels_all.zip', 'w') as file:
        file.write(source, f'5_Labels_all/{source.name}')
    # two windows a side: only the first crop is compared
    settings = {'clip_size': 512, 'stride_size': 5488}
    result = convert_dataset('potsdam', folder, out_dir=tmp_path / 'out', settings=settings)
    assert result.counts['ann_dir/train'] == 4
    name = '2_10_0_0_512_512.png'
    ours = stored(tmp_path / 'out/ann_dir/train' / name)
    published = stored(data_root / 'potsdam_tiles/ann_dir' / name)
    assert np.count_nonzero(published == 0) == 24696 and ours.min() >= 1
    assert np.array_equal(ours[published != 0], published[published != 0])
