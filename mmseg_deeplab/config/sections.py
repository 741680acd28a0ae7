"""What the parts of a config are called and which registry each is built from."""

from __future__ import annotations

from mmseg_deeplab.registry import (
    DATASETS,
    METRICS,
    MODELS,
    OPTIMIZERS,
    TRANSFORMS,
    VISBACKENDS,
    VISUALIZERS,
    WEIGHT_INITIALIZERS,
)

DICT, LIST, TEXT, SWITCH = (dict,), (list, tuple), (str,), (bool,)

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')

# Top-level keys that mean something to the runner or to this package, and what they may hold.
# Any other key is a variable of the file's author.
SETTINGS: dict[str, tuple[type, ...]] = {
    'model': DICT,
    'data_preprocessor': DICT,
    **dict.fromkeys(LOADERS, DICT),
    'train_cfg': DICT,
    'val_cfg': DICT,
    'test_cfg': DICT,
    'optim_wrapper': DICT,
    'param_scheduler': DICT + LIST,
    'auto_scale_lr': DICT,
    'val_evaluator': DICT + LIST,
    'test_evaluator': DICT + LIST,
    'default_hooks': DICT,
    'custom_hooks': LIST,
    'custom_imports': DICT,
    'env_cfg': DICT,
    'log_processor': DICT,
    'visualizer': DICT,
    'randomness': DICT,
    'tta_model': DICT,
    'tta_pipeline': LIST,
    'crf': DICT,
    'model_wrapper_cfg': DICT,
    'compile': SWITCH + DICT,
    'audit': SWITCH + DICT,
    'resume': SWITCH + TEXT,
    'find_unused_parameters': SWITCH,
    'sync_bn': TEXT,
    'activation_checkpointing': LIST,
    'efficient_conv_bn_eval': LIST,
    'device': TEXT,
    'load_from': TEXT,
    'test_from': TEXT,
    'fine_tune': DICT,
    'work_dir': TEXT,
    'launcher': TEXT,
    'log_level': TEXT,
    'default_scope': TEXT,
    'experiment_name': TEXT,
    'runner_type': TEXT,
}

# Variables that most files have and that must not be taken for a misspelt setting.
COMMON_VARIABLES = {'train_pipeline', 'val_pipeline', 'test_pipeline'}

# An argument of this name holds an object, or a list of objects, of that registry.
PART_REGISTRIES = {
    'backbone': MODELS,
    'neck': MODELS,
    'decode_head': MODELS,
    'auxiliary_head': MODELS,
    'segmentor': MODELS,
    'loss_decode': MODELS,
    'data_preprocessor': MODELS,
    'norm_cfg': MODELS,
    'conv_cfg': MODELS,
    'act_cfg': MODELS,
    'upsample_cfg': MODELS,
    'init_cfg': WEIGHT_INITIALIZERS,
    'override': WEIGHT_INITIALIZERS,  # of one submodule, inside an init_cfg
    'dataset': DATASETS,
    'datasets': DATASETS,
    'pipeline': TRANSFORMS,
    'transforms': TRANSFORMS,
    'metrics': METRICS,
    'optimizer': OPTIMIZERS,
    'vis_backends': VISBACKENDS,
    'visualizer': VISUALIZERS,
    'sampler': MODELS,  # of pixels, in a head; a loader's sampler is looked up on its own
}

# Layers are built by mmcv, which fills in channels and takes these for itself.
LAYER_PARTS = {
    'norm_cfg': {'requires_grad'}, 'conv_cfg': set(), 'act_cfg': {'inplace'},
    'upsample_cfg': set(),
}  # fmt: skip

# Keys that such an argument's object may have beyond those of its class.
PART_EXTRAS = {**LAYER_PARTS, 'init_cfg': {'first_conv', 'override'}, 'override': {'name'}}

# Arguments that hold free dicts, in which a key `type` names no registered class.
FREE_PARTS = {
    'metainfo', 'color_table', 'label_map', 'backend_args', 'file_client_args', 'clip_grad',
    'paramwise_cfg',
}  # fmt: skip

# Dicts with a fixed set of keys that are near-miss checked, by the argument that holds them.
KEYED_PARTS = {
    'data_prefix': ('img_path', 'seg_map_path'),
    'metainfo': ('classes', 'palette'),
    'color_table': ('colors', 'ignore', 'stray'),
    'test_cfg': ('mode', 'crop_size', 'stride', 'batch_size'),
    'paramwise_cfg': (
        'custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'flat_decay_mult',
        'dwconv_decay_mult', 'dcn_offset_lr_mult', 'bypass_duplicate',
    ),
}  # fmt: skip

# Classes that hand their **kwargs to another: the argument that names it, and its default.
FORWARDS = {'EMAHook': ('ema_type', 'ExponentialMovingAverage', MODELS)}

# Arguments that the program, not the config, hands to a constructor.
INJECTED = {
    'self', 'runner', 'dataloader', 'evaluator', 'dataset', 'sampler', 'batch_size', 'seed',
    'params', 'optimizer', 'module', 'model', 'save_dir', 'data_preprocessor', 'context',
}  # fmt: skip

DEFAULT_HOOKS = (
    'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint',
    'visualization',
)  # fmt: skip
