"""DeepLab v1 (arXiv:1412.7062) as deeplab-pytorch has it: v2 with one size and one convolution."""

_base_ = './deeplab_pytorch_v2.py'
model = dict(
    _delete_=True,
    type='EncoderDecoder',
    data_preprocessor=_base_.data_preprocessor,
    backbone=_base_.model.backbone,
    decode_head=dict(
        type='FCNHead',
        in_channels=2048,
        in_index=3,
        channels=2048,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
        num_classes=91,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
