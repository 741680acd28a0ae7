"""Drawn scenes: the same for a seed, labelled exactly, and no colour-picking exercise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_deeplab.datasets.synthetic import draw_scene
from mmseg_deeplab.datasets.synthetic.noise import scattered_distance, smooth_noise
from mmseg_deeplab.datasets.synthetic.sunlight import cast_shadow

from .colour_classifier import best_mean_iou

SIZE = 160  # the demo's
LIMIT = 0.35


def as_train_ids(scene):
    image, label = scene
    return image, label - np.uint8(1)  # 0, no data, becomes 255


@pytest.fixture(scope='module')
def scenes():
    """Training and held-out scenes, with train ids."""
    return {
        split: [as_train_ids(draw_scene([7, number, index], SIZE)) for index in range(count)]
        for number, (split, count) in enumerate(dict(train=40, val=12).items())
    }


def test_same_seed_same_scene():
    first, again, other = draw_scene([3, 1], 64), draw_scene([3, 1], 64), draw_scene([3, 2], 64)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert (first[0] != other[0]).mean() > 0.5


def test_a_scene_leaves_the_global_generator_alone():
    state = np.random.get_state()[1].copy()
    draw_scene(0, 48)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize('size', [32, 75, 160])
def test_layout_of_a_scene(size):
    image, label = draw_scene(5, size)
    assert image.shape == (size, size, 3) and image.dtype == np.uint8
    assert label.shape == (size, size) and label.dtype == np.uint8
    assert set(np.unique(label)) <= set(range(8))
    assert image.flags.c_contiguous and label.flags.c_contiguous


def test_too_small_a_scene_is_refused():
    with pytest.raises(ValueError, match='at least 32 pixels, got 31'):
        draw_scene(0, 31)


def test_no_data_is_black_and_only_there(scenes):
    blank = [(image, ids == 255) for image, ids in scenes['train'] if (ids == 255).any()]
    assert 3 <= len(blank) <= 20  # about a quarter of 40
    for image, missing in blank:
        assert not image[missing].any()
        assert (image[~missing] == 0).all(axis=1).mean() < 0.01
        # one piece with a straight edge: convex up to pixel steps
        contours = cv2.findContours(missing.astype(np.uint8), cv2.RETR_EXTERNAL, 2)[0]
        assert len(contours) == 1
        lost = cv2.contourArea(cv2.convexHull(contours[0])) - cv2.contourArea(contours[0])
        assert lost <= 1.5 * SIZE


@pytest.mark.parametrize('split', ['train', 'val'])
def test_every_class_has_its_share(scenes, split):
    ids = np.concatenate([ids.ravel() for _, ids in scenes[split]])
    share = np.bincount(ids[ids != 255], minlength=7) / (ids != 255).sum()
    assert share.min() > 0.05 and share.max() < 0.35, share


def test_light_and_colour_vary_between_scenes(scenes):
    means = np.stack([image[ids != 255].mean(axis=0) for image, ids in scenes['train']])
    assert means.mean(axis=1).std() > 12  # brightness
    assert (means[:, 2] / means[:, 0]).std() > 0.12  # red to blue


def test_labels_lie_on_the_picture(scenes):
    """Edges in the picture are where labels change: shifting the labels loses them."""

    def edge_strength(shift: int) -> float:
        found = []
        for image, ids in scenes['val']:
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
            step = np.abs(np.diff(grey, axis=1))
            border = (np.diff(ids.astype(int), axis=1) != 0) & (ids != 255)[:, 1:]
            border &= (ids != 255)[:, :-1]
            found.append(step[np.roll(border, shift, axis=1)].mean())
        return float(np.mean(found))

    right = max(edge_strength(shift) for shift in (-1, 0, 1))
    assert right > 1.3 * max(edge_strength(shift) for shift in (-6, 6))


@pytest.mark.parametrize('level', [False, True], ids=['as it is', 'without colour cast'])
def test_colour_alone_does_not_tell_the_classes(scenes, level):
    found = best_mean_iou(scenes['train'], scenes['val'], 7, level=level)
    assert 1 / 7 < found < LIMIT, found


@pytest.mark.slow
@pytest.mark.parametrize('level', [False, True], ids=['as it is', 'without colour cast'])
def test_colour_alone_fails_on_the_demo_itself(level):
    """The very scenes that `make demo` draws."""
    train = [as_train_ids(draw_scene([0, 0, index], SIZE)) for index in range(120)]
    held_out = [as_train_ids(draw_scene([0, 1, index], SIZE)) for index in range(20)]
    assert best_mean_iou(train, held_out, 7, level=level) < LIMIT


def test_the_colour_classifier_is_a_strong_one():
    """Where colour does tell the classes it is all but perfect, so the limit means something."""
    from tests.tiny_dataset import class_map, picture_of

    maps = [class_map(64, 7, seed) for seed in range(8)]
    scenes = [(picture_of(ids, seed), ids) for seed, ids in enumerate(maps)]
    assert best_mean_iou(scenes[:4], scenes[4:], 7) > 0.97
    # and with two classes of one colour it still finds the better answer for the others
    mixed = [(picture_of(np.where(ids == 6, 0, ids), 9), ids) for ids in maps]
    assert 5 / 7 - 0.03 < best_mean_iou(mixed[:4], mixed[4:], 7) < 6 / 7


def test_shadow_by_hand():
    """A wall of 3 m, light that falls 1 m per pixel: three pixels of shadow behind it."""
    height = np.zeros((5, 12), np.float32)
    height[:, 3] = 3.2
    shadow = cast_shadow(height, np.array([1.0, 0.0]), fall=1.0, reach=6)
    expected = [0, 0, 0, 0, 1, 1, 0.5, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(shadow[2], expected, atol=1e-5)


def test_distance_to_scattered_points_by_brute_force():
    distance, index = scattered_distance(np.random.default_rng(0), 40, 9.0)
    y, x = np.nonzero(distance == 0)
    grid = np.mgrid[:40, :40]
    true = np.sqrt((grid[0][..., None] - y) ** 2 + (grid[1][..., None] - x) ** 2).min(axis=-1)
    np.testing.assert_allclose(distance, true, atol=0.35)  # OpenCV's 5x5 mask is approximate
    assert len(np.unique(index)) == len(y) == 25


def test_noise_is_standardised():
    field = smooth_noise(np.random.default_rng(0), 50, 8.0, octaves=3)
    assert field.shape == (50, 50) and field.dtype == np.float32
    assert abs(field.mean()) < 1e-4 and abs(field.std() - 1) < 1e-3
