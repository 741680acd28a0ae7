"""Count a model's parameters and multiply-adds, from its shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmseg_deeplab.apis.run_config import ConfigLike
from mmseg_deeplab.config import load_config
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.sync_bn import replace_sync_bn


@dataclass(frozen=True)
class PartCost:
    """What one part of a model, such as its backbone, costs.

    Attributes:
        params: Numbers that are trained.
        macs: Multiply-adds of its convolutions and matrix products for one image.
    """

    params: int
    macs: int


@dataclass(frozen=True)
class Complexity:
    """What a model costs.

    Attributes:
        shape: (C, H, W) of the image.
        parts: Cost by the name of the part; heads that only training uses have no ``macs``.
    """

    shape: tuple[int, int, int]
    parts: dict[str, PartCost]

    @property
    def macs(self) -> int:
        """Multiply-adds for one image; papers often call this number FLOPs."""
        return sum(part.macs for part in self.parts.values())

    @property
    def flops(self) -> int:
        """Floating-point operations: a multiply-add is two."""
        return 2 * self.macs

    @property
    def params(self) -> int:
        """Parameters of what prediction uses."""
        return sum(part.params for part in self.parts.values() if part.macs)

    @property
    def training_params(self) -> int:
        """All parameters, auxiliary heads included."""
        return sum(part.params for part in self.parts.values())

    def lines(self) -> list[str]:
        """The numbers as a text for people."""
        rows = [f'{"part":<18}{"params":>12}{"multiply-adds":>16}']
        rows += [
            f'{name:<18}{_shorten(part.params):>12}'
            f'{_shorten(part.macs) if part.macs else "training only":>16}'
            for name, part in self.parts.items()
        ]
        return [
            *rows,
            f'Input shape: {self.shape}',
            f'Flops: {_shorten(self.macs)} multiply-adds '
            f'({_shorten(self.flops)} floating-point operations)',
            f'Params: {_shorten(self.params)} '
            f'({_shorten(self.training_params)} with what only training uses)',
        ]


def model_complexity(
    config: ConfigLike,
    shape: Sequence[int] = (2048, 1024),
    *,
    cfg_options: Mapping[str, Any] | None = None,
) -> Complexity:
    """Count the parameters and multiply-adds of a config's model.

    Convolutions and matrix products are counted, which are the FLOPs of most papers; batch
    norm, activations, pooling and interpolation are not. Where the model allows it, nothing is
    computed: only shapes go through it.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        shape: Height and width of one image in pixels, or one number for both.
        cfg_options: Dotted keys and values that replace the config's.

    Raises:
        ConfigError: The config has no model, or the shape is wrong or too small for it.
    """
    height, width = _size(shape)
    loaded = load_config(config, cfg_options)
    bands = _bands(loaded)
    for device in ('meta', 'cpu'):
        model = build_model(loaded, device)
        try:
            counts = _count(model, torch.zeros(1, bands, height, width, device=device))
        except NotImplementedError:  # an operation that cannot be followed by shape
            continue
        except (RuntimeError, ValueError) as error:
            if device == 'meta':
                continue  # a user's layer may look at values, which here are not there
            reason = str(error).splitlines()[0]
            raise ConfigError(
                f'the model cannot take an image of {bands} bands of {height} x {width} pixels '
                f'({reason}); give another --shape'
            ) from error
        return Complexity((bands, height, width), _by_part(model, counts))
    raise ConfigError('the model cannot be run on a CPU, so nothing can be counted')


def build_model(config: Config, device: str = 'meta') -> nn.Module:
    """A config's model to look at: no weights are loaded, and on ``'meta'`` there are none.

    Args:
        config: From :func:`~mmseg_deeplab.config.load_config`.
        device: Where its parameters are.

    Raises:
        ConfigError: The config has no model.
    """
    if not config.get('model'):
        raise ConfigError(f'{config.filename or "the config"}: it has no model')
    with torch.device(device):
        model = MODELS.build(config.model)
    replace_sync_bn(model)
    return model.to(device).eval()


def _size(shape: Sequence[int]) -> tuple[int, int]:
    sides = (shape,) if isinstance(shape, int) else tuple(shape)
    if len(sides) not in (1, 2) or not all(isinstance(n, int) and n > 0 for n in sides):
        raise ConfigError(f'shape must be HEIGHT WIDTH or one number, above 0, got {shape}')
    return sides[0], sides[-1]


def _bands(config: Config) -> int:
    return int((config.get('model', {}).get('backbone') or {}).get('in_channels', 3))


def _count(model: nn.Module, image: torch.Tensor) -> dict[str, int]:
    """Multiply-adds by the name of the module, of every depth."""
    from torch.utils.flop_counter import FlopCounterMode

    for module in model.modules():
        if isinstance(module, nn.Conv2d):  # hooked, it is computed as it stands, as papers count
            module.register_forward_pre_hook(lambda *_: None)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(image, mode='tensor')
    root = type(model).__name__
    return {
        name.removeprefix(f'{root}.'): sum(by_operation.values()) // 2
        for name, by_operation in counter.get_flop_counts().items()
    }


def _by_part(model: nn.Module, counts: Mapping[str, int]) -> dict[str, PartCost]:
    parts = {}
    for name, child in model.named_children():
        params = sum(parameter.numel() for parameter in child.parameters())
        if params:
            parts[name] = PartCost(params, counts.get(name, 0))
    return parts


def _shorten(number: int) -> str:
    """54160785408 as ``54.16 G``."""
    for size, unit in ((1e9, 'G'), (1e6, 'M'), (1e3, 'K')):
        if number >= size:
            return f'{number / size:.{2 if unit == "G" else 3}f} {unit}'
    return str(number)
