"""20000 updates as for DeepLab v2; the whole head learns ten times as fast as the backbone."""

_base_ = './deeplab_pytorch_20k.py'
optim_wrapper = dict(
    paramwise_cfg=dict(_delete_=True, custom_keys=dict(decode_head=dict(lr_mult=10.0))),
)
