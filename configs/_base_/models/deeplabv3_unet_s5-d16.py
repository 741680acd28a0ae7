"""DeepLabV3's head on a UNet (arXiv:1505.04597) of five stages, for thin structures.

The UNet's settings are its constructor's defaults; it starts from random weights.
"""

_base_ = './deeplabv3_r50-d8.py'
model = dict(
    pretrained=None,
    backbone=dict(_delete_=True, type='UNet', norm_cfg={{_base_.norm_cfg}}),
    decode_head=dict(in_channels=64, in_index=4, channels=16),
    auxiliary_head=dict(in_channels=128, in_index=3, channels=64),
)
