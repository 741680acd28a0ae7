"""A packed store of pixels behind a data set: the same samples, made whole or not at all."""

from __future__ import annotations

import json
import os

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis.packing import pack_dataset, pack_list
from mmseg_deeplab.cli import main
from mmseg_deeplab.datasets import BaseSegDataset, read_image
from mmseg_deeplab.datasets.packed import mapped
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(64, 64), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(24, 24), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]


@pytest.fixture
def root(tmp_path):
    random = np.random.default_rng(0)
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
    for number, size in enumerate([(40, 56), (33, 35), (64, 64)]):
        image = random.integers(0, 256, (*size, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f'images/{number}.png'), image)
        label = random.integers(0, 4, size).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f'labels/{number}.png'), label)
    lines = [f'images/{number}.png labels/{number}.png' for number in range(3)]
    (tmp_path / 'list.txt').write_text('\n'.join(lines))
    return tmp_path


def settings(root, ann_file=''):
    return dict(
        type='BaseSegDataset',
        ann_file=str(ann_file),
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=('a', 'b', 'c', 'd')),
        pipeline=PIPELINE,
    )


def dataset(*arguments):
    options = settings(*arguments)
    del options['type']
    return BaseSegDataset(**options)


@pytest.mark.parametrize('codec', ['raw', 'zlib'])
def test_the_same_samples(root, codec):
    target = root / 'store' / 'tiny'
    words = ['--data_lst', str(root / 'list.txt'), '--data_root', str(root)]
    words += ['--dst_path', str(target), '--num_shards', '2', '--shuffle', 'False']
    assert main(['pack', *words, '--pixels', codec]) == 0
    index = target.with_name('tiny.shards.json')
    files, store = dataset(root), dataset(root, index)
    for number in range(3):
        for seed in range(4):
            pair = []
            for each in (files, store):
                np.random.seed(seed)
                pair.append(each[number])
            assert np.array_equal(*(sample['inputs'].numpy() for sample in pair))
            labels = [sample['data_samples'].gt_sem_seg.data.numpy() for sample in pair]
            assert np.array_equal(*labels)
        assert files.get_cat_ids(number) == store.get_cat_ids(number)
    assert main(['pack', '--verify', str(index)]) == 0


def test_of_a_config(root):
    config = dict(train_dataloader=dict(dataset=settings(root)))
    index = pack_dataset(config, root / 'all', num_shards=9, codec='raw')
    assert sorted(path.name for path in root.glob('all*')) == [
        'all.shards.json', 'all0.tar', 'all1.tar', 'all2.tar'
    ]  # fmt: skip
    assert len(dataset(root, index)) == 3
    with pytest.raises(ConfigError, match='phase must be'):
        pack_dataset(config, root / 'all', phase='training')
    bare = settings(root)
    bare['data_prefix'] = dict(img_path='images')
    with pytest.raises(ConfigError, match='no labels'):
        pack_dataset(dict(train_dataloader=dict(dataset=bare)), root / 'bare')


def test_changed_sources_and_damage_are_named(root, capsys):
    index = pack_list(root / 'list.txt', root / 's', data_root=root, num_shards=1, pixels=True,
                      codec='raw', shuffle=False)  # fmt: skip
    cv2.imwrite(str(root / 'images/1.png'), np.zeros((33, 35, 3), np.uint8))
    (root / 'labels/2.png').unlink()  # the store does not need it
    capsys.readouterr()
    assert main(['pack', '--verify', str(index)]) == 1
    out = capsys.readouterr().out
    assert '3 samples are whole' in out and out.count('has changed') == 1 and '1.png' in out
    record = dataset(root, index).get_data_info(2)
    with open(root / 's0.tar', 'r+b') as file:
        file.seek(int(record['img_path'].split('#')[1].split('+')[0]) + 5000)
        file.write(b'\xff\x00\xff')
    with pytest.raises(DataError, match=r's0\.tar#.*2\.img: the picture is damaged'):
        read_image(record['img_path'])
    assert main(['pack', '--verify', str(index)]) != 0
    os.truncate(root / 's0.tar', 3000)
    with pytest.raises(DataError, match='2.img: the shard ends before it does'):
        read_image(record['img_path'])
    with pytest.raises(DataError, match='s0.tar: 3000 of'):
        dataset(root, index)


def test_a_store_is_made_whole_or_not_at_all(root):
    np.save(root / 'images/deep.npy', np.zeros((8, 8, 3), np.uint16))
    with open(root / 'list.txt', 'a') as file:
        file.write('\nimages/deep.npy labels/0.png')
    with pytest.raises(DataError, match='deep.npy: has uint16 pixels'):
        pack_list(root / 'list.txt', root / 'new/s', data_root=root, num_shards=2, pixels=True,
                  codec='raw', shuffle=False)  # fmt: skip
    assert list((root / 'new').iterdir()) == []


def test_what_verify_refuses(root, tmp_path):
    index = pack_list(root / 'list.txt', root / 's', data_root=root, num_shards=1)
    assert 'sources' not in json.loads(index.read_text())
    with pytest.raises(DataError, match='no index of a store of pixels'):
        from mmseg_deeplab.apis.packing import verify_pack

        verify_pack(index)
    with pytest.raises(DatasetNotFoundError, match='no such shard'), mapped(str(tmp_path / 'no')):
        pass
    (tmp_path / 'empty').touch()
    with pytest.raises(DataError, match='ends before'), mapped(str(tmp_path / 'empty')):
        pass
