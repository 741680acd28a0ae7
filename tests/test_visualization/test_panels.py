"""Pictures: colours at known pixels, sizes, and odd inputs."""

from __future__ import annotations

import numpy as np
import pytest

from mmseg_deeplab.visualization import (
    colorize,
    comparison,
    legend,
    name_regions,
    overlay,
    panel,
    to_display,
)

NAMES = ('field', 'road', 'water')
PALETTE = ((10, 200, 30), (255, 255, 255), (0, 0, 255))


def test_colours_and_ignored_pixels():
    ids = np.array([[0, 1], [2, 255]], dtype=np.uint8)
    assert colorize(ids, PALETTE).tolist() == [[[10, 200, 30], [255] * 3], [[0, 0, 255], [0] * 3]]
    assert colorize(np.array([[-1, 3]]), PALETTE).tolist() == [[[0] * 3, [0] * 3]]
    black_class = ((0, 0, 0), (9, 9, 9))
    assert colorize(np.array([[0, 255]]), black_class).tolist() == [[[0] * 3, [128] * 3]]


def test_overlay_mixes_and_leaves_ignored_pixels():
    image = np.full((1, 3, 3), 100, dtype=np.uint8)
    ids = np.array([[0, 2, 255]])
    mixed = overlay(image, ids, PALETTE, opacity=0.5)
    assert mixed.tolist() == [[[55, 150, 65], [50, 50, 178], [100, 100, 100]]]
    assert np.array_equal(overlay(image, ids, PALETTE, opacity=0), image)
    with pytest.raises(ValueError, match='opacity must be 0 to 1, got 2'):
        overlay(image, ids, PALETTE, opacity=2)
    with pytest.raises(ValueError, match='one size'):
        overlay(image, ids.T, PALETTE)


def test_views_and_flips_of_arrays_are_fine():
    """OpenCV refuses arrays whose memory is not in order; users have such arrays."""
    image = np.zeros((40, 30, 3), dtype=np.uint8).transpose(1, 0, 2)[::-1]
    ids = np.zeros((30, 40), dtype=np.int64)[:, ::-1]
    drawn = name_regions(overlay(image, ids, PALETTE), ids, NAMES, PALETTE)
    assert drawn.shape == (30, 40, 3)
    assert panel([('a', image)]).dtype == np.uint8


def test_display_of_any_bands_and_depth():
    bgr = np.zeros((2, 2, 3), dtype=np.uint8)
    bgr[..., 0] = 255  # blue
    assert to_display(bgr)[0, 0].tolist() == [0, 0, 255]
    assert to_display(bgr, bgr=False)[0, 0].tolist() == [255, 0, 0]
    assert np.array_equal(to_display(bgr.astype(np.float32)), to_display(bgr))
    assert to_display(bgr[:, :, 0]).shape == (2, 2, 3)
    assert to_display(bgr[:, :, :2]).shape == (2, 2, 3)
    five = np.linspace(0, 60000, 20 * 20 * 5).reshape(20, 20, 5).astype(np.uint16)
    shown = to_display(five)
    assert shown.dtype == np.uint8 and shown.min() == 0 and shown.max() == 255
    holes = five.astype(np.float32)
    holes[0, 0] = np.nan
    assert to_display(holes)[0, 0].tolist() == [0, 0, 0]
    assert to_display(np.full((3, 3, 4), np.nan, dtype=np.float32)).max() == 0
    assert to_display(np.full((3, 3, 4), 7, dtype=np.uint16)).shape == (3, 3, 3)


def test_legend_breaks_into_lines_and_shows_each_colour():
    wide, narrow = legend(NAMES, PALETTE, 600), legend(NAMES, PALETTE, 100)
    assert wide.shape == (26, 600, 3) and narrow.shape == (78, 100, 3)
    for colour in PALETTE:
        assert (wide == colour).all(axis=2).any()


def test_panel_enlarges_small_pictures_without_smoothing_and_reduces_large_ones():
    small = np.zeros((32, 16, 3), dtype=np.uint8)
    small[:, :8] = (200, 10, 10)
    page = panel([('a', small), ('b', small)])
    assert page.shape == (26 + 256 + 8, 2 * 128 + 3 * 8, 3)
    assert page[100, 20].tolist() == [200, 10, 10] and page[100, 120].tolist() == [0, 0, 0]
    assert panel([('a', np.zeros((1000, 2000, 3), dtype=np.uint8))]).shape[1] == 768 + 16
    with pytest.raises(ValueError, match='one size'):
        panel([('a', small), ('b', small[:3])])


def test_comparison_names_ignored_pixels_only_where_there_are_some():
    image, ids = np.zeros((300, 300, 3), dtype=np.uint8), np.zeros((300, 300), dtype=np.int64)
    label = ids.copy()
    with_both = comparison(image, ids, label, class_names=NAMES, palette=PALETTE)
    without = comparison(image, ids, class_names=NAMES, palette=PALETTE)
    label[:5] = 255
    ignored = comparison(image, ids, label, class_names=NAMES, palette=PALETTE)
    assert with_both.shape[1] == 3 * 300 + 4 * 8 and without.shape[1] == 2 * 300 + 3 * 8
    assert ignored.shape == with_both.shape and not np.array_equal(ignored[-26:], with_both[-26:])


def test_names_are_written_inside_their_regions():
    ids = np.zeros((80, 120), dtype=np.int64)
    ids[:, 60:] = 2
    ids[:4, :4] = 255
    blank = np.full((80, 120, 3), 77, dtype=np.uint8)
    drawn = name_regions(blank, ids, NAMES, PALETTE)
    changed = (drawn != 77).any(axis=2)
    assert changed[:, :60].any() and changed[:, 60:].any()
    assert (blank == 77).all()
    tiny = name_regions(np.zeros((1, 1, 3), dtype=np.uint8), np.zeros((1, 1), int), NAMES, PALETTE)
    assert tiny.shape == (1, 1, 3)
