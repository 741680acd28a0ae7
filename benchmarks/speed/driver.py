"""Measure one case: workers of both sides, asked in turns, their results compared."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.speed import agreement
from benchmarks.speed.cases import Case, Variant, row_name
from benchmarks.speed.machine import Probe, lacks
from benchmarks.speed.pairing import missing, order
from benchmarks.speed.processes import Worker, WorkerFailed
from benchmarks.speed.side import OURS, PEER, NotAvailable


@dataclass(frozen=True)
class Setting:
    """What all cases of a run have in common.

    Attributes:
        pythons: Interpreter of the peer, then ours.
        packages: Of the peer, then ours; a test gives ours twice.
        folder: For inputs and results.
        threads: Of each worker.
        quick: Fewer runs and rounds.
        pairs: Rounds of each case; None takes the case's own number.
        probe: Shows how fast the machine is.
        machine: From ``machine.describe``; rows that it has no instructions for are left out.
        say: Told of progress.
    """

    pythons: tuple[str, str]
    folder: Path
    threads: int
    probe: Probe
    machine: dict[str, Any]
    packages: tuple[str, str] = (PEER, OURS)
    quick: bool = False
    pairs: int | None = None
    say: Callable[[str], None] = field(default=print)


@dataclass
class _Seat:
    """A worker with what it has measured; ``variant`` is None for the peer."""

    variant: Variant | None
    worker: Worker
    rounds: list[dict[str, Any]] = field(default_factory=list)
    fault: str = ''
    broken: bool = False  # a failure, not something that this side lacks


def measure_case(case: Case, setting: Setting) -> dict[str, dict[str, Any]]:
    """Measure a case.

    Args:
        case: With the chosen variants.
        setting: Of the run.

    Returns:
        For the name of each row ``pairs`` (each ``peer``, ``ours``, ``probes``), ``agreement``
        and ``form``; or ``not_available`` with the reason; or ``fault``.
    """
    absent = {v.name: lacks(setting.machine, case.params_of(v)) for v in case.variants}
    left_out = {
        row_name(case, variant): {'not_available': absent[variant.name]}
        for variant in case.variants
        if absent[variant.name]
    }
    kept = tuple(variant for variant in case.variants if not absent[variant.name])
    if not kept:
        return left_out
    return left_out | _measure_variants(replace(case, variants=kept), setting)


def _measure_variants(case: Case, setting: Setting) -> dict[str, dict[str, Any]]:
    module = importlib.import_module(f'benchmarks.speed.{case.work.split(".")[0]}')
    module.prepare_inputs(setting.folder, _params(case, None), setting.packages)
    runs, rounds = (numbers[0 if setting.quick else 1] for numbers in (case.runs, case.rounds))
    rounds = setting.pairs or rounds
    with ExitStack() as stack:
        seats = [_seat(case, variant, setting, stack) for variant in (None, *case.variants)]
        for seat in seats:
            _prepare(case, seat)
        peer, ours = seats[0], seats[1:]
        if peer.fault:
            return {row_name(case, seat.variant): {'fault': peer.fault} for seat in ours}
        probe = setting.probe
        number = 0
        while number == 0 or any(
            missing(_pairs(peer, seat), rounds, max(1, rounds // 2), probe.usual)
            for seat in ours
            if not seat.fault
        ):
            for index in order(number, len(seats)):
                _measure(seats[index], runs, probe)
            number += 1
            setting.say(f'  {case.name}: round {number}')
            if peer.fault or all(seat.fault for seat in ours):
                break
        return {row_name(case, s.variant): _row(case, peer, s, setting) for s in ours}


def _seat(case: Case, variant: Variant | None, setting: Setting, stack: ExitStack) -> _Seat:
    side = 0 if variant is None else 1
    worker = Worker(
        setting.pythons[side],
        setting.packages[side],
        setting.folder,
        threads=setting.threads,
        use_torch=not case.work.startswith('importing'),
    )
    stack.callback(worker.close)
    params = _params(case, variant)
    worker.ask({'work': case.work, 'params': params, 'warm': case.warm})
    return _Seat(variant, worker)


def _params(case: Case, variant: Variant | None) -> dict[str, Any]:
    name = case.name.split('-')[1] if case.name.startswith('labels') else case.name
    return {'name': name, 'warm': case.warm, **case.params_of(variant)}


def _prepare(case: Case, seat: _Seat) -> None:
    try:
        seat.worker.answer()
    except (NotAvailable, WorkerFailed) as error:
        _give_up(seat, error)


def _measure(seat: _Seat, runs: int, probe: Probe) -> None:
    if seat.fault:
        return
    before = probe()
    try:
        seat.worker.ask({'runs': runs})
        found = seat.worker.answer()
    except (NotAvailable, WorkerFailed) as error:
        _give_up(seat, error)
        return
    seat.rounds.append({**found, 'probes': [before, probe()]})


def _pairs(peer: _Seat, ours: _Seat) -> list[dict[str, Any]]:
    """Each round's measurements of both sides, with the probes beside them."""
    return [
        {
            'peer': {k: v for k, v in theirs.items() if k != 'probes'},
            'ours': {k: v for k, v in own.items() if k != 'probes'},
            'probes': theirs['probes'] + own['probes'],
        }
        for theirs, own in zip(peer.rounds, ours.rounds, strict=False)
    ]


def _row(case: Case, peer: _Seat, ours: _Seat, setting: Setting) -> dict[str, Any]:
    if ours.fault and not ours.broken:
        return {'not_available': ours.fault}
    if ours.fault or peer.fault:
        return {'fault': ours.fault or peer.fault}
    found = {
        'pairs': _pairs(peer, ours),
        'form': 'quick' if setting.quick else 'full',
        'usual_probe': setting.probe.usual,
    }
    try:
        sides = [
            _result(seat, f'{case.name}-{number}.pt') for number, seat in enumerate((peer, ours))
        ]
        found['agreement'] = agreement.compare(case.agree, *sides)
    except (ValueError, WorkerFailed) as error:
        found['agreement_fault'] = str(error)
    return found


def _result(seat: _Seat, name: str) -> dict[str, Any]:
    seat.worker.ask({'save': name})
    return torch.load(seat.worker.answer()['file'], mmap=True)


def _give_up(seat: _Seat, error: Exception) -> None:
    seat.fault, seat.broken = str(error)[-2000:], isinstance(error, WorkerFailed)
