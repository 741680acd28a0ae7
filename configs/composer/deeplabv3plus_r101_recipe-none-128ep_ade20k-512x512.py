# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's example script, no recipe
# batch 128 of 8 processes
_base_ = [
    './deeplabv3plus_r101_typical-127ep_ade20k-512x512.py',
    '../_base_/variants/composer_recipes.py',
]
model = {{_base_.script_model}}
optim_wrapper = dict(optimizer={{_base_.script_optimizer}})
param_scheduler = {{_base_.cosine}}
train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=128)
