"""Extra layers inside bottleneck blocks, such as a ``ContextBlock`` after the 3x3 convolution."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

_POSITIONS = ('after_conv1', 'after_conv2', 'after_conv3')


def stage_plugins(plugins: Sequence[dict] | None, stage: int, num_stages: int) -> list[dict]:
    """The plugins of one stage.

    Args:
        plugins: Each ``dict(cfg=dict(type=..., postfix=...), position='after_conv2',
            stages=(False, True, True, True))``; without ``stages`` it is in every stage.
        stage: Counted from 0.
        num_stages: Length that ``stages`` must have.

    Raises:
        ConfigError: A plugin has no ``cfg``, an unknown position or the wrong number of stages.
    """
    chosen = []
    for plugin in plugins or ():
        stages = plugin.get('stages') or (True,) * num_stages
        if 'cfg' not in plugin or plugin.get('position') not in _POSITIONS:
            raise ConfigError(
                f'a plugin must be dict(cfg=dict(type=...), position=one of {_POSITIONS}), got '
                f'{plugin}'
            )
        if len(stages) != num_stages:
            raise ConfigError(
                f'stages of a plugin must have one entry for each of the {num_stages} stages, '
                f'got {tuple(stages)}'
            )
        if stages[stage]:
            chosen.append(plugin)
    return chosen


def add_plugins(block: nn.Module, plugins: Sequence[dict], channels: Sequence[int]) -> list[list]:
    """Build the plugins of a block and register them in it.

    Their names in the state dict are MMSegmentation's: the class in snake case (or its
    ``_abbr_``) and the ``postfix`` of the config.

    Args:
        block: Receives the layers.
        plugins: As :func:`stage_plugins` gives them.
        channels: Of the map after each convolution.

    Returns:
        Names of the layers after each convolution.

    Raises:
        ConfigError: Two layers have one name, or a type is unknown.
    """
    from mmcv.cnn.bricks.plugin import infer_abbr

    names: list[list] = [[] for _ in _POSITIONS]
    for plugin in plugins:
        cfg = dict(plugin['cfg'])
        layer_class = MODELS.get(cfg.pop('type'))
        name = f'{infer_abbr(layer_class)}{cfg.pop("postfix", "")}'
        if hasattr(block, name):
            raise ConfigError(f'two plugins of a block are named {name!r}; give one a postfix')
        index = _POSITIONS.index(plugin['position'])
        block.add_module(name, layer_class(in_channels=channels[index], **cfg))
        names[index].append(name)
    return names


def apply_plugins(block: nn.Module, names: Sequence[str], maps: Tensor) -> Tensor:
    """The map after the named layers, one after the other, (N, C, h, w).

    Differs from mmseg, where of several layers at one position only the last has an effect.

    Args:
        block: Holds the layers.
        names: As :func:`add_plugins` gives them for one position.
        maps: (N, C, h, w).
    """
    for name in names:
        maps = getattr(block, name)(maps)
    return maps
