"""Resize, crop, flip, rotate and pad against slicing, NumPy and the rule written out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_deeplab.datasets.transforms import (
    Pad,
    RandomChoiceResize,
    RandomCrop,
    RandomFlip,
    RandomResize,
    RandomRotate,
    RandomRotate90,
    Resize,
)
from mmseg_deeplab.utils.errors import ConfigError

KINDS = [('uint8', 3), ('uint8', 1), ('uint16', 5), ('int16', 2), ('float32', 9)]


def sample(height=20, width=30, dtype='uint8', bands=3, classes=4):
    rng = np.random.default_rng(0)
    img = rng.integers(0, 200, (height, width, bands)).astype(dtype)
    label = rng.integers(0, classes, (height, width), dtype=np.uint8)
    return dict(img=img, gt_seg_map=label, seg_fields=['gt_seg_map'], img_shape=(height, width))


@pytest.mark.parametrize(
    ('size', 'options', 'expected', 'factor'),
    [
        ((1024, 1024), dict(scale=(2048, 512), keep_ratio=True), (512, 512), (0.5, 0.5)),
        ((30, 20), dict(scale=(20, 60), keep_ratio=True), (30, 20), (1.0, 1.0)),
        ((30, 20), dict(scale=(45, 15), keep_ratio=True), (23, 15), (23 / 30, 0.75)),  # half up
        ((30, 20), dict(scale=(7, 11)), (7, 11), (7 / 30, 11 / 20)),
        ((30, 20), dict(scale=8), (8, 8), (8 / 30, 8 / 20)),
        ((5, 3), dict(scale_factor=0.5, keep_ratio=True), (3, 2), (3 / 5, 2 / 3)),
        ((30, 20), dict(scale_factor=(2.0, 0.5)), (60, 10), (2.0, 0.5)),
        ((2, 900), dict(scale=(9, 9), keep_ratio=True), (1, 9), (0.5, 0.01)),  # never 0
    ],
)
def test_resize_sizes(size, options, expected, factor):
    result = Resize(**options)(sample(size[1], size[0]))
    assert result['img'].shape == (expected[1], expected[0], 3)
    assert result['gt_seg_map'].shape == result['img_shape'] == (expected[1], expected[0])
    assert result['scale_factor'] == pytest.approx(factor)
    assert result['keep_ratio'] is options.get('keep_ratio', False)


@pytest.mark.parametrize(('dtype', 'bands'), KINDS)
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area', 'lanczos'])
def test_resize_treats_every_band_alone(dtype, bands, interpolation):
    before = sample(dtype=dtype, bands=bands)
    code = getattr(cv2, {'bilinear': 'INTER_LINEAR', 'bicubic': 'INTER_CUBIC',
                         'lanczos': 'INTER_LANCZOS4'}.get(
                             interpolation, f'INTER_{interpolation.upper()}'))  # fmt: skip
    alone = [cv2.resize(before['img'][:, :, b], (13, 17), interpolation=code)
             for b in range(bands)]  # fmt: skip
    label = cv2.resize(before['gt_seg_map'], (13, 17), interpolation=cv2.INTER_NEAREST)
    result = Resize(scale=(13, 17), interpolation=interpolation)(before)
    assert result['img'].dtype == np.dtype(dtype)
    rounding = 1 if np.dtype(dtype).kind in 'iu' else 1e-3  # of OpenCV's code for one band
    np.testing.assert_allclose(result['img'], np.stack(alone, axis=-1), rtol=0, atol=rounding)
    np.testing.assert_array_equal(result['gt_seg_map'], label)


def test_random_resize_draws_one_ratio():
    for seed in range(20):
        rng = np.random.RandomState(seed)
        ratio = rng.random_sample() * 1.5 + 0.5
        np.random.seed(seed)
        result = RandomResize(scale=(40, 25), ratio_range=(0.5, 2.0), keep_ratio=True)(sample())
        assert result['scale'] == (int(40 * ratio), int(25 * ratio))
        assert np.random.rand() == rng.rand()  # nothing else was drawn


def test_random_resize_between_two_scales():
    rng = np.random.RandomState(3)
    expected = (rng.randint(10, 21), rng.randint(5, 31))
    np.random.seed(3)
    result = RandomResize(scale=[(20, 5), (10, 30)])(sample())
    assert result['scale'] == expected and result['img_shape'] == expected[::-1]


def test_random_choice_resize():
    found = set()
    for seed in range(20):
        expected = np.random.RandomState(seed).randint(3)
        np.random.seed(seed)
        result = RandomChoiceResize(scales=[(9, 8), 7, (5, 6)])(sample())
        assert result['scale_idx'] == expected
        found.add(result['img_shape'])
    assert found == {(8, 9), (7, 7), (6, 5)}
    assert RandomChoiceResize(scales=(9, 8))(sample())['img_shape'] == (8, 9)


@pytest.mark.parametrize(('dtype', 'bands'), KINDS)
def test_crop_is_a_slice(dtype, bands):
    for seed in range(10):
        before = sample(dtype=dtype, bands=bands)
        rng = np.random.RandomState(seed)
        y, x = rng.randint(0, 20 - 7 + 1), rng.randint(0, 30 - 11 + 1)
        np.random.seed(seed)
        result = RandomCrop(crop_size=(7, 11))(dict(before))
        np.testing.assert_array_equal(result['img'], before['img'][y : y + 7, x : x + 11])
        expected = before['gt_seg_map'][y : y + 7, x : x + 11]
        np.testing.assert_array_equal(result['gt_seg_map'], expected)
        assert result['img_shape'] == (7, 11)


def test_crop_of_a_smaller_image_keeps_it():
    result = RandomCrop(crop_size=(25, 10))(sample())
    assert result['img'].shape == (20, 10, 3)
    whole = RandomCrop(crop_size=64)(sample(1, 1))
    assert whole['img'].shape == (1, 1, 3)


def crop_by_the_book(label, size, ratio, rng):
    """The spec's words: up to 10 tries, and the 11th box untested."""

    def draw():
        return [rng.randint(0, max(full - part, 0) + 1)
                for full, part in zip(label.shape, size, strict=True)]  # fmt: skip

    y, x = draw()
    for _ in range(10):
        values, counts = np.unique(label[y : y + size[0], x : x + size[1]], return_counts=True)
        counts = counts[values != 255]
        if len(counts) > 1 and counts.max() / counts.sum() < ratio:
            break
        y, x = draw()
    return y, x


