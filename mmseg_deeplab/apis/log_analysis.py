"""Curves and time statistics from the logs of runs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import write_bytes
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.visualization import SegLocalVisualizer, has_display
from mmseg_deeplab.visualization.log_curves import (
    RunSummary,
    curve,
    curve_names,
    draw_curves,
    summarize,
)
from mmseg_deeplab.visualization.run_logs import read_log


def analyze_logs(
    logs: Sequence[str | PathLike],
    keys: Sequence[str] = ('mIoU',),
    *,
    out: str | PathLike | None = None,
    show: bool = False,
    title: str | None = None,
    legend: Sequence[str] | None = None,
    style: str = 'dark',
) -> list[RunSummary]:
    """Draw curves of runs into one picture and sum each run up.

    Args:
        logs: ``log.jsonl``, MMSegmentation's ``vis_data/scalars.json`` (1.x) or ``.log.json``
            (0.x), or work folders that hold one.
        keys: What to draw: scores of the validations, or ``loss``, ``lr``, ``time`` and all
            else that training logs.
        out: The picture, ``.png``, ``.svg`` or ``.pdf``; None writes none.
        show: Open it in a window; without a display this is left out, with a warning.
        title: Above the curves.
        legend: A name for each curve: for each log in turn one for each key.
        style: ``'dark'``, ``'darkgrid'``, ``'white'``, ``'whitegrid'`` or ``'ticks'``.

    Returns:
        A summary of each run.

    Raises:
        DataError: A log is missing or broken, or has no such key.
        ConfigError: The number of names in ``legend``, the style or the format is wrong.
    """
    wanted = len(logs) * len(keys)
    if legend is not None and len(legend) != wanted:
        raise ConfigError(
            f'legend must name every curve ({len(logs)} logs x {len(keys)} keys = {wanted}), '
            f'got {len(legend)} names'
        )
    labels = legend or [f'{log}_{key}' for log in logs for key in keys]
    runs = [read_log(log) for log in logs]
    if show and not has_display():
        get_logger().warning('there is no display, so no curves are drawn; give --out FILE.png')
        show = False
    if out is not None or show:
        for log, events in zip(logs, runs, strict=True):
            _require(keys, events, log)
        curves = [
            (key, [(labels[run * len(keys) + k], curve(events, key))
                   for run, events in enumerate(runs)])
            for k, key in enumerate(keys)
        ]  # fmt: skip
        if out is not None:
            kind = Path(out).suffix.removeprefix('.').lower()
            write_bytes(out, draw_curves(curves, title=title, style=style, file_format=kind))
        if show:
            _show(draw_curves(curves, title=title, style=style))
    return [summarize(events, str(log)) for log, events in zip(logs, runs, strict=True)]


def _require(keys: Sequence[str], events: list[dict], log: str | PathLike) -> None:
    for key in keys:
        if not curve(events, key):
            known = curve_names(events)
            near = nearest_names(key, known)
            hint = f'did you mean {" or ".join(near)}?' if near else f'it has {", ".join(known)}'
            raise DataError(f'{log}: the log has no {key!r}; {hint}')


def _show(png: bytes) -> None:
    import cv2

    picture = cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR)
    SegLocalVisualizer().show(picture[:, :, ::-1], win_name='logs')
