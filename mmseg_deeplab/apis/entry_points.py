"""Models by one call, for ``torch.hub``: each family with its own usual arguments.

They take a state dict with the names of the system that they come from as well as with ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from mmseg_deeplab.apis.building import without_weights
from mmseg_deeplab.apis.published import published_weights
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.checkpoint import load_checkpoint
from mmseg_deeplab.engine.load_state import load_state
from mmseg_deeplab.hub.foreign import foreign_format, format_of_names
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.sync_bn import replace_sync_bn

_V2 = {  # name of published weights -> config, classes
    'cocostuff10k': ('deeplabv2_r101-d8-msc_cocostuff10k-321x321', 182),
    'cocostuff164k': ('deeplabv2_r101-d8-msc_cocostuff164k-321x321', 182),
    'voc12': ('deeplabv2_r101-d8-msc_voc12-321x321', 21),
}
_PLUS = {False: 'deeplabv3', True: 'deeplabv3plus'}


def deeplab(
    config: str, pretrained: bool = False, cfg_options: Mapping[str, Any] | None = None
) -> nn.Module:
    """The model of any config.

    Args:
        config: Path, or name of a shipped config.
        pretrained: Load the weights that were published for it.
        cfg_options: Changes of the config, as ``{'model.decode_head.num_classes': 5}``.

    Returns:
        The model in training mode, without the weights of a backbone. ``model(images)`` gives
        logits, ``model.predict(...)`` label maps.

    Raises:
        ConfigError: The config or an option is wrong.
        CheckpointError: Nothing was published for it, or it could not be fetched.
    """
    loaded = load_config(config, cfg_options)
    if not loaded.get('model'):
        raise ConfigError(f'{loaded.filename or "the config"}: it has no model to build')
    model = MODELS.build(without_weights(loaded.model.to_dict()))
    replace_sync_bn(model)  # a process group may never come; it has the same entries
    accept_foreign_names(model)
    if pretrained:
        weights = published_weights(str(config))
        load_state(model, load_checkpoint(weights)['state_dict'], source=str(weights))
    return model


def deeplabv2_resnet101(
    pretrained: str | bool | None = None,
    n_classes: int = 182,
    scales: Sequence[float] | None = None,
) -> nn.Module:
    """DeepLab v2 with three input sizes, as in deeplab-pytorch.

    Args:
        pretrained: ``'cocostuff10k'``, ``'cocostuff164k'`` (182 classes) or ``'voc12'`` (21);
            None or False for none. True does not say which, so it is refused.
        n_classes: K.
        scales: Of the further inputs; None is 0.5 and 0.75.

    Returns:
        The model in training mode. ``model(images)`` gives the maximum over the sizes, at an
        eighth of the image's; ``model.outputs(images)`` what it is the maximum of, and it: the
        four that the original gives in training.

    Raises:
        ConfigError: Weights of another number of classes, or of an unknown name.
    """
    if pretrained is False:
        pretrained = None
    if pretrained is not None and pretrained not in _V2:
        raise ConfigError(
            f'pretrained must be None, False or one of {", ".join(_V2)}, got {pretrained!r}'
        )
    config, classes = _V2[pretrained or 'cocostuff164k']
    if pretrained is not None and n_classes != classes:
        raise ConfigError(f'{pretrained} has {classes} classes, got n_classes={n_classes}')
    options: dict[str, Any] = {'model.decode_head.num_classes': n_classes}
    if scales is not None:
        options['model.scales'] = tuple(scales)
    return deeplab(config, pretrained is not None, options)


def deeplabv1_resnet101(n_classes: int = 91) -> nn.Module:
    """DeepLab v1 on ResNet-101, as in deeplab-pytorch: start weights of the others.

    Args:
        n_classes: K.
    """
    return deeplab('deeplabv1_r101-d8_coco', False, {'model.decode_head.num_classes': n_classes})


def detectron2_deeplab(
    plus: bool = True, depth: int = 103, n_classes: int = 19, pretrained: bool = False
) -> nn.Module:
    """DeepLabV3 or DeepLabV3+ at output stride 16, as in Detectron2.

    Args:
        plus: DeepLabV3+; False is DeepLabV3.
        depth: 103 (ResNet-101 with a stem of three convolutions) or 101.
        n_classes: K.
        pretrained: Load the published weights (19 classes of Cityscapes, depth 103).
    """
    _one_of('depth', depth, (101, 103))
    config = f'deeplab_v3_{"plus_" if plus else ""}R_{depth}_os16_mg124_poly_90k_bs16'
    return deeplab(config, pretrained, {'model.decode_head.num_classes': n_classes})


def mindcv_deeplab(
    plus: bool = False,
    depth: int = 101,
    output_stride: int = 16,
    n_classes: int = 21,
    pretrained: bool = False,
) -> nn.Module:
    """DeepLabV3 or DeepLabV3+ on a dilated ResNet, as in MindCV.

    Args:
        plus: DeepLabV3+; False is DeepLabV3.
        depth: 50 or 101.
        output_stride: 8 or 16; the weights are the same.
        n_classes: K.
        pretrained: Load the published weights (21 classes of PASCAL VOC, depth 101).
    """
    _one_of('depth', depth, (50, 101))
    _one_of('output_stride', output_stride, (8, 16))
    config = f'{_PLUS[plus]}_s{output_stride}_dilated_resnet{depth}'
    return deeplab(config, pretrained, {'model.decode_head.num_classes': n_classes})


def accept_foreign_names(model: nn.Module) -> None:
    """Let ``model.load_state_dict`` take a state dict with the names of another system too.

    Args:
        model: Of a config of that system.
    """

    def rename(state: dict[str, Any], prefix: str, *others: Any) -> None:
        name = None if prefix else format_of_names(state)
        if name is not None:
            ours = foreign_format(name).to_ours(dict(state))
            state.clear()
            state.update(ours)

    model._register_load_state_dict_pre_hook(rename)


def _one_of(name: str, value: int, known: Sequence[int]) -> None:
    if value not in known:
        raise ConfigError(f'{name} must be one of {known}, got {value!r}')
