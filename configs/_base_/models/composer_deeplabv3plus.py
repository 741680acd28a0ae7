"""DeepLabV3+ (arXiv:1802.02611) of MosaicML's Composer, on torchvision's ResNet-101."""

_base_ = './composer_deeplabv3.py'
model = dict(
    decode_head=dict(type='DepthwiseSeparableASPPHead', c1_in_channels=256, c1_channels=48),
)
