# DeepLabV3 (arXiv:1706.05587) on ResNet-101-v1c-D8, COCO-Stuff 10k
_base_ = ['./deeplabv3_r50-d8_4xb4-20k_coco-stuff10k-512x512.py', '../_base_/variants/r101.py']
model = {{_base_.r101}}
