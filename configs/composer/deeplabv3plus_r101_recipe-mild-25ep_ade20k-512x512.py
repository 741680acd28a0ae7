# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's mild recipe, channels last and EMA
# claimed 45.6 mIoU at 512x512; no schedule
_base_ = ['./deeplabv3plus_r101_recipe-none-128ep_ade20k-512x512.py']
custom_hooks = {{_base_.mild_hooks}}
param_scheduler = []
train_cfg = dict(max_epochs=25)