@pytest.mark.parametrize('ratio', [0.3, 0.75, 0.999])
def test_crop_with_cat_max_ratio(ratio):
    for seed in range(30):
        before = sample(40, 40)
        before['gt_seg_map'][:, :24] = 1
        before['gt_seg_map'][:24] = 255
        y, x = crop_by_the_book(
            before['gt_seg_map'], (9, 13), ratio, rng := np.random.RandomState(seed)
        )
        np.random.seed(seed)
        result = RandomCrop(crop_size=(9, 13), cat_max_ratio=ratio)(dict(before))
        np.testing.assert_array_equal(result['img'], before['img'][y : y + 9, x : x + 13])
        assert np.random.rand() == rng.rand()


def test_crop_where_all_is_ignored():
    before = sample()
    before['gt_seg_map'][:] = 255
    result = RandomCrop(crop_size=8, cat_max_ratio=0.75)(before)
    assert result['gt_seg_map'].shape == (8, 8)


@pytest.mark.parametrize(('dtype', 'bands'), KINDS)
@pytest.mark.parametrize(
    ('direction', 'slices'),
    [
        ('horizontal', np.s_[:, ::-1]),
        ('vertical', np.s_[::-1]),
        ('diagonal', np.s_[::-1, ::-1]),
    ],
)
def test_flips(dtype, bands, direction, slices):
    before = sample(dtype=dtype, bands=bands)
    result = RandomFlip(prob=1.0, direction=direction)(dict(before))
    np.testing.assert_array_equal(result['img'], before['img'][slices])
    np.testing.assert_array_equal(result['gt_seg_map'], before['gt_seg_map'][slices])
    assert result['flip'] is True and result['flip_direction'] == direction
    kept = RandomFlip(prob=0, direction=direction)(dict(before))
    np.testing.assert_array_equal(kept['img'], before['img'])
    assert kept['flip'] is False and kept['flip_direction'] is None


def test_flip_probabilities():
    flip = RandomFlip(prob=[0.2, 0.5], direction=['horizontal', 'vertical'])
    drawn = [flip(sample(2, 2))['flip_direction'] for _ in range(2000)]
    assert drawn.count('horizontal') == pytest.approx(400, abs=80)
    assert drawn.count('vertical') == pytest.approx(1000, abs=100)
    shared = RandomFlip(prob=0.5, direction=['horizontal', 'diagonal'])
    drawn = [shared(sample(2, 2))['flip_direction'] for _ in range(2000)]
    assert drawn.count(None) == pytest.approx(1000, abs=100)
    assert drawn.count('diagonal') == pytest.approx(500, abs=90)


def test_flip_may_swap_labels():
    before = sample()
    result = RandomFlip(prob=1.0, swap_seg_labels=[(1, 2)])(dict(before))
    mirrored = before['gt_seg_map'][:, ::-1].astype(int)
    expected = np.select([mirrored == 1, mirrored == 2], [2, 1], mirrored)
    np.testing.assert_array_equal(result['gt_seg_map'], expected)


