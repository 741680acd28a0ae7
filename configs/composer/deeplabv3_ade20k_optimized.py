# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's deeplabv3_ade20k_optimized.yaml
# batch 128 of 8 processes; sync_bn is off in it
_base_ = ['./deeplabv3plus_r101_composer-128ep_ade20k-512x512.py']
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(backbone=dict(norm_cfg=norm_cfg), decode_head=dict(norm_cfg=norm_cfg))
optim_wrapper = dict(optimizer=dict(lr=0.08, weight_decay=5e-5))
train_dataloader = dict(batch_size=16)
