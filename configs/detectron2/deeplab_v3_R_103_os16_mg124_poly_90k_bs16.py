# DeepLabV3 (arXiv:1706.05587) on ResNet-103-DC5 at stride 16, Cityscapes, as in Detectron2
_base_ = [
    '../_base_/models/detectron2_r103.py',
    '../_base_/datasets/detectron2_cityscapes.py',
    '../_base_/schedules/detectron2_90k.py',
    '../_base_/default_runtime.py',
]
model = {{_base_.model_settings}}
