"""80000 iterations at a tenth of the learning rate: what the domain adaptation rows use."""

_base_ = './schedule_80k.py'
optimizer = dict(lr=0.001)
optim_wrapper = dict(optimizer=optimizer)
param_scheduler = [dict(_base_.param_scheduler[0], eta_min=1e-5)]
