# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's hot recipe, EMA, SAM, MixUp
# claimed 49.83 mIoU at 512x512
_base_ = ['./deeplabv3plus_r101_recipe-none-128ep_ade20k-512x512.py']
custom_hooks = {{_base_.hot_hooks}}
model = dict(data_preprocessor=dict(batch_augments={{_base_.hot_mixup}}))
optim_wrapper = {{_base_.hot_wrapper}}
train_cfg = dict(max_epochs=256)
