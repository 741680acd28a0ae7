# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's medium recipe, mild + SAM, MixUp
# claimed 49.15 mIoU at 512x512; no schedule
_base_ = ['./deeplabv3plus_r101_recipe-mild-25ep_ade20k-512x512.py']
model = dict(data_preprocessor=dict(batch_augments={{_base_.medium_mixup}}))
optim_wrapper = {{_base_.medium_wrapper}}
train_cfg = dict(max_epochs=90)
