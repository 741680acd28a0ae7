"""How fast the machine's own rates allow a row to be: operations, bytes, and their time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import torch

from benchmarks.speed import inputs
from benchmarks.speed.cases import Case, Variant, row_name
from benchmarks.speed.pairing import counted, middle
from benchmarks.speed.table import duration

_BYTES = {'fp32': 4, 'bf16': 2, 'int8': 1}
_HEAD = (
    '| row | GFLOP | MB moved | by operations | by bytes | floor | measured | over the floor |\n'
    '| --- | --- | --- | --- | --- | --- | --- | --- |'
)


class Cost(NamedTuple):
    """What a piece of work cannot do without.

    Attributes:
        operations: Multiplications and additions.
        numbers: Numbers read and written, each layer's input, weights and output once.
        fixed_bytes: Bytes that have one width in every precision (images, labels).
    """

    operations: float
    numbers: float
    fixed_bytes: float = 0.0


@cache
def network_cost(depth: int, classes: int, side: int) -> Cost:
    """One forward pass of one square image, counted on tensors without memory.

    Args:
        depth: Of the ResNet.
        classes: Of the head.
        side: Of the image.
    """
    from torch.utils.flop_counter import FlopCounterMode

    import mmseg_deeplab.models  # noqa: F401 - registers the classes
    from mmseg_deeplab.registry import MODELS

    with torch.device('meta'):
        model = MODELS.build(inputs.model_config(depth, classes)).eval()
        image = torch.empty(1, 3, side, side)
    moved = [0]

    def count(layer: torch.nn.Module, given: tuple, made: torch.Tensor) -> None:
        moved[0] += sum(t.numel() for t in (*given, made, *layer.parameters()))

    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    handles = [layer.register_forward_hook(count) for layer in convolutions]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(image, mode='tensor')
    for handle in handles:
        handle.remove()
    return Cost(counter.get_total_flops(), moved[0])


def cost(case: Case, params: dict[str, Any]) -> Cost | None:
    """The cost of a row; None where it is not stated.

    Args:
        case: The work.
        params: Of the row.
    """
    side = params.get('side', 0)
    if case.work == 'predicting.views':
        sizes = [int(side * scale) for scale in inputs.SCALES for _ in range(2)]
        return _sum([network_cost(params['depth'], params['classes'], size) for size in sizes])
    if case.work == 'predicting.image':
        if params.get('mode') == 'slide':
            count = (max(side - 512 + 340, 0) // 341 + 1) ** 2
            one = network_cost(params['depth'], params['classes'], 512)
            return Cost(one.operations * count, one.numbers * count, side * side * 4)
        return network_cost(params['depth'], params['classes'], side)
    if case.work == 'training.steps':
        one = network_cost(params['depth'], params['classes'], side)
        factor = 3 * params.get('batch', 2)  # backward: to the inputs, and to the weights
        return Cost(one.operations * factor, one.numbers * factor)
    if case.work == 'scoring.metric':
        return Cost(0, 0, 2 * 8 * side**2)  # two maps of int64
    if case.work == 'labels.isaid':
        return Cost(0, 0, 4 * side**2)  # three channels in, one out
    return None


def table(cases: Sequence[Case], results: dict[str, Any]) -> str:
    """Floor and measurement of each measured row, as a Markdown table.

    Args:
        cases: Those to show.
        results: Content of a file of results.
    """
    lines = [_HEAD]
    for case in cases:
        for variant in case.variants:
            row = results['rows'].get(row_name(case, variant), {})
            if 'pairs' in row and (found := _line(case, variant, row, results['machine'])):
                lines.append(found)
    return '\n'.join(lines)


def _line(case: Case, variant: Variant, row: dict[str, Any], machine: dict[str, Any]) -> str | None:
    params = case.params_of(variant)
    needed = cost(case, params)
    if needed is None:
        return None
    precision = params.get('precision', 'bf16' if params.get('amp') else 'fp32')
    moved = needed.numbers * _BYTES[precision] + needed.fixed_bytes
    # an instruction set without the precision computes in fp32
    rates = machine['gemm_gflops']
    rate = max(rates['fp32'], rates.get(precision) or 0)
    by_operations, by_bytes = (
        needed.operations / rate / 1e9,
        moved / machine['memory_gb_per_s'] / 1e9,
    )
    least = max(by_operations, by_bytes)
    measured = middle(counted(row['pairs'], row['usual_probe']) or row['pairs'], 'ours', 'seconds')
    return (
        f'| {row_name(case, variant)} | {needed.operations / 1e9:.0f} | {moved / 1e6:.0f} | '
        f'{duration(by_operations)} | {duration(by_bytes)} | {duration(least)} | '
        f'{duration(measured)} | {measured / least:.1f}x |'
    )


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(*(sum(numbers) for numbers in zip(*costs, strict=True)))
