"""The registries: from a name in a config to a class.

Six registries are this project's own; each imports its modules on the first look-up, so
importing this file is cheap. Every other registry name that MMSegmentation offers is
MMEngine's own, importable from here, so that a user's module registers unchanged.
"""

from mmengine.registry import (
    DATA_SAMPLERS,
    EVALUATOR,
    INFERENCERS,
    LOG_PROCESSORS,
    LOOPS,
    MODEL_WRAPPERS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    RUNNER_CONSTRUCTORS,
    RUNNERS,
    TASK_UTILS,
    VISBACKENDS,
    WEIGHT_INITIALIZERS,
)

from mmseg_deeplab.registry.registry import PEER_SCOPE, SCOPE, SegRegistry, nearest_names

MODELS = SegRegistry('model', locations=['mmseg_deeplab.models'], fallback='mmcv.cnn')
DATASETS = SegRegistry('dataset', locations=['mmseg_deeplab.datasets'])
TRANSFORMS = SegRegistry(
    'transform', locations=['mmseg_deeplab.datasets.transforms'], fallback='mmcv.transforms'
)
METRICS = SegRegistry('metric', locations=['mmseg_deeplab.evaluation'])
HOOKS = SegRegistry('hook', locations=['mmseg_deeplab.engine.hooks'])
VISUALIZERS = SegRegistry('visualizer', locations=['mmseg_deeplab.visualization'])

__all__ = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATOR',
    'HOOKS',
    'INFERENCERS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'PEER_SCOPE',
    'RUNNERS',
    'RUNNER_CONSTRUCTORS',
    'SCOPE',
    'TASK_UTILS',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'WEIGHT_INITIALIZERS',
    'SegRegistry',
    'nearest_names',
]
