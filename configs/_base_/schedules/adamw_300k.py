"""300000 iterations of AdamW, poly to zero, a slower backbone: Mapillary Vistas."""

_base_ = './sgd_poly.py'
max_iters = 300000
optimizer = dict(_delete_=True, type='AdamW', lr=0.0001, betas=(0.9, 0.999), weight_decay=0.0001)
optim_wrapper = dict(
    optimizer=optimizer,
    clip_grad=dict(_delete_=True, max_norm=0.01, norm_type=2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1, decay_mult=1.0))),
)
param_scheduler = [dict(_base_.param_scheduler[0], eta_min=0, end=max_iters)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters // 10)
default_hooks = dict(checkpoint=dict(interval=max_iters // 10))
auto_scale_lr = dict(enable=False, base_batch_size=8)  # 4 GPUs x 2 images
