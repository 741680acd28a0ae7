"""Start weights of a module: from a file, a model zoo, or a Hugging Face repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mmseg_deeplab.models.utils.key_maps import renamings
from mmseg_deeplab.utils import first_conv as bands
from mmseg_deeplab.utils import safe_load
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.log import get_logger, warn_once

_PREFIXES = ('', 'backbone.', 'module.', 'module.backbone.', 'model.', 'encoder.')
_SHOWN = 5


def load_pretrained(
    module: nn.Module,
    checkpoint: str | Path,
    *,
    prefix: str | None = None,
    first_conv: str | None = None,
) -> None:
    """Copy the weights that a file and a module share into the module.

    A classifier or head in the file is left out; ``backbone.`` or ``module.`` in front of the
    names is cut where that makes them fit; names of timm, of Hugging Face's transformers (see
    :mod:`key_maps`) and of other DeepLab systems (see :mod:`hub.foreign`) become ours.

    Args:
        module: Receives the weights, in place.
        checkpoint: A ``.pth`` file (a state dict, or a dict that holds one under
            ``state_dict`` or ``model``) or a ``.safetensors`` file; or a name that
            :func:`mmseg_deeplab.hub.resolve_weights` knows, ``open-mmlab://resnet50_v1c``,
            ``torchvision://resnet50``, ``timm/resnet50d.ra2_in1k``, an address.
        prefix: Take only names that start so, and cut that; None finds out.
        first_conv: ``'mean'`` or ``'copy'``: how the first convolution is made to fit another
            number of bands, see :func:`mmseg_deeplab.utils.first_conv.adapt_kernel`.

    Raises:
        CheckpointError: The file is missing, broken, unsafe, has no name in common with the
            module, or has a tensor of another shape.
        ConfigError: ``first_conv`` is unknown.
    """
    own = module.state_dict()
    weights = _fitting(read_state_dict(checkpoint), own, prefix)
    if not weights:
        raise CheckpointError(
            f'{checkpoint} must hold weights of {type(module).__name__}, got none of its names '
            f'({", ".join(list(own)[:_SHOWN])}, ...); use a file made for this architecture'
        )
    new_bands = bands.adapted(weights, own, first_conv)
    if new_bands is not None:
        weights[new_bands[0]] = new_bands[1]
        get_logger().info(f'{checkpoint}: {new_bands[0]} made to fit the bands ({first_conv})')
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


def read_state_dict(checkpoint: str | Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, read without running code from it.

    Args:
        checkpoint: As for :func:`load_pretrained`.

    Raises:
        CheckpointError: It is not there and cannot be fetched, or cannot be read safely.
    """
    from mmseg_deeplab.hub import foreign, resolve_weights

    path = resolve_weights(str(checkpoint))
    if foreign.format_of_file(path) is not None:
        return foreign.read_weights(path).state
    content = safe_load.read_file(path, 'cpu')
    weights = foreign.weights_in(content, path)
    if weights is not None:
        return weights.state
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
    """The entries under our names, cut and renamed so that most of them have a place."""
    best: dict[str, Tensor] = {}
    for start in _PREFIXES if prefix is None else (prefix.rstrip('.') + '.',):
        cut = {k[len(start) :]: v for k, v in found.items() if k.startswith(start)}
        for rename in renamings(cut):
            renamed = {rename(k): v for k, v in cut.items()}
            shared = {k: v for k, v in renamed.items() if k in own}
            if len(shared) > len(best):
                best = shared
    return best


def _check_shapes(
    checkpoint: str | Path, module: nn.Module, weights: dict[str, Tensor], own: dict[str, Tensor]
) -> None:
    first = bands.first_conv_name(own)
    for name, value in weights.items():
        if value.shape == own[name].shape:
            continue
        if name == first and bands.differs_in_bands(value, own[name]):
            raise CheckpointError(
                f'{checkpoint}: is for {value.shape[1]} bands, this {type(module).__name__} for '
                f"{own[name].shape[1]}; set first_conv='mean' or 'copy' in "
                "init_cfg=dict(type='Pretrained', checkpoint=..., first_conv='mean') of the "
                'backbone, in place of pretrained=...'
            )
        raise CheckpointError(
            f'{checkpoint}: {name} must have shape {tuple(own[name].shape)} for this '
            f'{type(module).__name__}, got {tuple(value.shape)}; the file is of another '
            'depth or width'
        )
