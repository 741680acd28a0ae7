# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's typical hyperparameters
# batch 16 of 8 processes; published 44.17 +/- 0.17 mIoU at 512x512, 6.385 h on 8 A100
_base_ = [
    '../_base_/models/composer_deeplabv3plus.py',
    '../_base_/datasets/composer_ade20k.py',
    '../_base_/default_runtime.py',
    '../_base_/schedules/composer.py',
]
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='PolynomialDecayLR', power=0.9, alpha_f=0.01, by_epoch=False)]
train_cfg = dict(max_epochs=127)
log_processor = dict(by_epoch=True)
