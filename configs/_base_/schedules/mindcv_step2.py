"""The second of MindCV's two steps: 500 epochs of 82 iterations of 8 x 16 images, at a quarter.

As published, the learning rate stays all but constant: `param_scheduler.0.decay_steps=3280000`.
"""

_base_ = './mindcv_step1.py'
lr = 0.02
epoch = 82
max_iters = 500 * epoch
optim_wrapper = dict(loss_scale=2048.0, optimizer=dict(lr=lr))
param_scheduler = [
    dict(_base_.param_scheduler[0], warmup_steps=3 * epoch, alpha_f=1e-7 / lr, end=max_iters)
]
train_cfg = dict(max_iters=max_iters, val_begin=50 * epoch, val_interval=2 * epoch)
