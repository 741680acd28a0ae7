"""600 iterations of AdamW for training from scratch on a CPU: warm-up, then poly to zero."""

_base_ = './sgd_poly.py'
max_iters = 600
warmup = 50
optimizer = dict(_delete_=True, type='AdamW', lr=5e-4, weight_decay=0.05)
optim_wrapper = dict(optimizer=optimizer)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, begin=0, end=warmup, by_epoch=False),
    dict(_base_.param_scheduler[0], eta_min=0.0, begin=warmup, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=100, max_keep_ckpts=2))
