"""Sliding prediction against a plain per-pixel average, on sizes that do not fit."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from mmseg_deeplab.inference import (
    AverageSink,
    ClassMap,
    LogitMap,
    PredictionCancelled,
    TensorSource,
    TorchPredictor,
    Window,
    grid_windows,
    predict_windows,
    slide_logits,
)
from mmseg_deeplab.utils.errors import ConfigError

CASES = [  # (N, H, W, crop, stride)
    (1, 7, 9, (4, 4), (3, 3)),
    (2, 7, 9, (3, 5), (2, 4)),
    (1, 5, 6, (8, 8), (5, 5)),  # crop larger than the image
    (1, 5, 20, (8, 8), (5, 5)),  # crop larger on one axis
    (1, 8, 12, (4, 4), (4, 4)),  # stride == crop, fits
    (1, 9, 11, (4, 4), (4, 4)),  # stride == crop, does not fit
    (2, 6, 5, (3, 2), (1, 1)),
    (1, 1, 1, (1, 1), (1, 1)),
]


def place_dependent(batch):
    """Logits that depend on the place in the window, so that a wrong average shows."""
    _, _, height, width = batch.shape
    rows = torch.arange(height).view(-1, 1) * 0.1
    columns = torch.arange(width).view(1, -1) * 0.01
    total = batch.sum(dim=1)
    return torch.stack([total + rows, total * columns, total.flip(-1)], dim=1)


def brute_force(images, predictor, crop, stride):
    """Every window by the published formula, every pixel's predictions collected in a list."""
    count, _, height, width = images.shape
    rows = max(height - crop[0] + stride[0] - 1, 0) // stride[0] + 1
    columns = max(width - crop[1] + stride[1] - 1, 0) // stride[1] + 1
    seen = [[[[] for _ in range(width)] for _ in range(height)] for _ in range(count)]
    for row in range(rows):
        for column in range(columns):
            y1 = min(row * stride[0] + crop[0], height)
            x1 = min(column * stride[1] + crop[1], width)
            y0, x0 = max(y1 - crop[0], 0), max(x1 - crop[1], 0)
            logits = predictor(images[:, :, y0:y1, x0:x1])
            for n in range(count):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        seen[n][y][x].append(logits[n, :, y - y0, x - x0])
    out = torch.empty(count, 3, height, width)
    for n in range(count):
        for y in range(height):
            for x in range(width):
                out[n, :, y, x] = torch.stack(seen[n][y][x]).double().mean(dim=0)
    return out


@pytest.mark.parametrize('batch_size', [1, 2, 5, 100])
@pytest.mark.parametrize('images, height, width, crop, stride', CASES)
def test_slide_logits_is_the_per_pixel_mean(images, height, width, crop, stride, batch_size):
    pixels = torch.randn(images, 2, height, width)
    got = slide_logits(pixels, place_dependent, crop, stride, batch_size=batch_size)
    wanted = brute_force(pixels, place_dependent, crop, stride)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-6)


def test_sum_over_count_bit_for_bit():
    """Adding into a band rounds as adding whole padded maps does."""
    pixels = torch.randn(1, 2, 23, 31)
    summed, count = torch.zeros(1, 3, 23, 31), torch.zeros(1, 1, 23, 31)
    for window in grid_windows(23, 31, (8, 8), (3, 5)):
        y0, y1, x0, x1 = window
        summed[:, :, y0:y1, x0:x1] += place_dependent(pixels[:, :, y0:y1, x0:x1])
        count[:, :, y0:y1, x0:x1] += 1
    assert torch.equal(slide_logits(pixels, place_dependent, (8, 8), (3, 5)), summed / count)


def test_windows_by_hand():
    assert grid_windows(5, 7, (4, 4), (3, 3)) == [
        Window(0, 4, 0, 4),
        Window(0, 4, 3, 7),
        Window(1, 5, 0, 4),
        Window(1, 5, 3, 7),
    ]
    assert grid_windows(3, 3, (10, 10), (10, 10)) == [Window(0, 3, 0, 3)]


@pytest.mark.parametrize('crop', [1, 3, 8])
@pytest.mark.parametrize('stride', [1, 2, 3, 8])
@pytest.mark.parametrize('size', [1, 2, 7, 8, 9, 17])
def test_window_count_formula_and_cover(size, crop, stride):
    if stride > crop:
        return
    windows = grid_windows(size, 1, (crop, 1), (stride, 1))
    assert len(windows) == max(math.ceil((size - crop) / stride), 0) + 1
    assert {y for window in windows for y in range(window.y0, window.y1)} == set(range(size))
    assert {window.height for window in windows} == {min(crop, size)}


