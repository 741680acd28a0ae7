"""VOC and SBD merged, packed into shards, and read from them."""

from __future__ import annotations

import tarfile
from collections import Counter
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from benchmarks.systems.draw_voc import make_voc_and_sbd
from mmseg_deeplab.apis.conversion import convert_dataset
from mmseg_deeplab.apis.packing import pack_list
from mmseg_deeplab.cli import main
from mmseg_deeplab.datasets import PascalVOCDataset
from mmseg_deeplab.datasets.packed import packed_pairs, read_packed
from mmseg_deeplab.datasets.prepare.voc_trainaug import SBD, VOC, voc_palette
from mmseg_deeplab.engine.block_shuffle import BlockShuffleSampler
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

LIST = 'vocaug_train_lst.txt'


@pytest.fixture
def root(tmp_path):
    """A folder with both data sets, drawn small."""
    return make_voc_and_sbd(tmp_path / 'data', train=2, val=1, sbd=3, size=(12, 16))


@pytest.fixture
def merged(root):
    """The same after the merge."""
    convert_dataset('voc_trainaug', root, workers=1)
    return root


def ids_of(path):
    """What a label file stores."""
    return np.array(Image.open(path))


def test_lists_and_labels(merged):
    lines = (merged / LIST).read_text().splitlines()
    stems = [line.split()[0].rpartition('/')[2] for line in lines]
    # SBD's own images, those of its training list first; then VOC's; what VOC has is VOC's
    own = ['2008_000001.jpg', '2008_000003.jpg', '2008_000002.jpg']
    assert stems == [*own, '2007_000001.jpg', '2007_000002.jpg']
    assert lines[0] == f'{SBD}/img/2008_000001.jpg {SBD}/cls_png_gray/2008_000001.png'
    assert lines[3] == (
        f'{VOC}/JPEGImages/2007_000001.jpg {VOC}/SegmentationClassGray/2007_000001.png'
    )
    assert len((merged / 'sbd_train_lst.txt').read_text().splitlines()) == 3
    assert len((merged / 'voc_val_lst.txt').read_text().splitlines()) == 1
    grey = Image.open(merged / VOC / 'SegmentationClassGray' / '2007_000001.png')
    assert grey.mode == 'L'
    stored = ids_of(merged / VOC / 'SegmentationClass' / '2007_000001.png')
    assert np.array_equal(np.array(grey), stored) and stored.max() == 255
    colored = Image.open(merged / SBD / 'cls_png' / '2008_000001.png')
    assert colored.mode == 'P'
    assert np.array_equal(colored, ids_of(merged / SBD / 'cls_png_gray' / '2008_000001.png'))
    assert colored.getpalette()[:6] == [0, 0, 0, 128, 0, 0]


def test_colours_are_those_of_voc():
    palette = voc_palette()
    assert palette[[1, 7, 15, 20, 255]].tolist() == [
        [128, 0, 0], [128, 128, 128], [192, 128, 128], [0, 64, 128], [224, 224, 192],
    ]  # fmt: skip
    own = np.array(PascalVOCDataset.METAINFO['palette'])
    assert np.array_equal(palette[: len(own)], own)


def test_lists_of_absolute_paths(root):
    convert_dataset('voc_trainaug', root, settings={'list_paths': 'absolute'}, workers=1)
    first = (root / LIST).read_text().split()[0]
    assert first == f'{root.resolve()}/{SBD}/img/2008_000001.jpg'
    with pytest.raises(ConfigError, match="got 'other'"):
        convert_dataset('voc_trainaug', root, settings={'list_paths': 'other'})


def test_what_is_missing_is_named(root):
    (root / VOC / 'JPEGImages' / '2007_000002.jpg').unlink()
    with pytest.raises(DatasetNotFoundError, match='1 of the 2 entries of voc_train: 2007_000002'):
        convert_dataset('voc_trainaug', root)
    with pytest.raises(DatasetNotFoundError, match='SegmentationClass: no such folder'):
        convert_dataset('voc_trainaug', root / VOC)
    (root / VOC / 'ImageSets' / 'Segmentation' / 'train.txt').write_text('\n')
    with pytest.raises(DatasetNotFoundError, match='train.txt: the list is empty'):
        convert_dataset('voc_trainaug', root)


def test_a_label_file_without_the_map_is_named(root):
    from scipy.io import savemat

    savemat(root / SBD / 'cls' / '2008_000001.mat', {'GTinst': 1})
    with pytest.raises(DataError, match='cls/2008_000001.mat: holds no label map GTcls.Segmen'):
        convert_dataset('voc_trainaug', root, workers=1)


