"""40000 iterations of SGD with a poly schedule; validation and checkpoint at every tenth."""

_base_ = './sgd_poly.py'
max_iters = 40000
param_scheduler = [
    dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, end=max_iters, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters // 10)
default_hooks = dict(checkpoint=dict(interval=max_iters // 10))
