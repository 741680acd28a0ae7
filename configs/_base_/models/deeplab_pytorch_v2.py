"""DeepLab v2 (arXiv:1606.00915) on ResNet-101 at output stride 8, as deeplab-pytorch has it.

ResNet-101 is Caffe's: a bottleneck strides in its first convolution, pooling rounds up, images
are BGR without division. Its batch norms stay as they are. The image is seen in three sizes. A
config that inherits this sets `num_classes` and `data_preprocessor.size`.
"""

mean = [104.008, 116.669, 122.675]  # of ImageNet, in BGR order
data_preprocessor = dict(
    type='SegDataPreProcessor', mean=mean, std=[1.0, 1.0, 1.0], pad_val=0, seg_pad_val=255
)
model = dict(
    type='MultiScaleEncoderDecoder',
    data_preprocessor=data_preprocessor,
    # of DeepLab v1 on COCO: tools/model_converters/caffe.py init.caffemodel FILE
    pretrained='data/models/coco/deeplabv1_resnet101/caffemodel/deeplabv1_resnet101-coco.pth',
    scales=(0.5, 0.75),
    recompute_scale_factor=True,  # PyTorch before 1.6, with which the published scores were made
    merge_at='head',
    backbone=dict(
        type='ResNet',
        depth=101,
        style='caffe',
        stem_pool='ceil',
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        norm_cfg=dict(type='BN', momentum=0.001, requires_grad=False),
        norm_eval=True,
        zero_init_residual=False,
    ),
    decode_head=dict(
        type='SumASPPHead',
        in_channels=2048,
        in_index=3,
        dilations=(6, 12, 18, 24),
        num_classes=21,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
