"""20000 updates of two batches each, as deeplab-pytorch trains; an iteration here is one batch.

The classifiers learn ten times as fast as the backbone, their biases twenty times and without
decay. The learning rate goes down every tenth update.
"""

_base_ = '../default_runtime.py'
iter_size = 2  # batches in an update
max_iters = 20000 * iter_size
branches = 4
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=2.5e-4, momentum=0.9, weight_decay=5e-4),
    accumulative_counts=iter_size,
    paramwise_cfg=dict(
        custom_keys=dict(
            {
                f'decode_head.conv_seg.{branch}.bias': dict(lr_mult=20.0, decay_mult=0.0)
                for branch in range(branches)
            },
            decode_head=dict(lr_mult=10.0),
        ),
    ),
)
param_scheduler = [
    dict(
        type='StepwisePolyLR',
        interval=10 * iter_size,
        power=0.9,
        begin=0,
        end=max_iters,
        by_epoch=False,
    )
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100 * iter_size, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=5000 * iter_size),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
log_processor = dict(window_size=20 * iter_size)  # batches whose mean loss is logged
