"""100000 updates of two batches each."""

_base_ = './deeplab_pytorch_20k.py'
max_iters = 100000 * _base_.iter_size
param_scheduler = [dict(_base_.param_scheduler[0], end=max_iters)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