@pytest.mark.parametrize(('dtype', 'bands'), KINDS)
def test_quarter_turns_are_exact_and_drawn_for_each_sample(dtype, bands):
    turn, seen = RandomRotate90(), set()
    for seed in range(25):
        before = sample(dtype=dtype, bands=bands)
        rng = np.random.RandomState(seed)
        rng.rand()
        quarters = rng.randint(4)
        np.random.seed(seed)
        result = turn(dict(before))
        np.testing.assert_array_equal(result['img'], np.rot90(before['img'], quarters))
        expected = np.rot90(before['gt_seg_map'], quarters)
        np.testing.assert_array_equal(result['gt_seg_map'], expected)
        assert result['img_shape'] == result['img'].shape[:2]
        seen.add(quarters)
    assert seen == {0, 1, 2, 3}
    np.testing.assert_array_equal(RandomRotate90(prob=0.0)(sample())['img'], sample()['img'])


@pytest.mark.parametrize(('dtype', 'bands'), KINDS)
def test_rotation_by_a_quarter_equals_numpy(dtype, bands):
    before = sample(21, 21, dtype=dtype, bands=bands)  # a square has its middle on a pixel
    result = RandomRotate(prob=1.0, degree=(90.0, 90.0))(dict(before))
    np.testing.assert_allclose(result['img'], np.rot90(before['img'], -1), atol=1e-3)
    np.testing.assert_array_equal(result['gt_seg_map'], np.rot90(before['gt_seg_map'], -1))


def test_rotation_fills_what_comes_from_outside():
    for bands in (1, 3, 6):
        result = RandomRotate(prob=1.0, degree=(45, 45), pad_val=77)(sample(bands=bands))
        assert (result['img'][0, 0] == 77).all() and result['gt_seg_map'][0, 0] == 255
    bound = RandomRotate(prob=1.0, degree=(90, 90), auto_bound=True)(sample())
    assert bound['img'].shape[:2] == bound['gt_seg_map'].shape == bound['img_shape'] == (30, 20)


def test_rotation_draws_even_when_it_does_nothing():
    rng = np.random.RandomState(1)
    rng.rand(), rng.uniform(-5, 5)
    np.random.seed(1)
    np.testing.assert_array_equal(RandomRotate(prob=0, degree=5)(sample())['img'], sample()['img'])
    assert np.random.rand() == rng.rand()


@pytest.mark.parametrize(
    ('options', 'shape'),
    [
        (dict(size=(40, 25)), (25, 40)),
        (dict(size=(10, 25)), (25, 30)),  # never cuts
        (dict(size_divisor=16), (32, 32)),
        (dict(pad_to_square=True), (30, 30)),
        (dict(pad_to_square=True, size_divisor=32), (32, 32)),
    ],
)
def test_pad(options, shape):
    before = sample()
    result = Pad(pad_val=dict(img=9), **options)(dict(before))
    assert result['img'].shape == (*shape, 3) and result['pad_shape'] == shape
    np.testing.assert_array_equal(result['img'][:20, :30], before['img'])
    assert (result['img'][20:] == 9).all() and (result['img'][:, 30:] == 9).all()
    assert (result['gt_seg_map'][20:] == 255).all() and result['img_shape'] == shape
    edge = Pad(padding_mode='edge', **options)(dict(before))
    np.testing.assert_array_equal(edge['img'][:20, -1], edge['img'][:20, 29])


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: Resize(), 'needs scale or scale_factor'),
        (lambda: Resize(scale=(1, 2, 3)), 'scale must be one or two positive'),
        (lambda: Resize(scale=4, interpolation='linear'), "got 'linear'"),
        (lambda: RandomResize(scale=(4, 4)), 'ratio_range must be'),
        (lambda: RandomResize(scale=(4, 4), ratio_range=(2.0, 1.0)), 'low <= high'),
        (lambda: RandomChoiceResize(scales=[]), 'must not be empty'),
        (lambda: RandomCrop(crop_size=(0, 4)), 'crop_size must be'),
        (lambda: RandomCrop(4, cat_max_ratio=0.5)(dict(img=np.zeros((9, 9, 3)))), 'needs a label'),
        (lambda: RandomFlip(prob=1.5), 'prob must be a number 0 to 1'),
        (lambda: RandomFlip(), 'prob must be'),
        (lambda: RandomFlip(prob=[0.5], direction=['horizontal', 'vertical']), 'prob must be'),
        (lambda: RandomFlip(prob=0.5, direction='sideways'), "got 'sideways'"),
        (lambda: RandomRotate(prob=2, degree=5), 'prob must be 0 to 1, got 2'),
        (lambda: RandomRotate(1.0, 5, center=(1, 1), auto_bound=True), 'center or auto_bound'),
        (lambda: RandomRotate90(prob=-1), 'prob must be 0 to 1, got -1'),
        (lambda: Pad(), 'exactly one of size'),
        (lambda: Pad(size=(4, 4), size_divisor=2), 'exactly one of size'),
        (lambda: Pad(size=(4, 4), padding_mode='wrap'), "got 'wrap'"),
        (lambda: Pad(size=(4, 4), pad_val=dict(mask=1)), r"got \['mask'\]"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
