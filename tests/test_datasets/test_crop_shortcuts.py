"""RandomCrop counts less than it could, and chooses the same box from the same draws."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.datasets.transforms import RandomCrop


@pytest.mark.parametrize('ignore_index', [255, 0, 2])
def test_the_box_is_the_one_that_full_counts_choose(ignore_index):
    """The shortcuts of RandomCrop refuse a part only where counting all values would."""
    for seed in range(60):
        random = np.random.default_rng(seed)
        size = (int(random.integers(6, 30)), int(random.integers(6, 30)))
        label = np.where(random.random(size) < random.random() * 0.6, 1, 0).astype(np.uint8)
        label[random.random(size) < 0.1] = random.choice([2, 255])
        label[: size[0] // 2] += seed % 2
        crop = RandomCrop((8, 10), cat_max_ratio=0.75, ignore_index=ignore_index)
        np.random.seed(seed)
        box = crop.crop_bbox({'img': label, 'gt_seg_map': label})
        state = np.random.random()
        np.random.seed(seed)
        for _ in range(11):
            wanted = crop._draw_any_box(size)
            values, counts = np.unique(crop.crop(label, wanted), return_counts=True)
            counts = counts[values != ignore_index]
            if len(counts) > 1 and counts.max() / counts.sum() < 0.75:
                break
        assert (box, state) == (wanted, np.random.random())
