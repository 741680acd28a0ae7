"""What is measured: one case is one piece of work, one row is one way of ours to do it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

BF16, AMX = 'avx512_bf16', 'amx'


@dataclass(frozen=True)
class Variant:
    """One way in which this project does the work of a case.

    Attributes:
        name: Second half of the row's name.
        command: What its user types.
        params: What the worker is told, over the case's own ``params``.
        goals: Peer's time over ours that is wanted, by instruction set; ``'any'`` on all.
        peak: Greatest share of the peer's peak memory that is wanted.
        quick: Whether ``make bench-quick`` measures it, if it does the case.
    """

    name: str
    command: str
    params: Mapping[str, Any] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    peak: float | None = None
    quick: bool = True


@dataclass(frozen=True)
class Case:
    """One piece of work, done by both sides.

    Attributes:
        name: First half of the rows' names.
        title: In the table.
        work: ``module.function`` below ``benchmarks.speed`` that prepares it.
        command: What the peer's user types.
        params: What the workers are told.
        variants: Our ways to do it; each becomes a row.
        agree: How results are compared, see ``agreement.py``.
        quick: Whether ``make bench-quick`` measures it.
        runs: Calls in one measurement, quick and full.
        rounds: Measurements of each side, quick and full.
        warm: Calls before the first measurement that do not count.
    """

    name: str
    title: str
    work: str
    command: str
    params: Mapping[str, Any]
    variants: tuple[Variant, ...]
    agree: str
    quick: bool = True
    runs: tuple[int, int] = (2, 5)
    rounds: tuple[int, int] = (3, 5)
    warm: int = 1

    def params_of(self, variant: Variant | None) -> dict[str, Any]:
        """What a worker is told; None is the peer."""
        return {**self.params, **({} if variant is None else variant.params)}


def row_name(case: Case, variant: Variant) -> str:
    """The name of a row, under which results are kept."""
    return f'{case.name}/{variant.name}'


def selected(cases: tuple[Case, ...], only: str, *, quick: bool) -> Iterator[Case]:
    """The cases to measure, each with the chosen variants.

    Args:
        cases: All.
        only: A regular expression that the name of a row must match somewhere.
        quick: Leave out the long ones.
    """
    for case in cases:
        if quick and not case.quick:
            continue
        kept = tuple(
            variant
            for variant in case.variants
            if re.search(only, row_name(case, variant)) and (variant.quick or not quick)
        )
        if kept:
            yield replace(case, variants=kept)


def torch_and_engine(
    call: str,
    *,
    torch: tuple[float, float] | None,
    engine: tuple[float, float],
    int8: tuple[float, float] | None = None,
    peak: float | None = None,
) -> tuple[Variant, ...]:
    """The usual ways to predict: torch and OpenVINO, each in the precisions it has.

    Args:
        call: What is called with the model.
        torch: Goals in bf16 with AMX and with AVX512-BF16.
        engine: The same of the engine.
        int8: The same of the engine's int8; None has no such row.
        peak: Greatest share of the peer's peak memory.
    """

    def model(options: str) -> str:
        return f'model = init_model(config, checkpoint{options}); {call}'

    def by_set(goals: tuple[float, float] | None) -> dict[str, float]:
        return {} if goals is None else {AMX: goals[0], BF16: goals[1]}

    def way(backend: str, precision: str, goals: tuple[float, float] | None) -> Variant:
        engine_option = '' if backend == 'torch' else f", backend='{backend}'"
        precision_option = '' if precision == 'fp32' else f", precision='{precision}'"
        return Variant(
            f'{backend}-{precision}',
            model(engine_option + precision_option),
            {'backend': backend, 'precision': precision},
            by_set(goals),
            peak,
        )

    ways = [
        way('torch', 'fp32', None),
        way('torch', 'bf16', torch),
        way('openvino', 'fp32', None),
        way('openvino', 'bf16', engine),
    ]
    if int8 is not None:
        ways.append(way('openvino', 'int8', int8))
    return tuple(ways)
