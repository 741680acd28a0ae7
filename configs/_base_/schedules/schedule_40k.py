"""40000 iterations of SGD with a poly schedule; validation and checkpoint at every tenth."""

_base_ = './sgd_poly.py'
max_iters = 40000
param_scheduler = [dict(_base_.param_scheduler[0], end=max_iters)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters // 10)
default_hooks = dict(checkpoint=dict(interval=max_iters // 10))