def dataset(root, ann_file):
    """VOC as the shipped configs read it, without a pipeline."""
    return PascalVOCDataset(
        ann_file=ann_file, data_root=str(root), data_prefix=dict(img_path='', seg_map_path='')
    )


def test_shards_hold_the_list(merged, tmp_path):
    target = tmp_path / 'shards' / 'vocaug'
    arguments = [f'--data_root={merged}', f'--data_lst={merged / LIST}', f'--dst_path={target}']
    assert main(['pack', *arguments, '--num_shards=2', '--shuffle=False']) == 0
    index = f'{target}.shards.json'
    with tarfile.open(f'{target}0.tar') as archive:  # plain, sample by sample
        names = archive.getnames()
    assert names[:2] == ['2008_000001.jpg', '2008_000001.png'] and len(names) == 6
    files, packed = dataset(merged, LIST), dataset(merged, index)
    assert len(files) == len(packed) == 5
    for number in range(5):
        single, inside = files.get_data_info(number), packed.get_data_info(number)
        for key in ('img_path', 'seg_map_path'):
            with open(single[key], 'rb') as file:
                assert read_packed(inside[key]) == file.read()
        assert files.get_cat_ids(number) == packed.get_cat_ids(number)
    assert main(['pack', *arguments, '--num_shards=2', '--seed=3']) == 0
    mixed = [image.rpartition('/')[2] for image, _ in packed_pairs(index)]
    lines = (merged / LIST).read_text().splitlines()
    ordered = [line.split()[0].rpartition('/')[2] for line in lines]
    assert sorted(mixed) == sorted(ordered) and mixed != ordered


def test_shards_that_cannot_be_made_or_read(merged, tmp_path):
    target = tmp_path / 'vocaug'
    with pytest.raises(ConfigError, match='number of samples'):
        pack_list(merged / LIST, target, data_root=merged, num_shards=6)
    index = pack_list(merged / LIST, target, data_root=merged, num_shards=1)
    with open(f'{target}0.tar', 'r+b') as file:
        file.truncate(1000)
    with pytest.raises(DataError, match='vocaug0.tar: 1000 of'):
        packed_pairs(str(index))
    index.write_text('{}')
    with pytest.raises(DataError, match='no index of shards'):
        packed_pairs(str(index))
    with pytest.raises(DataError, match='no address'):
        read_packed('packed://x')
    (merged / VOC / 'JPEGImages' / '2007_000002.jpg').unlink()
    with pytest.raises(DatasetNotFoundError, match='1 of 10 files are missing: .*2007_000002'):
        pack_list(merged / LIST, target, data_root=merged, num_shards=1)
    assert list(tmp_path.glob('.vocaug*')) == []


def test_mindrecord_is_a_list_too(small_golden):
    path = small_golden / 'mindcv' / 'sample.mindrecord'
    found = dataset('', str(path))
    assert len(found) == 3
    assert found.get_data_info(2)['img_path'].endswith('/2007_000002.jpg')


@pytest.mark.parametrize('kept', [0, 100, 17000])
def test_a_damaged_mindrecord_is_named(small_golden, tmp_path, kept):
    source = small_golden / 'mindcv' / 'sample.mindrecord'
    broken = tmp_path / source.name
    broken.write_bytes(source.read_bytes()[:kept])
    (tmp_path / f'{source.name}.db').write_bytes((source.parent / f'{source.name}.db').read_bytes())
    with pytest.raises(DataError, match=r'sample\.mindrecord'):
        packed_pairs(str(broken))


@pytest.mark.parametrize('world', [1, 3])
def test_block_shuffle_gives_each_sample_once_a_pass(monkeypatch, world):
    size, passes, drawn = 50, 6, Counter()
    for rank in range(world):
        monkeypatch.setattr(
            'mmseg_deeplab.engine.block_shuffle.get_dist_info', lambda rank=rank: (rank, world)
        )
        sampler = BlockShuffleSampler(range(size), seed=1, block=5, window=2)
        drawn.update(islice(iter(sampler), size * passes // world))
    # 10 blocks a pass in turn to the processes: 60 blocks, 20 to each of three
    assert set(drawn.values()) == {passes} and len(drawn) == size


def test_block_shuffle_reads_neighbours():
    order = list(islice(iter(BlockShuffleSampler(range(64), block=8, window=2)), 64))
    assert order != sorted(order)
    for start in range(0, 64, 16):
        assert len({place // 8 for place in order[start : start + 16]}) == 2
    with pytest.raises(ConfigError, match='0 samples'):
        BlockShuffleSampler([])
