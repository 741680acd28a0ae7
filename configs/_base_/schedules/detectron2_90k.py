"""90000 iterations of SGD with warm-up and a poly schedule to zero, 16 images each."""

_base_ = './sgd_poly.py'
max_iters = 90000
optimizer = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4)
optim_wrapper = dict(
    optimizer=optimizer,
    paramwise_cfg=dict(norm_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='WarmupPolyLR',
        power=0.9,
        constant_ending=0.0,
        warmup_factor=0.001,
        warmup_iters=1000,
        warmup_method='linear',
        begin=0,
        end=max_iters,
        by_epoch=False,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
default_hooks = dict(checkpoint=dict(interval=5000))
