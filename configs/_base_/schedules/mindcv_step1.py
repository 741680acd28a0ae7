"""The first of MindCV's two steps: 300 epochs of 41 iterations of 8 x 32 images.

The cosine ends with the training. MindCV's own files put its end at 40000 epochs, by which the
learning rate stays all but constant, and the published scores were reached so:
`param_scheduler.0.decay_steps=1640000`.
"""

lr = 0.08
epoch = 41  # iterations: 10582 images, the last incomplete batch left out
max_iters = 300 * epoch
optim_wrapper = dict(
    type='AmpOptimWrapper',
    loss_scale=3072.0,
    optimizer=dict(type='SGD', lr=lr, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='WarmupCosineLR',
        warmup_steps=3 * epoch,
        alpha_f=1e-7 / lr,
        decay_steps=None,
        begin=0,
        end=max_iters,
        by_epoch=False,
    )
]
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_begin=50 * epoch, val_interval=2 * epoch
)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=410, max_keep_ckpts=2, save_best='mIoU'
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
