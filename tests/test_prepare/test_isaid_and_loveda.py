"""iSAID keeps its 16 ids; LoveDA keeps its bytes and lists its domains."""

from __future__ import annotations

import shutil
import zipfile

import numpy as np
import pytest

from benchmarks.make_archives import main as make_archives
from benchmarks.make_archives import picture, png
from mmseg_deeplab.apis.conversion import convert_dataset
from mmseg_deeplab.datasets.prepare.archives import MemberError
from mmseg_deeplab.datasets.prepare.isaid import label_ids
from mmseg_deeplab.utils.class_names import class_table
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

from .conftest import names, stored

PALETTE = np.array(class_table('isaid')['palette'], np.uint8)


def isaid_archives(folder, ids: np.ndarray, colors: np.ndarray | None = None):
    """One image in each split."""
    for number, split in enumerate(('train', 'val', 'test')):
        (folder / split / 'images').mkdir(parents=True)
        with zipfile.ZipFile(folder / split / 'images/part1.zip', 'w') as file:
            file.writestr(f'images/P{number:04d}.png', png(picture(ids)))
        (folder / split / 'Semantic_masks').mkdir()
        with zipfile.ZipFile(folder / split / 'Semantic_masks/images.zip', 'w') as file:
            label = png(PALETTE[ids] if colors is None else colors)
            file.writestr(f'images/P{number:04d}_instance_color_RGB.png', label)
    return folder


def test_sixteen_ids_in_sixteen_ids_out(tmp_path):
    ids = (np.arange(20 * 30) % 16).reshape(20, 30).astype(np.uint8)
    raw = isaid_archives(tmp_path / 'raw', ids)
    settings = {'patch_width': 16, 'patch_height': 12, 'overlap_area': 4}
    result = convert_dataset('isaid', raw, out_dir=tmp_path / 'out', settings=settings)
    assert not [line for line in result.lines() if ' 0 files' in line]  # of ann_dir/test
    starts = [(y, x) for y in (0, 8) for x in (0, 12, 14)]
    wanted = sorted(f'P0000_{y}_{y + 12}_{x}_{x + 16}' for y, x in starts)
    out = tmp_path / 'out'
    assert names(out / 'img_dir/train') == [f'{n}.png' for n in wanted]
    assert names(out / 'ann_dir/train') == [f'{n}_instance_color_RGB.png' for n in wanted]
    for y, x in starts:
        stem = f'P0000_{y}_{y + 12}_{x}_{x + 16}'
        part = np.s_[y : y + 12, x : x + 16]
        path = out / f'ann_dir/train/{stem}_instance_color_RGB.png'
        assert np.array_equal(stored(path), ids[part])
        assert path.read_bytes()[:4] == b'\x89PNG'
        assert path.read_bytes()[24:26] == bytes([8, 0])  # 8 bits, grey
        image = out / f'img_dir/train/{stem}.png'
        assert np.array_equal(stored(image), picture(ids)[part])
        assert image.read_bytes().startswith(b'\x89PNG')
    assert np.unique(stored(path)).size == 16
    assert names(out / 'img_dir/test') == ['P0002.png'] and (out / 'ann_dir/test').is_dir()


@pytest.mark.parametrize('shape', [(500, 896), (896, 500), (500, 600), (1000, 500)])
def test_small_images_are_padded_never_a_negative_start(tmp_path, shape):
    ids = np.full(shape, 15, np.uint8)
    convert_dataset('isaid', isaid_archives(tmp_path / 'raw', ids), out_dir=tmp_path / 'out')
    rows = [0] if shape[0] <= 896 else [0, shape[0] - 896]
    wanted = [f'P0001_{y}_{y + 896}_0_896_instance_color_RGB.png' for y in rows]
    assert names(tmp_path / 'out/ann_dir/val') == wanted
    label = stored(tmp_path / 'out/ann_dir/val' / wanted[0])
    assert label.shape == (896, 896)
    assert (label[: shape[0], : shape[1]] == 15).all()
    assert (label[shape[0] :] == 255).all() and (label[:, shape[1] :] == 255).all()


def test_a_colour_that_is_not_isaids_is_named():
    rgb = PALETTE[np.zeros((3, 3), int)]
    rgb[1, 2] = (1, 2, 3)
    with pytest.raises(MemberError, match=r'P0\.png: .*#010203 \(1 pixels\)'):
        label_ids(rgb, 'P0.png')
    assert label_ids(PALETTE[None], 'x').tolist() == [list(range(16))]


def test_isaid_label_of_another_size(tmp_path):
    raw = isaid_archives(
        tmp_path / 'raw', np.zeros((9, 9), np.uint8), np.zeros((9, 8, 3), np.uint8)
    )
    with pytest.raises(DataError, match=r'2 of 3 parts[\s\S]*8x9 pixels, but its image'):
        convert_dataset('isaid', raw, out_dir=tmp_path / 'out')


def test_isaid_without_masks(raw, tmp_path):
    shutil.copytree(raw / 'isaid', tmp_path / 'raw')
    shutil.rmtree(tmp_path / 'raw/val/Semantic_masks')
    with pytest.raises(DatasetNotFoundError, match='Semantic_masks: no such folder'):
        convert_dataset('isaid', tmp_path / 'raw', out_dir=tmp_path / 'out')


def test_loveda_keeps_bytes_and_lists_domains(convert, raw, tmp_path):
    result = convert('loveda')
    out = tmp_path / 'out'
    with zipfile.ZipFile(raw / 'loveda/Val.zip') as archive:
        rural, urban = (
            archive.read(f'Val/{d}/{n}.png')
            for d, n in (('Rural/masks_png', 2), ('Urban/images_png', 3))
        )
    assert (out / 'ann_dir/val/2.png').read_bytes() == rural
    assert (out / 'img_dir/val/3.png').read_bytes() == urban
    assert (out / 'splits/val_rural.txt').read_text() == '2\n'
    assert (out / 'splits/test_urban.txt').read_text() == '5\n'
    assert len(names(out / 'splits')) == 6 and not (out / 'ann_dir/test').exists()
    assert 'train, rural: 1 images (documented: 1366)' in result.notes
    assert '  img_dir/train: 2 files (documented: 2522)  <-- differs' in result.lines()


def test_loveda_labels_outside_0_to_7_and_other_sizes(raw, tmp_path):
    shutil.copytree(raw / 'loveda', tmp_path / 'raw')
    with zipfile.ZipFile(tmp_path / 'raw/Val.zip', 'w') as archive:
        for number, domain in enumerate(('Rural', 'Urban')):
            label = np.full((1024, 1024 - number), 8, np.uint8)
            archive.writestr(f'Val/{domain}/images_png/{number}.png', png(picture(label)))
            archive.writestr(f'Val/{domain}/masks_png/{number}.png', png(label))
    with pytest.raises(DataError) as caught:
        convert_dataset('loveda', tmp_path / 'raw', out_dir=tmp_path / 'out')
    text = str(caught.value)
    assert '2 of ' in text and 'Rural/masks_png/0.png: labels must be 0 to 7, got [8]' in text
    assert 'Urban/images_png/1.png: must be 1024x1024 pixels, got 1023x1024' in text
    assert not (tmp_path / 'out/img_dir').exists()


def test_no_archives_that_the_converter_refuses(tmp_path, capsys):
    with pytest.raises(SystemExit):
        make_archives(['loveda', str(tmp_path / 'raw'), '--side', '0.5'])
    assert 'of 1024x1024 only' in capsys.readouterr().err and not (tmp_path / 'raw').exists()
