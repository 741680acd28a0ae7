"""The "b" backbones: ResNet's own stem, one 7x7 convolution, with torchvision's weights."""

r18b, r50b, r101b = (
    dict(pretrained=f'torchvision://resnet{depth}', backbone=dict(type='ResNet'))
    for depth in (18, 50, 101)
)
