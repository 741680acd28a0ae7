# DeepLab v1 (arXiv:1412.7062) on ResNet-101-D8, COCO's 91 ids of objects: start weights, and a demo
_base_ = [
    '../_base_/models/deeplab_pytorch_v1.py', '../_base_/datasets/deeplab_pytorch_coco91.py',
    '../_base_/schedules/deeplab_pytorch_20k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
optim_wrapper = dict(
    paramwise_cfg=dict(_delete_=True, custom_keys=dict(decode_head=dict(lr_mult=10.0))),
)
