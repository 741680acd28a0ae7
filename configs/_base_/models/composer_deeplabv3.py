"""DeepLabV3 (arXiv:1706.05587) of MosaicML's Composer, on torchvision's ResNet-101.

Output stride 8, no auxiliary head; the head starts from Composer's initialisers.
"""

norm_cfg = dict(type='SyncBN', requires_grad=True)  # becomes BN on a CPU or in one process
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],  # of ImageNet, in RGB order
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        seg_pad_val=255,
        size=(512, 512),
    ),
    pretrained='torchvision://resnet101',
    backbone=dict(
        type='ResNet',
        depth=101,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        contract_dilation=True,
        norm_cfg=norm_cfg,
        zero_init_residual=False,
    ),
    decode_head=dict(
        type='ASPPHead',
        in_channels=2048,
        in_index=3,
        channels=512,
        dilations=(1, 12, 24, 36),
        num_classes=150,
        dropout_ratio=0.1,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
        init_cfg=dict(type='ComposerInit', names=['kaiming_normal', 'bn_ones']),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole', also_at_input_size=True),
)
