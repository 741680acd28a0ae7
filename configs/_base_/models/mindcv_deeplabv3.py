"""DeepLabV3 (arXiv:1706.05587) as MindCV has it: ResNet-101, output stride 16.

The weights are the same at output stride 8: `model.backbone.output_stride=8`, and nothing else.
Images are normalised in the pipeline, because its padding lies between that and the mirroring,
and stay BGR, as the published weights need. A config that inherits this sets `num_classes`.
"""

norm_cfg = dict(type='SyncBN', requires_grad=True)  # becomes BN on a CPU or in one process
data_preprocessor = dict(type='SegDataPreProcessor', pad_val=0, seg_pad_val=255)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=data_preprocessor,
    pretrained='mindcv://resnet101',
    backbone=dict(
        type='DilatedResNet',
        depth=101,
        output_stride=16,
        multi_grid=(1, 2, 4),
        stem_pool='same',
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(
        type='DeepLabV3Head',
        in_channels=2048,
        in_index=3,
        channels=256,
        dilations=(1, 6, 12, 18),  # also at output stride 8
        dropout_ratio=0.7,
        num_classes=21,
        norm_cfg=norm_cfg,
        align_corners=True,
        init_cfg=dict(type='Xavier', layer='Conv2d', distribution='uniform'),
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole', resize='probabilities'),
)
