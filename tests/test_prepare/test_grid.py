"""Where tiles are cut, against the original's formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.make_archives import POTSDAM_SIDE, VAIHINGEN_SIZES
from mmseg_deeplab.datasets.prepare import isaid, potsdam, vaihingen
from mmseg_deeplab.datasets.prepare.grid import padded, starts, windows
from mmseg_deeplab.datasets.prepare.isprs_tiles import Grid
from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError


def starts_of_the_original(length: int, clip: int, stride: int) -> set[int]:
    """Potsdam's and Vaihingen's: the number of positions by stride, their places by clip."""
    last = math.ceil((length - clip) / stride)
    last += last * stride + clip < length
    return {min(k * clip, length - clip) for k in range(last + 1)}


@pytest.mark.parametrize('length', [512, 513, 700, 1023, 1024, 1025, 1388, 2555, 6000])
def test_default_grid_is_the_one_that_the_original_cuts(length):
    assert set(starts(length, 512, 512)) == starts_of_the_original(length, 512, 256)


@pytest.mark.parametrize('length', [896, 897, 1000, 1407, 1408, 1409, 4000])
def test_isaid_grid_is_the_one_of_the_original(length):
    wanted = {min(start, length - 896) for start in range(0, length, 512)}
    assert starts(length, 896, 512) == sorted(wanted)


@pytest.mark.parametrize('step', [1, 3, 7])
def test_every_pixel_is_covered_and_no_window_sticks_out(step):
    for length in range(1, 40):
        found = starts(length, 7, step)
        covered = {pixel for start in found for pixel in range(start, start + 7)}
        assert found == sorted(set(found)) and found[0] == 0
        assert covered >= set(range(length)) and max(covered) < max(length, 7)


def test_windows_are_height_before_width():
    assert windows(5, 9, (4, 6), (2, 3)) == [
        (0, 4, 0, 6), (0, 4, 3, 9), (1, 5, 0, 6), (1, 5, 3, 9),
    ]  # fmt: skip


def test_documented_counts():
    grid = Grid.from_arguments(512, None)
    each = len(grid.windows(POTSDAM_SIDE, POTSDAM_SIDE))
    assert {s: each * len(t) for s, t in potsdam.SPLITS.items()} == potsdam.DOCUMENTED
    sizes = {f'area{number}': size[::-1] for number, size in VAIHINGEN_SIZES.items()}
    found = {
        split: sum(len(grid.windows(*sizes[tile])) for tile in tiles)
        for split, tiles in vaihingen.SPLITS.items()
    }
    assert found == vaihingen.DOCUMENTED == {'train': 344, 'val': 398}


def test_a_given_stride_is_honoured():
    assert len(Grid.from_arguments(512, 256).windows(6000, 6000)) == 23 * 23


def test_padding_is_at_the_bottom_and_on_the_right():
    ids = np.ones((2, 3), dtype=np.uint8)
    assert padded(ids, (3, 4), 255).tolist() == [[1, 1, 1, 255], [1, 1, 1, 255], [255] * 4]
    assert padded(ids[..., None], (2, 4), 0)[..., 0].tolist() == [[1, 1, 1, 0]] * 2
    assert padded(ids, (1, 1), 255) is ids


@pytest.mark.parametrize('numbers', [(0, None), (512, 0), (-1, 5)])
def test_odd_sizes_of_crops_are_refused(numbers):
    with pytest.raises(ConfigError, match='1 or more'):
        Grid.from_arguments(*numbers)


@pytest.mark.parametrize('number', ['x', 2.0, True])
def test_sizes_that_are_no_whole_numbers_are_refused(number, tmp_path):
    for name, module in (('stride_size', potsdam), ('clip_size', vaihingen)):
        with pytest.raises(ConfigTypeError, match=f'{name} must be a whole number, got {number!r}'):
            module.plan(tmp_path, **{name: number})
    with pytest.raises(ConfigTypeError, match='overlap_area must be a whole number'):
        isaid.plan(tmp_path, overlap_area=number)


def test_overlap_must_be_smaller_than_the_patch(tmp_path):
    with pytest.raises(ConfigError, match='overlap_area leaves a step of 0'):
        isaid.plan(tmp_path, patch_width=384)
