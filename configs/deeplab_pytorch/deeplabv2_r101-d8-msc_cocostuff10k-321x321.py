# DeepLab v2 (arXiv:1606.00915) on ResNet-101-D8 with three input sizes, COCO-Stuff 10k
_base_ = [
    '../_base_/models/deeplab_pytorch_v2.py', '../_base_/datasets/deeplab_pytorch_cocostuff10k.py',
    '../_base_/schedules/deeplab_pytorch_20k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
