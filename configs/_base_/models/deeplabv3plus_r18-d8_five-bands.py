"""DeepLabV3+ on ResNet-18-v1c for five bands, from random weights.

Replace `mean` and `std` by those of your data, over valid pixels, in the order of the bands.
"""

_base_ = './deeplabv3plus_r18-d8.py'
model = dict(
    data_preprocessor=dict(mean=[3000.0] * 5, std=[1500.0] * 5, bgr_to_rgb=False),
    pretrained=None,
    backbone=dict(in_channels=5),
)
