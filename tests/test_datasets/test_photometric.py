"""PhotoMetricDistortion against the steps written out, draw by draw."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmseg_deeplab.datasets.transforms import PhotoMetricDistortion
from mmseg_deeplab.utils.errors import ConfigError

IMAGE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def rounded_down(values):
    return np.clip(values, 0, 255).astype(np.uint8)


def by_the_book(img, rng, delta=32, contrast=(0.5, 1.5), saturation=(0.5, 1.5), hue=18):
    steps = []
    if rng.randint(2):
        img = rounded_down(img.astype(np.float32) + rng.uniform(-delta, delta))
        steps.append('brightness')
    first = rng.randint(2)

    def change_contrast(img):
        if rng.randint(2):
            steps.append('contrast')
            return rounded_down(img.astype(np.float32) * rng.uniform(*contrast))
        return img

    if first == 1:
        img = change_contrast(img)
    if rng.randint(2):
        hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV)
        hsv[:, :, 1] = rounded_down(hsv[:, :, 1].astype(np.float32) * rng.uniform(*saturation))
        img = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
        steps.append('saturation')
    if rng.randint(2):
        hsv = cv2.cvtColor(img, cv2.COLOR_BGR2HSV)
        hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + rng.randint(-hue, hue)) % 180
        img = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
        steps.append('hue')
    if first == 0:
        img = change_contrast(img)
    return img, tuple(steps)


def test_equals_the_steps_written_out():
    orders = set()
    for seed in range(150):
        expected, steps = by_the_book(IMAGE, rng := np.random.RandomState(seed))
        np.random.seed(seed)
        result = PhotoMetricDistortion()(dict(img=IMAGE))['img']
        np.testing.assert_array_equal(result, expected)
        assert result.dtype == np.uint8 and np.random.rand() == rng.rand()
        orders.add(steps)
    full = {order for order in orders if len(order) == 4}
    assert full == {
        ('brightness', 'contrast', 'saturation', 'hue'),
        ('brightness', 'saturation', 'hue', 'contrast'),
    }
    assert () in orders


def test_other_amounts_and_strided_images():
    options = dict(
        brightness_delta=90, contrast_range=(0.1, 3.0), saturation_range=(0, 2), hue_delta=5
    )
    view = IMAGE[::-1, 2:9]
    for seed in range(40):
        expected, _ = by_the_book(view, np.random.RandomState(seed), 90, (0.1, 3.0), (0, 2), 5)
        np.random.seed(seed)
        result = PhotoMetricDistortion(**options)(dict(img=view))['img']
        np.testing.assert_array_equal(result, expected)


def test_the_loaded_image_is_not_changed():
    before = IMAGE.copy()
    for _ in range(20):
        PhotoMetricDistortion()(dict(img=IMAGE))
    np.testing.assert_array_equal(IMAGE, before)


@pytest.mark.parametrize('img', [IMAGE[:, :, :1], IMAGE.astype(np.uint16), np.zeros((4, 4, 5))])
def test_other_images_are_refused(img):
    with pytest.raises(ConfigError, match=r'three bands of uint8 .* a\.tif\); leave it out'):
        PhotoMetricDistortion()(dict(img=img, img_path=' a.tif'))
