"""PackSegInputs, TestTimeAug, whole pipelines, and the keys that docstrings promise."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
import tifffile
import torch

from mmseg_deeplab.datasets import transforms
from mmseg_deeplab.datasets.transforms import PackSegInputs, TestTimeAug
from mmseg_deeplab.registry import DATASETS, TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError, DataError

from ..tiny_dataset import class_map, make_loveda_like, write_png

TRAIN = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(64, 64), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]


@pytest.mark.parametrize(
    ('stored', 'packed'),
    [('uint8', torch.uint8), ('uint16', torch.int32), ('int16', torch.float32),
     ('float32', torch.float32), ('float64', torch.float32), ('bool', torch.uint8)],
)  # fmt: skip
@pytest.mark.parametrize('bands', [None, 1, 3, 5])
def test_pack(stored, packed, bands):
    shape = (4, 6) if bands is None else (4, 6, bands)
    img = np.random.default_rng(0).integers(0, 2**15, shape).astype(stored)
    inputs = PackSegInputs()(dict(img=img))['inputs']
    assert inputs.dtype == packed and inputs.shape == (bands or 1, 4, 6)
    assert inputs.is_contiguous()
    expected = np.moveaxis(img.reshape(4, 6, -1), -1, 0).astype(np.float64)
    np.testing.assert_array_equal(inputs.double().numpy(), expected)


def test_pack_samples():
    label = np.array([[0, 255, 3]], dtype=np.uint8)
    valid = np.array([[True, False, True]])
    sample = PackSegInputs()(
        dict(img=np.zeros((1, 3, 3), dtype=np.uint8), gt_seg_map=label, valid_mask=valid,
             img_path='a.png', ori_shape=(1, 3), flip=False, group='urban', num_classes=7)
    )['data_samples']  # fmt: skip
    assert sample.gt_sem_seg.data.dtype == torch.int64
    assert sample.gt_sem_seg.data.tolist() == [[[0, 255, 3]]]
    assert sample.valid_mask.data.tolist() == [[[True, False, True]]]
    assert sample.metainfo == dict(img_path='a.png', ori_shape=(1, 3), flip=False, group='urban')
    only = PackSegInputs(meta_keys=('img_path',))(dict(img_path='a.png'))
    assert set(only) == {'data_samples'} and 'gt_sem_seg' not in only['data_samples']


def test_packed_image_does_not_hold_the_whole_tile():
    img = np.zeros((400, 400, 3), dtype=np.uint8)[:8, :8]
    assert PackSegInputs()(dict(img=img))['inputs'].untyped_storage().nbytes() == 8 * 8 * 3


def test_tta_views_in_order(tmp_path):
    root = make_loveda_like(tmp_path, 1, 0, size=32)
    ratios = [0.5, 1.0, 1.75]
    alternatives = [
        [dict(type='Resize', scale_factor=ratio, keep_ratio=True) for ratio in ratios],
        [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
        [dict(type='LoadAnnotations')],
        [dict(type='PackSegInputs')],
    ]
    before = copy.deepcopy(alternatives)
    dataset = DATASETS.build(
        dict(
            type='LoveDADataset',
            data_root=str(root),
            data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
            pipeline=[dict(type='LoadImageFromFile'),
                      dict(type='TestTimeAug', transforms=alternatives)],
        )
    )  # fmt: skip
    assert alternatives == before
    views = dataset[0]
    assert [tuple(view.shape[1:]) for view in views['inputs']] == [
        (16, 16), (16, 16), (32, 32), (32, 32), (56, 56), (56, 56)
    ]  # fmt: skip
    assert [sample.flip for sample in views['data_samples']] == [False, True] * 3
    for plain, flipped in zip(views['inputs'][::2], views['inputs'][1::2], strict=True):
        assert torch.equal(plain.flip(-1), flipped)
    expected = torch.from_numpy(class_map(32, 7, seed=0)).long()
    expected[:4, :4] = 255
    for sample in views['data_samples']:  # the label is neither resized nor flipped
        assert torch.equal(sample.gt_sem_seg.data[0], expected)


def test_tta_refuses_what_gives_no_view():
    with pytest.raises(ConfigError, match='gave no sample'):
        TestTimeAug([[lambda results: None]])({})
    with pytest.raises(ConfigError, match='list of lists'):
        TestTimeAug([dict(type='PackSegInputs')])


def five_bands(root, kind):
    bands = np.random.default_rng(0).integers(1, 10000, (40, 48, 5), dtype=np.uint16)
    bands[:10, :20] = 0
    (root / 'img').mkdir()
    if kind == 'tif':
        tifffile.imwrite(
            root / 'img' / 'a.tif', bands, photometric='minisblack', planarconfig='contig'
        )
    else:
        np.save(root / 'img' / 'a.npy', bands)
    write_png(root / 'ann' / 'a.png', np.full((40, 48), 1, dtype=np.uint8))
    return dict(
        type='BaseSegDataset',
        metainfo=dict(classes=('land', 'water')),
        data_root=str(root),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
        img_suffix=f'.{kind}',
    )


@pytest.mark.parametrize('kind', ['tif', 'npy'])
def test_five_bands_of_sixteen_bits_by_config(tmp_path, kind):
    pipeline = [
        dict(type='LoadImageFromFile', nodata=0),
        dict(type='LoadAnnotations'),
        dict(type='RandomResize', scale=(48, 48), ratio_range=(0.5, 2.0), keep_ratio=True),
        dict(type='RandomRotate', prob=1.0, degree=10),
        dict(type='RandomCrop', crop_size=(32, 32)),
        dict(type='RandomFlip', prob=[0.3, 0.3], direction=['horizontal', 'diagonal']),
        dict(type='RandomRotate90'),
        dict(type='Pad', size=(64, 64)),
        dict(type='PackSegInputs'),
    ]
    dataset = DATASETS.build(dict(pipeline=pipeline, **five_bands(tmp_path, kind)))
    sample = dataset[0]
    assert sample['inputs'].shape == (5, 64, 64) and sample['inputs'].dtype == torch.int32
    assert sample['data_samples'].valid_mask.data.shape == (1, 40, 48)
    assert int((~sample['data_samples'].valid_mask.data).sum()) == 200
    assert set(sample['data_samples'].gt_sem_seg.data.unique().tolist()) <= {1, 255}


def test_transforms_inside_mmcv_wrappers_are_ours():
    resize = dict(type='Resize', scale=(8, 8))
    dataset = DATASETS.build(
        dict(
            type='BaseSegDataset',
            lazy_init=True,
            pipeline=[dict(type='RandomChoice', transforms=[[resize]]),
                      dict(type='TestTimeAug', transforms=[[resize]])],
        )
    )  # fmt: skip
    choice, views = dataset.pipeline.transforms
    for inner in (choice.transforms[0], views.subroutines[0]):
        assert isinstance(inner.transforms[0], transforms.Resize)


def test_a_workers_error_names_the_file(tmp_path):
    root = make_loveda_like(tmp_path, 2, 0, size=16)
    path = root / 'img_dir' / 'train' / '1.png'
    path.write_bytes(path.read_bytes()[:-9])
    dataset = DATASETS.build(
        dict(
            type='LoveDADataset',
            data_root=str(root),
            data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
            pipeline=[dict(type='LoadImageFromFile'), dict(type='PackSegInputs')],
        )
    )
    loader = torch.utils.data.DataLoader(dataset, num_workers=1, collate_fn=list)
    with pytest.raises(DataError, match=r'1\.png: the file is truncated'):
        list(loader)


def test_same_seed_same_sample(tmp_path):
    root = make_loveda_like(tmp_path, 1, 0)
    dataset = DATASETS.build(
        dict(
            type='LoveDADataset',
            data_root=str(root),
            data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
            pipeline=TRAIN,
        )
    )
    samples = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        samples.append(dataset[0]['inputs'])
    assert torch.equal(samples[0], samples[1])
    assert samples[0].shape != samples[2].shape or not torch.equal(samples[0], samples[2])


class Watched(dict):
    """Remembers which keys a transform sets."""

    def __setitem__(self, key, value):
        self.__dict__.setdefault('written', set()).add(key)
        super().__setitem__(key, value)


def promised(cls, part):
    """The keys that a docstring lists under a heading."""
    block = re.search(rf'{part} keys[^:]*:\n((?: +-? .*\n)+)', cls.__doc__)
    return set(re.findall(r'- ``(\w+)``', block.group(1))) if block else set()


OPTIONS = {
    'RandomChoiceResize': dict(scales=[(20, 20)]),
    'RandomCrop': dict(crop_size=8, cat_max_ratio=0.9),
    'RandomFlip': dict(prob=1.0),
    'RandomResize': dict(scale=(20, 20), ratio_range=(1.0, 2.0)),
    'RandomRotate': dict(prob=1.0, degree=9),
    'Resize': dict(scale=(20, 20)),
    'Pad': dict(size=(50, 50)),
    'RandomCutOut': dict(prob=1.0, n_holes=1, cutout_shape=(4, 4), seg_fill_in=1),
    'Normalize': dict(mean=(100.0, 110.0, 120.0), std=(50.0, 55.0, 60.0)),
    'ResizeLongerSide': dict(base_size=20),
    'ResizeShortestEdge': dict(scale=20, max_size=40),
}


# their keys are those of the transforms inside, or of other samples
WRAPPERS = {'TestTimeAug', 'InferencerLoader', 'RandomMosaic'}


@pytest.mark.parametrize('name', sorted({*transforms.__all__} - WRAPPERS))
def test_docstrings_promise_the_keys_that_are_touched(tmp_path, name):
    np.random.seed(2)  # one with which RandomRotate90 turns
    cls = TRANSFORMS.get(name)
    make_loveda_like(tmp_path, 1, 0, size=32)
    record = dict(
        img_path=str(tmp_path / 'img_dir/train/0.png'),
        seg_map_path=str(tmp_path / 'ann_dir/train/0.png'),
        reduce_zero_label=True,
        seg_fields=[],
    )
    results = Watched(record)
    if not name.startswith('LoadImage'):
        for earlier in ('LoadImageFromFile', 'LoadAnnotations'):
            if earlier != name:
                results = TRANSFORMS.build(dict(type=earlier))(results)
    if name == 'LoadImageFromNDArray':
        results = Watched(img=np.eye(4, dtype=np.uint8))
        OPTIONS[name] = dict(nodata=0)
    required = promised(cls, 'Required')
    optional = {'label_map', 'num_classes', 'color_table', 'ignore_index', 'valid_mask',
                'other_seg_map_paths', 'gt_seg_map_NAME'}  # fmt: skip
    assert required <= {*results} | optional
    before = set(results)
    results.__dict__['written'] = set()
    after = TRANSFORMS.build(dict(type=name, **OPTIONS.get(name, {})))(results)
    added, modified = promised(cls, 'Added'), promised(cls, 'Modified')
    if name == 'PackSegInputs':
        assert set(after) == added
        return
    written = results.__dict__['written']
    assert written - before <= added <= (written - before) | before | optional
    assert (written & before) - added <= modified
    assert modified - {'seg_fields'} <= written | {'img'}
