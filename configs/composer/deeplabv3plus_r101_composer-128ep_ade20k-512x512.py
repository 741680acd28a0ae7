# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's own hyperparameters
# batch 32 of 8 processes; published 45.764 +/- 0.29 mIoU at 512x512, 4.67 h on 8 A100
_base_ = ['./deeplabv3plus_r101_typical-127ep_ade20k-512x512.py']
model = dict(pretrained='https://download.pytorch.org/models/resnet101-cd907fc2.pth')
optimizer = dict(type='DecoupledSGDW', lr=0.01, momentum=0.9, weight_decay=2e-5)
optim_wrapper = dict(optimizer=dict(_delete_=True, **optimizer))
param_scheduler = [dict(type='CosineDecayLR', t_max='1dur', by_epoch=False)]
train_dataloader = dict(batch_size=4)
train_cfg = dict(max_epochs=128)
