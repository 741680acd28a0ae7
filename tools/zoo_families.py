"""The folders of configs, for the tables that make_zoo.py writes."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """A folder of configs and the paper behind it.

    Attributes:
        name: Of the method or backbone.
        title: Of the paper.
        paper: Its number at arXiv.
        text: What it is, in a sentence.
        is_collection: Whether its models are one collection; else each belongs to its method's.
    """

    name: str
    title: str
    paper: str
    text: str
    is_collection: bool = True


V3 = 'Rethinking Atrous Convolution for Semantic Image Segmentation', '1706.05587'
V3PLUS = (
    'Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation',
    '1802.02611',
)
FAMILIES = {
    'deeplabv3': Family('DeepLabV3', *V3, 'Atrous spatial pyramid pooling on a dilated ResNet.'),
    'deeplabv3plus': Family(
        'DeepLabV3+',
        *V3PLUS,
        'DeepLabV3 with separable convolutions and a decoder that takes edges from the first '
        'stage.',
    ),
    'mobilenet_v2': Family(
        'MobileNetV2',
        'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
        '1801.04381',
        'The DeepLab heads on a light backbone.',
        is_collection=False,
    ),
    'resnest': Family(
        'ResNeSt',
        'ResNeSt: Split-Attention Networks',
        '2004.08955',
        'The DeepLab heads on a ResNet with split attention.',
        is_collection=False,
    ),
    'unet': Family(
        'UNet',
        'U-Net: Convolutional Networks for Biomedical Image Segmentation',
        '1505.04597',
        'The DeepLabV3 head on a U-Net, for vessels of the retina.',
    ),
    'detectron2': Family(
        'Detectron2 DeepLab',
        *V3PLUS,
        "DeepLabV3 and DeepLabV3+ as in Detectron2's DeepLab project, see "
        '[docs/systems/detectron2.md](../../docs/systems/detectron2.md).',
    ),
    'composer': Family(
        'Composer DeepLabV3+',
        *V3PLUS,
        'DeepLabV3+ as in MosaicML Composer, see '
        '[docs/systems/composer.md](../../docs/systems/composer.md).',
    ),
    'mindcv': Family(
        'MindCV DeepLab',
        *V3PLUS,
        'DeepLabV3 and DeepLabV3+ as in MindCV, see '
        '[docs/systems/mindcv.md](../../docs/systems/mindcv.md).',
    ),
    'deeplab_pytorch': Family(
        'DeepLab v2',
        'DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, '
        'and Fully Connected CRFs',
        '1606.00915',
        'DeepLab v2 and its kin as in deeplab-pytorch, see '
        '[docs/systems/deeplab_pytorch.md](../../docs/systems/deeplab_pytorch.md).',
    ),
}
