"""DeepLabV3 and V3+ of MosaicML's Composer: torchvision's ResNet and the zoo's heads.

Legend of shapes: N batch, H, W image, K classes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.backbones import ResNet
from mmseg_deeplab.models.composer.initializers import check_initializers, initialize
from mmseg_deeplab.models.decode_heads import ASPPHead, DepthwiseSeparableASPPHead
from mmseg_deeplab.models.utils.pretrained import load_pretrained
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError

DEPTHS = {'resnet50': 50, 'resnet101': 101, 'resnet152': 152}
_FILES = 'https://download.pytorch.org/models/'
# torchvision's weights; V2: the newer training recipe
WEIGHTS = {
    ('resnet50', 'IMAGENET1K_V1'): f'{_FILES}resnet50-0676ba61.pth',
    ('resnet50', 'IMAGENET1K_V2'): f'{_FILES}resnet50-11ad3fa6.pth',
    ('resnet101', 'IMAGENET1K_V1'): f'{_FILES}resnet101-63fe2227.pth',
    ('resnet101', 'IMAGENET1K_V2'): f'{_FILES}resnet101-cd907fc2.pth',
    ('resnet152', 'IMAGENET1K_V1'): f'{_FILES}resnet152-394f9c45.pth',
    ('resnet152', 'IMAGENET1K_V2'): f'{_FILES}resnet152-f82ba261.pth',
}
_BATCH_NORM = {'type': 'BN'}


class ComposerNetwork(nn.Module):
    """A backbone and a classifier, under the names that Composer's checkpoints use.

    Args:
        backbone: Images to feature maps.
        classifier: Feature maps to logits.

    Shape:
        - images: (N, 3, H, W) float, normalised
        - returned: (N, K, H, W)
    """

    def __init__(self, backbone: nn.Module, classifier: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier

    def forward(self, images: Tensor) -> Tensor:
        """Logits at the images' size."""
        logits = self.classifier(self.backbone(images))
        return resize(logits, images.shape[-2:], mode='bilinear', align_corners=False)


def deeplabv3(
    num_classes: int,
    backbone_arch: str = 'resnet101',
    backbone_weights: str | None = None,
    sync_bn: bool = True,
    use_plus: bool = True,
    initializers: Sequence[str] = (),
) -> ComposerNetwork:
    """The bare network of :func:`composer_deeplabv3`.

    Args:
        num_classes: K.
        backbone_arch: ``'resnet50'``, ``'resnet101'`` or ``'resnet152'``.
        backbone_weights: None, ``'IMAGENET1K_V1'``, ``'IMAGENET1K_V2'``, or a file or address.
        sync_bn: Batch norm over all processes of a node, where there are several.
        use_plus: DeepLabV3+; False is DeepLabV3.
        initializers: Names, in their order; for the head alone if the backbone has weights.

    Raises:
        ConfigError: An unknown architecture, name of weights or initialiser.
        CheckpointError: The weights cannot be had or do not fit.
    """
    if backbone_arch not in DEPTHS:
        raise ConfigError(
            f'backbone_arch must be one of {", ".join(DEPTHS)}, got {backbone_arch!r}'
        )
    initializers = check_initializers(initializers)
    source = weights_source(backbone_arch, backbone_weights)
    backbone = ResNet(
        DEPTHS[backbone_arch],
        dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1),
        contract_dilation=True,
        out_indices=(0, 3) if use_plus else (3,),
        norm_cfg=_BATCH_NORM,
        zero_init_residual=False,
    )
    network = ComposerNetwork(backbone, _head(num_classes, use_plus))
    if source is not None:
        load_pretrained(backbone, source)
    initialize(network if source is None else network.classifier, initializers)
    return _synchronized(network) if sync_bn else network


def weights_source(backbone_arch: str, backbone_weights: str | None) -> str | None:
    """Where the weights of a backbone come from; None for none.

    Args:
        backbone_arch: One of ``DEPTHS``.
        backbone_weights: As for :func:`deeplabv3`; with or without ``ResNet101_Weights.``.

    Raises:
        ConfigError: A near miss of a name.
    """
    if backbone_weights is None:
        return None
    text = str(getattr(backbone_weights, 'name', backbone_weights)).rpartition('_Weights.')[2]
    named = WEIGHTS.get((backbone_arch, 'IMAGENET1K_V2' if text == 'DEFAULT' else text))
    if named is not None:
        return named
    if os.path.sep in text or '.' in text:
        return text
    near = nearest_names(text, ('IMAGENET1K_V1', 'IMAGENET1K_V2'))
    hint = f'; did you mean {near[0]}?' if near else ''
    raise ConfigError(
        'backbone_weights must be None, IMAGENET1K_V1, IMAGENET1K_V2, or a file or address, got '
        f'{backbone_weights!r}{hint}'
    )


def _head(num_classes: int, use_plus: bool) -> ASPPHead:
    shared = dict(num_classes=num_classes, dilations=(1, 12, 24, 36), norm_cfg=_BATCH_NORM)
    if not use_plus:
        return ASPPHead(2048, 512, **shared)
    return DepthwiseSeparableASPPHead(2048, 512, c1_in_channels=256, c1_channels=48, **shared)


def _synchronized(network: nn.Module) -> nn.Module:
    """Norms over the processes of each node, as Composer has it; one process needs none."""
    from torch import distributed

    if not distributed.is_available() or not distributed.is_initialized():
        return network
    world = distributed.get_world_size()
    if world == 1:
        return network
    local = int(os.environ.get('LOCAL_WORLD_SIZE', world))
    group = None
    if 1 < local < world and world % local == 0:
        group, _ = distributed.new_subgroups(local)
    return nn.SyncBatchNorm.convert_sync_batchnorm(network, group)
