"""Weights of a module from a local file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.log import get_logger, warn_once

_PREFIXES = ('', 'backbone.', 'module.', 'module.backbone.', 'model.', 'encoder.')
_SHOWN = 5


def load_pretrained(module: nn.Module, checkpoint: str, *, prefix: str | None = None) -> None:
    """Copy the weights that a file and a module share into the module.

    A classifier or head in the file is left out; ``backbone.`` or ``module.`` in front of the
    names is cut where that makes them fit.

    Args:
        module: Receives the weights, in place.
        checkpoint: Path of a ``.pth`` file (a state dict, or a dict that holds one under
            ``state_dict`` or ``model``). It is read without running code from it.
        prefix: Take only names that start so, and cut that; None finds out.

    Raises:
        CheckpointError: The file is missing, broken, unsafe, has no name in common with the
            module, or has a tensor of another shape.
    """
    own = module.state_dict()
    weights = _fitting(read_state_dict(checkpoint), own, prefix)
    if not weights:
        raise CheckpointError(
            f'{checkpoint} must hold weights of {type(module).__name__}, got none of its names '
            f'({", ".join(list(own)[:_SHOWN])}, ...); use a file made for this architecture'
        )
    _check_shapes(checkpoint, module, weights, own)
    module.load_state_dict(weights, strict=False)
    missing = [k for k in own if k not in weights and not k.endswith('num_batches_tracked')]
    if missing:
        warn_once(
            f'{checkpoint} lacks {len(missing)} of {len(own)} entries of '
            f'{type(module).__name__}, which keep their random start: '
            f'{", ".join(missing[:_SHOWN])}{", ..." if len(missing) > _SHOWN else ""}'
        )
    get_logger().info(f'{len(weights)} entries loaded from {checkpoint}')


def read_state_dict(checkpoint: str) -> dict[str, Tensor]:
    """The tensors of a local weight file by name, read without running code from it.

    Args:
        checkpoint: Path of the file. Names like ``open-mmlab://resnet50_v1c`` and web
            addresses are refused: nothing is downloaded here.

    Raises:
        CheckpointError: Not a local file, not there, or not readable safely.
    """
    path = Path(checkpoint)
    if '://' in str(checkpoint):
        raise CheckpointError(
            f'pretrained weights must be a local file, got {checkpoint!r}; download the file '
            "once and set init_cfg=dict(type='Pretrained', checkpoint='FILE.pth'), or "
            'pretrained=None to start from random weights'
        )
    if not path.is_file():
        raise CheckpointError(f'pretrained weights {str(path)!r} are not there; check the path')
    content = safe_load.read_file(path, 'cpu')
    for key in ('state_dict', 'model'):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f'{path} must hold a state dict, got a {type(content).__name__}; '
            'save model.state_dict() instead'
        )
    return {str(k): v for k, v in content.items() if isinstance(v, Tensor)}


def _fitting(
    found: dict[str, Tensor], own: dict[str, Tensor], prefix: str | None
) -> dict[str, Tensor]:
    best: dict[str, Tensor] = {}
    for start in _PREFIXES if prefix is None else (prefix.rstrip('.') + '.',):
        cut = {k[len(start) :]: v for k, v in found.items() if k.startswith(start)}
        shared = {k: v for k, v in cut.items() if k in own}
        if len(shared) > len(best):
            best = shared
    return best


def _check_shapes(
    checkpoint: str, module: nn.Module, weights: dict[str, Tensor], own: dict[str, Tensor]
) -> None:
    for name, value in weights.items():
        if value.shape != own[name].shape:
            raise CheckpointError(
                f'{checkpoint}: {name} must have shape {tuple(own[name].shape)} for this '
                f'{type(module).__name__}, got {tuple(value.shape)}; the file is of another '
                'depth, width or number of image bands'
            )
