"""The table of MindCV's DeepLabs from the checkpoints of its two training steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from mmseg_deeplab.apis.run_config import ConfigLike
from mmseg_deeplab.apis.testing import test
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.checkpoint import existing_file
from mmseg_deeplab.utils.files import write_text

SCALES = (0.5, 0.75, 1.0, 1.25, 1.75)
CONFIG = 'deeplabv3_s16_dilated_resnet101'


class TableRow(NamedTuple):
    """A line of the table.

    Attributes:
        trained_at: Output strides of the training steps.
        tested_at: Output stride of the test.
        several_scales: Whether it is at :data:`SCALES`.
        flip: Whether it looks at the mirror image too.
    """

    trained_at: tuple[int, ...]
    tested_at: int
    several_scales: bool
    flip: bool


ROWS = (
    TableRow((16,), 16, False, False),
    TableRow((16, 8), 16, False, False),
    TableRow((16, 8), 8, False, False),
    TableRow((16, 8), 8, True, False),
    TableRow((16, 8), 8, True, True),
)
# mIoU in percent of each row that MindCV reports for ResNet-101
PUBLISHED = {
    'DeepLabV3Head': (78.20, 77.33, 79.16, 79.93, 80.14),
    'DeepLabV3PlusHead': (78.99, None, 80.31, 80.99, 81.10),
}
_HEADINGS = ('Train OS', 'Infer OS', 'MS', 'FLIP', 'mIoU', 'published')


def test_table(
    s16: str | PathLike,
    s8: str | PathLike,
    *,
    config: ConfigLike = CONFIG,
    scales: Sequence[float] = SCALES,
    work_dir: str | PathLike = 'work_dirs/test_table',
    device: str | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    launcher: str | None = None,
) -> str:
    """Test both checkpoints in all five ways.

    Args:
        s16: Checkpoint of the first step.
        s8: Checkpoint of the second step.
        config: Of either step; the output stride is set for each row.
        scales: Of the rows with several scales.
        work_dir: Folder for each row's log and scores, ``table.md`` and ``table.json``.
        device: As for :func:`test`.
        cfg_options: As for :func:`test`.
        data_root: As for :func:`test`.
        launcher: As for :func:`test`.

    Returns:
        The table in Markdown.

    Raises:
        SegError: The config, the data or a checkpoint is at fault.
    """
    for checkpoint in (s16, s8):  # the second is tested only after a long while
        existing_file(checkpoint)
    cells, scores = [], []
    for row, published in zip(ROWS, _published(config), strict=True):
        name = 'trained_' + '_'.join(f's{stride}' for stride in row.trained_at)
        found = test(
            config,
            s8 if 8 in row.trained_at else s16,
            scales=scales if row.several_scales else None,
            flip=row.flip,
            output_stride=row.tested_at,
            work_dir=Path(work_dir) / name,
            device=device,
            cfg_options=cfg_options,
            data_root=data_root,
            launcher=launcher,
        )
        scores.append({**row._asdict(), 'mIoU': found['mIoU'], 'published': published})
        cells.append(
            (
                ', '.join(map(str, row.trained_at)),
                str(row.tested_at),
                'yes' if row.several_scales else '',
                'yes' if row.flip else '',
                f'{found["mIoU"]:.2f}',
                '-' if published is None else f'{published:.2f}',
            )
        )
    lines = [_HEADINGS, ('---',) * len(_HEADINGS), *cells]
    table = ''.join(f'| {" | ".join(line)} |\n' for line in lines)
    write_text(Path(work_dir) / 'table.md', table)
    write_text(Path(work_dir) / 'table.json', json.dumps(scores, indent=2) + '\n')
    return table


def _published(config: ConfigLike) -> tuple[float | None, ...]:
    model = load_config(config).model
    known = model.backbone.get('depth') == 101
    return PUBLISHED.get(model.decode_head.type if known else '', (None,) * len(ROWS))
