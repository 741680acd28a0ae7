"""The table of docs/parity.md."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import NamedTuple

import torch

from mmseg_deeplab.utils.cores import processor

BOUNDS = {'float64': 1e-9, 'float32': 1e-4}


class Row(NamedTuple):
    """One figure or two.

    Attributes:
        group: ``'models'``, ``'losses'``, ...
        title: What was measured; empty where the part says it.
        part: ``'logits'``, ...
        figures: Relative difference by dtype.
        entries: Tensors that were compared.
    """

    group: str
    title: str
    part: str
    figures: dict[str, float]
    entries: int

    @property
    def within_bounds(self) -> bool:
        """Whether every figure is at most its bound."""
        return all(value <= BOUNDS[dtype] for dtype, value in self.figures.items())


def table(rows: Sequence[Row]) -> str:
    """Rows as plain text, one a line."""
    lines = []
    for row in rows:
        figures = '  '.join(f'{dtype} {value:.1e}' for dtype, value in row.figures.items())
        mark = '' if row.within_bounds else '  ABOVE ITS BOUND'
        lines.append(f'{row.title or row.group:70s} {row.part:12s} {figures}{mark}')
    return '\n'.join(lines)


def page(rows: Sequence[Row], versions: dict[str, str]) -> str:
    """The whole page."""
    worst = {
        dtype: max((row.figures.get(dtype, 0.0) for row in rows), default=0.0) for dtype in BOUNDS
    }
    parts = [_HEAD.format(count=len(rows), machine=_machine(versions), **worst)]
    for group, heading in _HEADINGS.items():
        chosen = [row for row in rows if row.group == group]
        if chosen:
            parts.append(f'## {heading}\n\n' + _markdown(chosen))
    return '\n\n'.join(parts) + '\n'


def _markdown(rows: Sequence[Row]) -> str:
    lines = ['| what | part | float64 | float32 |', '| --- | --- | --- | --- |']
    previous = None
    for row in rows:
        title = '' if row.title == previous else row.title
        previous = row.title
        if row.part == 'state dict':
            lines.append(f'| {title} | {row.entries} names and shapes | equal | |')
            continue
        figures = [_shown(row.figures.get(dtype)) for dtype in BOUNDS]
        lines.append(f'| {title} | {row.part} | {figures[0]} | {figures[1]} |')
    return '\n'.join(lines)


def _shown(value: float | None) -> str:
    return '' if value is None else '0' if value == 0 else f'{value:.1e}'


def _machine(versions: dict[str, str]) -> str:
    isa = torch.backends.cpu.get_cpu_capability()
    listed = ', '.join(f'{name} {version}' for name, version in versions.items())
    return f'{processor().name} ({isa}, one thread), Python {platform.python_version()}, {listed}'


_HEADINGS = {
    'models': 'Models',
    'losses': 'Losses by themselves, with their gradients',
    'transforms': 'Transforms, with the same random draws',
    'preprocessor': 'Data preprocessor',
    'schedule': 'Schedule',
    'metric': 'Metric',
}
_HEAD = """# The same numbers as MMSegmentation

Written by `python benchmarks/parity/run.py --peer PYTHON --write`, where `PYTHON` is the
interpreter of an environment with MMSegmentation 1.2.2. Both sides build the model from
MMSegmentation's own config file, load the same weights, see the same input and are measured by
the same code. A figure is the norm of the difference over the norm of MMSegmentation's numbers.

{count} rows. Worst in float64: {float64:.1e} (bound 1e-9). Worst in float32: {float32:.1e}
(bound 1e-4; logits and losses).

Machine: {machine}.

- Weights depend on the name and the shape of an entry only (`benchmarks/parity/recipe.py`).
- SyncBN is replaced by BN, as there is one process; the pixel sampler keeps fewer pixels, so
  that it has a choice in a small image.
- `predict` cuts padding, undoes a flip and resizes to another size; `slide` averages windows;
  `tta` is the class map of two scales with and without a flip; `losses` has batch norm in
  training mode and dropout with the same draws; `gradients` is one step; `ten steps` is SGD
  with momentum and weight decay at a rate of 0.0001: the losses, and how far weights and
  statistics have moved (at 0.01 untrained weights are chaotic: the last bit of an input becomes
  5e-10 of the weights in ten steps, on either side).
- While float64 is measured, MMSegmentation's own casts of labels and weights to float32 are
  casts to float64 (`sides.casts_of`); else the figures of two losses would be 4e-9, its rounding.
- MMSegmentation 1.2.2 fails on ignored pixels with class weights, and lets the prediction in
  ignored pixels count in Dice (and, on a CPU, in focal loss): those rows have none."""
