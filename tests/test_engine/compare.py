"""Whether two runs ended in the same state, to the bit, and wrote the same log."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from mmseg_deeplab.engine import load_checkpoint

# What may differ between two runs of the same numbers: clocks, names and places.
UNEQUAL = {'time', 'data_time', 'eta', 'memory', 'images_per_second', 'experiment_name', 'cfg'}


def state_of(path) -> dict:
    """A checkpoint without what may differ, paths reduced to names."""
    return _without_clocks(load_checkpoint(path))


def log_of(work_dir) -> list[dict]:
    """The training and validation lines of a run's log, without what may differ."""
    lines = Path(work_dir, 'log.jsonl').read_text(encoding='utf-8').splitlines()
    events = [json.loads(line) for line in lines]
    return [_without_clocks(event) for event in events if event['kind'] in ('train', 'val')]


def assert_same(one, other, where='') -> None:
    """Equal types, keys and values; tensors bit for bit."""
    assert type(one) is type(other), f'{where}: {type(one)} and {type(other)}'
    if isinstance(one, dict):
        assert list(one) == list(other), f'{where}: {set(one) ^ set(other)} or their order'
        for key in one:
            assert_same(one[key], other[key], f'{where}/{key}')
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for k, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_same(left, right, f'{where}/{k}')
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype, where
        assert torch.equal(one, other), f'{where}: {one} and {other}'
    else:
        assert one == other, f'{where}: {one} and {other}'


def assert_same_runs(one, other, name: str) -> None:
    """The checkpoints ``name`` and the logs of two work directories are the same."""
    assert_same(state_of(Path(one, name)), state_of(Path(other, name)))
    assert_same(log_of(one), log_of(other))


def _without_clocks(value):
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if str(k).rsplit('/', 1)[-1] not in UNEQUAL}
        return {k: _without_clocks(v) for k, v in kept.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_clocks(item) for item in value)
    if isinstance(value, str) and value.endswith('.pth'):
        return Path(value).name
    return value
