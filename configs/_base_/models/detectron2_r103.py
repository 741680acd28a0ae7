"""DeepLabV3 of Detectron2 on its ResNet-103-DC5: ResNet-101 with a stem of three convolutions.

Its decode_head has the width of Cityscapes' classes; a child for other data sets `num_classes`.
"""

norm_cfg = dict(type='SyncBN', requires_grad=True)  # becomes BN on a CPU or in one process
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],  # of ImageNet, in RGB order
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=data_preprocessor,
    pretrained='detectron2://DeepLab/R-103.pkl',
    backbone=dict(
        type='ResNetV1c',
        depth=101,
        stem_channels=128,
        strides=(1, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        multi_grid=(2, 4, 8),  # 1, 2, 4 times the stage's dilation
        norm_cfg=norm_cfg,
        zero_init_residual=False,
    ),
    decode_head=dict(
        type='DeepLabV3Head',
        in_channels=2048,
        in_index=3,
        channels=256,
        num_classes=19,
        dilations=(1, 6, 12, 18),
        pool_window=(32, 64),  # a training crop at stride 16; the published weights need it
        pool_norm=False,
        output_scale=16,
        dropout_ratio=0.1,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='HardPixelMiningLoss', top_ratio=0.2),
        init_cfg=dict(
            type='Caffe2Xavier',
            layer='Conv2d',
            override=dict(type='Normal', name='conv_seg', std=0.001),
        ),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