@pytest.mark.parametrize(
    'crop, stride, named',
    [
        ((4, 4), (5, 4), 'stride'),
        ((4, 4), (4, 5), 'stride'),
        ((4, 4), (0, 4), 'stride'),
        ((4, 0), (1, 1), 'crop_size'),
        ((4.0, 4), (1, 1), 'crop_size'),
        (4, (1, 1), 'crop_size'),
    ],
)
def test_windows_that_leave_holes_are_refused(crop, stride, named):
    with pytest.raises(ConfigError, match=f'^{named} must'):
        grid_windows(10, 10, crop, stride)


def test_class_map_equals_argmax_of_logit_map():
    pixels = torch.randn(2, 2, 13, 17)
    logits, ids = LogitMap(13), ClassMap(13)

    def both(y0, rows):
        logits(y0, rows)
        ids(y0, rows)

    sink = AverageSink(3, 13, 17, on_rows=both)
    windows = grid_windows(13, 17, (5, 6), (3, 4))
    predict_windows(TensorSource(pixels), windows, place_dependent, sink, batch_size=3)
    assert ids.ids.dtype == torch.uint8
    assert torch.equal(ids.ids.long(), logits.logits.argmax(dim=1))


def test_one_channel_class_map_uses_the_threshold():
    ids = ClassMap(1, threshold=0.3)
    ids(0, torch.tensor([[[[-3.0, -0.8, 0.0, 3.0]]]]))
    assert ids.ids.tolist() == [[[0, 1, 1, 1]]]


def test_rows_come_once_from_top_to_bottom_and_the_band_stays_small():
    height, seen, bands = 40, [], []
    sink = AverageSink(3, height, 10, on_rows=lambda y0, rows: seen.append((y0, rows.shape[2])))

    class Watched:
        def add(self, window, logits):
            sink.add(window, logits)
            bands.append(sink._sum.shape[2])

        finish = sink.finish

    source = TensorSource(torch.randn(1, 2, height, 10))
    predict_windows(source, grid_windows(height, 10, (8, 8), (5, 5)), place_dependent, Watched())
    assert set(bands) == {8}
    ends = [y0 + rows for y0, rows in seen]
    assert [y0 for y0, _ in seen] == [0, *ends[:-1]] and ends[-1] == height


def test_windows_of_unequal_size_share_no_batch():
    calls = []

    def predictor(batch):
        calls.append(tuple(batch.shape))
        return place_dependent(batch)

    whole = LogitMap(4)
    windows = [Window(0, 2, 0, 4), Window(2, 4, 0, 2), Window(2, 4, 2, 4)]
    source = TensorSource(torch.randn(2, 2, 4, 4))
    sink = AverageSink(None, 4, 4, on_rows=whole)
    predict_windows(source, windows, predictor, sink, batch_size=8)
    assert calls == [(2, 2, 2, 4), (4, 2, 2, 2)]


def test_progress_and_cancel():
    steps = []
    source = TensorSource(torch.randn(1, 2, 8, 8))
    windows = grid_windows(8, 8, (4, 4), (2, 2))
    sink = AverageSink(3, 8, 8, on_rows=lambda y0, rows: None)
    with pytest.raises(PredictionCancelled, match='after 4 of 9 windows'):
        predict_windows(
            source,
            windows,
            place_dependent,
            sink,
            batch_size=2,
            on_progress=lambda done, total: steps.append((done, total)),
            cancelled=lambda: len(steps) == 2,
        )
    assert steps == [(2, 9), (4, 9)]


def test_sink_refuses_holes_disorder_and_wrong_sizes():
    sink = AverageSink(1, 4, 4, on_rows=lambda y0, rows: None)
    sink.add(Window(0, 2, 0, 4), torch.zeros(1, 1, 2, 4))
    with pytest.raises(ValueError, match='size of its input'):
        sink.add(Window(2, 4, 0, 4), torch.zeros(1, 1, 1, 1))
    sink.add(Window(2, 4, 0, 3), torch.zeros(1, 1, 2, 3))
    with pytest.raises(ValueError, match='top to bottom'):
        sink.add(Window(0, 2, 0, 4), torch.zeros(1, 1, 2, 4))
    with pytest.raises(ValueError, match='rows 2 to 3 are not all covered'):
        sink.finish()
    with pytest.raises(ValueError, match='batch_size'):
        predict_windows(TensorSource(torch.zeros(1, 1, 1, 1)), [], None, None, batch_size=0)


def test_torch_predictor_keeps_no_graph_and_gives_float32():
    network = nn.Conv2d(2, 3, 1)
    for dtype in (None, torch.bfloat16):
        logits = TorchPredictor(network, 'cpu', dtype=dtype)(torch.randn(1, 2, 5, 5))
        assert logits.dtype == torch.float32 and not logits.requires_grad
        logits += 1
