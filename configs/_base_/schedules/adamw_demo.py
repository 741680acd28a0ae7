"""360 iterations of AdamW with a short warm-up and a cosine: from scratch in minutes."""

_base_ = './sgd_poly.py'
max_iters = 360
warmup = 30
optimizer = dict(_delete_=True, type='AdamW', lr=0.004, betas=(0.9, 0.99), weight_decay=0.01)
optim_wrapper = dict(optimizer=optimizer)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=warmup, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=warmup, end=max_iters, by_epoch=False),
]
train_cfg = dict(max_iters=max_iters, val_interval=60)
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=60, max_keep_ckpts=1))
