"""The less common transforms give MMSegmentation's images, labels and draws.

The figures were made with MMSegmentation 1.2.2: transform, seed, size of the image, its mean, its
mean weighted from 0 (first value) to 1 (last), the mean label, and the next number of NumPy's
generator.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_deeplab.datasets import MultiImageMixDataset
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

HOLES = dict(type='RandomCutOut', prob=0.7, n_holes=(1, 5), cutout_shape=[(4, 5), (9, 2)])
SHARES = dict(type='RandomCutOut', prob=0.7, n_holes=3, cutout_ratio=(0.2, 0.4), fill_in=(1, 2, 3))
MOSAIC = dict(type='RandomMosaic', prob=0.8, img_scale=(40, 30), center_ratio_range=(0.7, 1.2))
STRETCH = dict(type='Rerange', min_value=-1, max_value=2.5)
TILES = dict(type='CLAHE', clip_limit=2.0, tile_grid_size=(3, 5))
ONE_BAND = dict(type='RGB2Gray', out_channels=1, weights=(0.2, 0.3, 0.5))
SEVENS = dict(type='ResizeToMultiple', size_divisor=7, interpolation='nearest')
SHORTER = dict(type='ResizeShortestEdge', scale=40, max_size=64)
LONGER = dict(type='ResizeShortestEdge', scale=(30, 50), max_size=33)
SMALL = dict(type='RandomMosaic', prob=0.8, img_scale=(20, 24))
SIXTEENS = dict(type='ResizeToMultiple', size_divisor=16)
GOLDEN = [
    (dict(type='Rerange'), 4, (42, 48), 127.4494, 63.6358, 3.0942, 0.967030),
    (STRETCH, 4, (42, 48), 0.7493, 0.3734, 3.0942, 0.96703),
    (dict(type='CLAHE'), 4, (42, 48), 129.8337, 64.9751, 3.0942, 0.967030),
    (TILES, 4, (42, 48), 132.3912, 66.5397, 3.0942, 0.967030),
    (dict(type='AdjustGamma', gamma=1.7), 4, (42, 48), 159.5035, 79.7034, 3.0942, 0.967030),
    (dict(type='RGB2Gray'), 4, (42, 48), 126.9541, 63.1790, 3.0942, 0.967030),
    (ONE_BAND, 4, (42, 48), 125.8599, 62.8863, 3.0942, 0.967030),
    (dict(HOLES, seg_fill_in=255), 0, (45, 39), 124.7594, 63.1990, 5.5573, 0.423655),
    (dict(HOLES, seg_fill_in=255), 3, (44, 23), 122.3501, 61.7072, 10.4071, 0.018748),
    (SHARES, 0, (45, 39), 104.6211, 52.2734, 2.9761, 0.645894),
    (SIXTEENS, 4, (48, 48), 125.8857, 62.8630, 3.0920, 0.967030),
    (SEVENS, 4, (42, 49), 126.2015, 63.0243, 3.0914, 0.967030),
    (SHORTER, 4, (40, 46), 125.8404, 62.8337, 3.0962, 0.967030),
    (LONGER, 4, (29, 33), 125.6447, 62.6969, 3.0825, 0.967030),
    (dict(type='SegRescale', scale_factor=0.5), 4, (42, 48), 125.9512, 62.8898, 3.1746, 0.967030),
    (SMALL, 0, (40, 48), 90.5372, 49.5854, 73.8964, 0.544883),
    (dict(MOSAIC, pad_val=9), 0, (80, 60), 101.7661, 48.2630, 55.4115, 0.544883),
    (dict(MOSAIC, pad_val=9), 3, (80, 60), 90.0958, 40.7574, 80.7304, 0.510828),
    (dict(type='RandomRotFlip'), 0, (45, 39), 125.9056, 63.2935, 2.9761, 0.602763),
    (dict(type='RandomRotFlip'), 3, (44, 23), 126.1327, 62.9356, 2.9219, 0.290905),
]  # fmt: skip


def sample(rng):
    height, width = rng.integers(21, 50, 2)
    return dict(
        img=rng.integers(3, 250, (height, width, 3), dtype=np.uint8),
        gt_seg_map=rng.integers(0, 7, (height, width), dtype=np.uint8),
        seg_fields=['gt_seg_map'],
        img_shape=(height, width),
        ori_shape=(height, width),
    )


@pytest.mark.parametrize(
    ('shape', 'lengths', 'peer', 'detectron2'),
    [
        ((51, 300), (13, 60), (10, 59), (10, 60)),
        ((224, 20), (166, 292), (291, 26), (292, 26)),
        ((296, 124), (164, 304), (303, 127), (304, 127)),
    ],
)
def test_shortest_edge_rounds_as_the_system_that_is_followed(shape, lengths, peer, detectron2):
    for backend, wanted in (('cv2', peer), ('pillow', detectron2)):
        config = dict(
            type='ResizeShortestEdge', scale=lengths[0], max_size=lengths[1], backend=backend
        )
        results = TRANSFORMS.build(config)({'img': np.zeros((*shape, 3), np.uint8)})
        assert results['img'].shape[:2] == wanted


@pytest.mark.parametrize(
    'case', GOLDEN, ids=[f'{k}-{case[0]["type"]}' for k, case in enumerate(GOLDEN)]
)
def test_images_labels_and_draws_are_the_peers(case):
    config, seed, size, mean, weighted, label, draw = case
    rng = np.random.default_rng(seed)
    results = sample(rng)
    if config['type'] == 'RandomMosaic':
        results['mix_results'] = [sample(rng) for _ in range(3)]
    before = results['img'].copy()
    given = results['img']
    np.random.seed(seed)
    results = TRANSFORMS.build(dict(config))(results)
    img = results['img'].astype(np.float64)
    places = np.linspace(0, 1, img.size).reshape(img.shape)
    found = [img.mean(), (img * places).mean(), results['gt_seg_map'].mean(), np.random.rand()]
    assert results['img_shape'] == results['img'].shape[:2] == size
    assert found == pytest.approx([mean, weighted, label, draw], abs=6e-5)
    assert np.array_equal(given, before), 'the image that was given has been changed'


def test_rotated_labels_keep_their_classes():
    """Differs from MMSegmentation, which interpolates them."""
    np.random.seed(1)
    turn = TRANSFORMS.build(dict(type='RandomRotFlip', rotate_prob=1, degree=(30, 30)))
    label = np.kron(np.eye(4, dtype=np.uint8) * 6, np.ones((8, 8), dtype=np.uint8))
    results = turn(dict(img=np.zeros((32, 32, 3), np.uint8), gt_seg_map=label,
                        seg_fields=['gt_seg_map']))  # fmt: skip
    assert set(np.unique(results['gt_seg_map'])) == {0, 6, 255}


def test_raster_is_read_in_stored_order(tmp_path):
    bgr = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), bgr)
    load = TRANSFORMS.build(dict(type='LoadSingleRSImageFromFile'))
    results = load(dict(img_path=str(tmp_path / 'a.png')))
    assert results['img'].dtype == np.float32
    assert np.array_equal(results['img'], bgr[:, :, ::-1])
    np.save(tmp_path / 'b.npy', np.arange(60, dtype=np.uint16).reshape(3, 4, 5))
    load = TRANSFORMS.build(dict(type='LoadSingleRSImageFromFile', to_float32=False))
    results = load(dict(img_path=str(tmp_path / 'b.npy')))
    assert results['img'].dtype == np.uint16 and results['img_shape'] == results['img'].shape[:2]


class Numbers:
    """A data set whose images are filled with their index."""

    metainfo = {'classes': ('a', 'b')}

    def full_init(self):
        pass

    def __len__(self):
        return 4

    def __getitem__(self, index):
        img = np.full((8, 8, 3), index, dtype=np.uint8)
        return dict(img=img, gt_seg_map=img[:, :, 0] % 2, seg_fields=['gt_seg_map'])


def test_mix_dataset_fetches_the_images_that_a_transform_asks_for():
    pipeline = [dict(type='RandomMosaic', prob=1, img_scale=(8, 8), center_ratio_range=(1, 1))]
    mixed = MultiImageMixDataset(Numbers(), pipeline)
    np.random.seed(0)
    others = [int(np.random.randint(0, 4)) for _ in range(3)]
    np.random.seed(0)
    results = mixed[2]
    corners = results['img'][[0, 0, 15, 15], [0, 15, 0, 15], 0].tolist()
    assert corners == [2, *others] and 'mix_results' not in results
    assert np.array_equal(results['gt_seg_map'], results['img'][:, :, 0] % 2)
    assert len(mixed) == 4 and mixed.metainfo == Numbers.metainfo
    mixed.update_skip_type_keys(['RandomMosaic'])
    assert mixed[2]['img'].shape == (8, 8, 3)
    with pytest.raises(ConfigError, match='list of names'):
        mixed.update_skip_type_keys('RandomMosaic')


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (dict(type='Rerange', min_value=3, max_value=3), 'min_value must be below'),
        (dict(type='CLAHE', tile_grid_size=(1, 2, 3)), 'two whole numbers'),
        (dict(type='CLAHE', clip_limit=None), 'clip_limit must be a number'),
        (dict(type='AdjustGamma', gamma='1'), 'must be a number above 0'),
        (dict(type='RGB2Gray', out_channels=-1), 'at least 1'),
        (dict(type='RandomCutOut', prob=0.5, n_holes=1), 'got neither'),
        (dict(HOLES, cutout_ratio=(1, 1)), 'got both'),
        (dict(HOLES, seg_fill_in=256), '0 to 255'),
        (dict(HOLES, n_holes=(3, 1)), 'n_holes'),
        (dict(type='RandomMosaic', prob=2), '0 to 1'),
        (dict(type='RandomMosaic', prob=1, img_scale=64), 'height, width'),
        (dict(type='ResizeToMultiple', size_divisor=0), 'at least 1'),
        (dict(type='ResizeShortestEdge', scale=0, max_size=5), 'at least 1'),
        (dict(type='SegRescale', scale_factor=0), 'above 0'),
        (dict(type='RandomRotFlip', degree=-3), 'degree must be'),
    ],
)
def test_wrong_arguments_are_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        TRANSFORMS.build(config)
    with pytest.raises(AssertionError):  # what MMSegmentation raises
        TRANSFORMS.build(config)


def test_wrong_images_are_refused():
    for kind in ('CLAHE', 'AdjustGamma'):
        with pytest.raises(ConfigError, match=f'{kind} needs an image of uint8, got float32'):
            TRANSFORMS.build(dict(type=kind))(dict(img=np.zeros((4, 4, 3), np.float32)))
    with pytest.raises(ConfigError, match='RGB2Gray has 3 weights'):
        TRANSFORMS.build(dict(type='RGB2Gray'))(dict(img=np.zeros((4, 4, 5), np.uint8)))
    with pytest.raises(ConfigError, match='MultiImageMixDataset around'):
        TRANSFORMS.build(dict(type='RandomMosaic', prob=1))(sample(np.random.default_rng(0)))
