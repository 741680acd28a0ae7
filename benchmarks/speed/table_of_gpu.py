"""The rows that need a GPU, and their dry run on a CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.speed.cases import Case, Variant

COMMANDS = (
    'make bench-gpu PEER=/path/to/python',
    'python -m benchmarks.speed --gpu --peer /path/to/python  # the same by hand',
    'python -m benchmarks.speed --gpu-dry-run --peer /path/to/python  # small, on a CPU',
)
_TFLOP_PER_IMAGE = 1.06  # R-50, 512x512: forward and backward
_DENSE_BF16 = 989e12  # operations a second, datasheet of H100 and H200


def _training(name: str, title: str, peers_amp: bool) -> Case:
    command = 'python tools/train.py config.py'
    return Case(
        name,
        title,
        'training.steps',
        command + (' --amp' if peers_amp else ''),
        {
            'depth': 50,
            'classes': 7,
            'side': 512,
            'batch': 16,
            'device': 'cuda',
            'amp': peers_amp,
        },
        (Variant('amp', command + ' --amp', {'amp': True}, {'any': 3.0}),),
        'losses',
        runs=(20, 50),
        rounds=(3, 5),
        warm=10,
    )


def _prediction(batch: int, goal: float) -> Case:
    what = 'model, image' if batch == 1 else f'model, {batch} images'
    return Case(
        f'gpu-forward-r50-batch{batch}',
        f'GPU: inference R-50, 512x512, batch {batch}',
        'predicting.image',
        f"model = init_model(config, checkpoint, device='cuda'); inference_model({what})",
        {
            'depth': 50,
            'classes': 7,
            'side': 512,
            'from_array': True,
            'batch': batch,
            'device': 'cuda',
        },
        (
            Variant('torch-fp32', 'the same', {}),
            Variant('torch-bf16', "precision='bf16'", {'precision': 'bf16'}, {'any': goal}),
        ),
        'logits' if batch == 1 else 'none',
        runs=(20, 50),
        rounds=(3, 5),
        warm=10,
    )


GPU_CASES = (
    _training('gpu-train-r50', 'GPU: training step R-50, 512, batch 16', False),
    _training('gpu-train-r50-both-amp', 'the same, the peer with `--amp` too', True),
    _prediction(1, 3.0),
    _prediction(16, 4.0),
)


def share_of_datasheet(seconds: float, batch: int = 16) -> float:
    """Share of an H100's dense bf16 rate that a training step uses, 0 to 1.

    Args:
        seconds: Of the step.
        batch: Images in it.
    """
    return _TFLOP_PER_IMAGE * 1e12 * batch / seconds / _DENSE_BF16


def dry(case: Case) -> Case:
    """A case small enough for a CPU: that its commands work is what is tried, not its time."""
    small: dict[str, Any] = {'device': 'cpu', 'side': 64, 'batch': min(2, case.params['batch'])}
    # fp32: the peer has no mixed precision on a CPU, and many CPUs have no fast bf16
    plain = {'amp': False} if case.work.startswith('training') else {'precision': 'fp32'}
    params = {**case.params, **small, **plain}
    variants = tuple(replace(v, params={**v.params, **plain}) for v in case.variants)
    return replace(
        case, params=params, variants=variants, runs=(1, 1), rounds=(1, 1), warm=1, quick=True
    )
