"""Settings files of MosaicML's Composer for its DeepLab (``model: deeplabv3: ...``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmseg_deeplab.config.foreign_yaml.composer_run import (
    length_and_loop,
    named,
    optimizer,
    schedulers,
)
from mmseg_deeplab.config.foreign_yaml.keys import Keys
from mmseg_deeplab.config.foreign_yaml.sharing import share_out
from mmseg_deeplab.utils.errors import ConfigError

NAME = "MosaicML Composer's"
NOTES = '_notes_'
_MODEL = 'model.deeplabv3'
_CONFIGS = {
    True: 'deeplabv3plus_r101_typical-127ep_ade20k-512x512',
    False: 'deeplabv3_r101_typical-127ep_ade20k-512x512',
}
_DEPTHS = {'resnet50': 50, 'resnet101': 101, 'resnet152': 152}
_WEIGHTS_V2 = {
    50: 'https://download.pytorch.org/models/resnet50-11ad3fa6.pth',
    101: 'https://download.pytorch.org/models/resnet101-cd907fc2.pth',
    152: 'https://download.pytorch.org/models/resnet152-f82ba261.pth',
}
_RUN = (
    'run_name', 'save_folder', 'save_interval', 'save_num_checkpoints_to_keep', 'load_path',
    'load_weights_only', 'save_overwrite', 'load_strict_model_weights',
)  # fmt: skip
_LOGS = ('loggers', 'loggers.*', 'callbacks', 'callbacks.*', 'progress_bar', 'log_to_console')
_LOADER = ('pin_memory', 'timeout', 'prefetch_factor', 'persistent_workers')
_OTHER_DATA = ('streaming_ade20k', 'wds_ade20k', 'web_ade20k', 'synthetic_ade20k')
_MACHINE = ('device', 'device.*', 'dist_timeout', 'ddp_sync_strategy', 'deterministic_mode')


def recognises(tree: Mapping[str, Any]) -> bool:
    """Whether a file's content is of Composer's DeepLab.

    Args:
        tree: What stands in the file.
    """
    model = tree.get('model')
    return isinstance(model, Mapping) and 'deeplabv3' in model


def translate(tree: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A config with ``_base_``, and what the file changes of it.

    Args:
        tree: What stands in the file.
        path: The file, for messages.

    Raises:
        ConfigError: A key is unknown, or a value cannot be had here.
    """
    keys = Keys(tree, path)
    config: dict[str, Any] = {'_base_': _CONFIGS[keys.take(f'{_MODEL}.use_plus', True)]}
    config['model'] = _model(keys, path, older='optimizers' not in tree)
    config['optim_wrapper'] = optimizer(keys, path)
    config |= length_and_loop(keys, path)
    config['param_scheduler'] = schedulers(keys, path)
    _loaders(config, keys, path)
    hooks = [dict(type='TimeToTrainHook', model=path.stem)]
    for name, options in named(keys, 'algorithms', path):
        _algorithm(name, dict(options), config, hooks, path)
    config['custom_hooks'] = hooks
    config['randomness'] = dict(seed=keys.take('seed', 17))
    keys.idle('give --work-dir, --resume or --load-from', *_RUN)
    keys.idle('the log is the one of this package', *_LOGS)
    keys.idle('a process computes its whole batch at once', 'grad_accum')
    keys.idle('the launcher decides', *_MACHINE)
    keys.idle('the loader has its own', *(f'dataloader.{name}' for name in _LOADER))
    keys.done()
    return {**config, NOTES: keys.notes}


def _model(keys: Keys, path: Path, *, older: bool) -> dict[str, Any]:
    arch = keys.take(f'{_MODEL}.backbone_arch', 'resnet101')
    if arch not in _DEPTHS:
        raise ConfigError(f'{path}: backbone_arch must be one of {", ".join(_DEPTHS)}, got {arch}')
    depth, names = _DEPTHS[arch], keys.take(f'{_MODEL}.initializers', ()) or ()
    names = [names] if isinstance(names, str) else list(names)
    source = _weights(keys, depth, path, older=older)
    kind = 'SyncBN' if keys.take(f'{_MODEL}.sync_bn', True) else 'BN'
    entropy = keys.take(f'{_MODEL}.cross_entropy_weight', 1.0)
    dice = keys.take(f'{_MODEL}.dice_weight', 0.0)
    losses = [
        dict(type='CrossEntropyLoss', loss_weight=entropy, avg_non_ignore=True),
        dict(type='BatchDiceLoss', loss_weight=dice),
    ]
    losses = [loss for loss in losses if loss['loss_weight'] > 0]
    if not losses or min(entropy, dice) < 0:
        raise ConfigError(
            f'{path}: cross_entropy_weight and dice_weight must be 0 or more and not both 0, got '
            f'{entropy} and {dice}'
        )
    keys.idle('255 is the label that is ignored', f'{_MODEL}.ignore_index')
    init = dict(type='ComposerInit', names=names) if names else None
    norm = dict(type=kind, requires_grad=True)
    head = dict(
        num_classes=keys.take(f'{_MODEL}.num_classes'),
        norm_cfg=norm,
        loss_decode=losses if len(losses) > 1 else dict(losses[0], _delete_=True),
        init_cfg=None if source is None else init,
    )
    model = dict(pretrained=source, backbone=dict(depth=depth, norm_cfg=norm), decode_head=head)
    # without weights, the whole network is initialised
    return model if source is not None else {**model, 'init_cfg': init}


def _weights(keys: Keys, depth: int, path: Path, *, older: bool) -> str | None:
    """Where the backbone's weights come from; before Composer 0.9 it had some by default."""
    newer = keys.take(f'{_MODEL}.backbone_weights', None)
    url = keys.take(f'{_MODEL}.backbone_url', '')
    pretrained = keys.take(f'{_MODEL}.is_backbone_pretrained', older or bool(url))
    if newer is not None:
        known = {
            'IMAGENET1K_V1': f'torchvision://resnet{depth}',
            'IMAGENET1K_V2': _WEIGHTS_V2[depth],
        }
        if newer not in known:
            raise ConfigError(
                f'{path}: backbone_weights must be one of {", ".join(known)}, got {newer}'
            )
        return known[newer]
    return (url or f'torchvision://resnet{depth}') if pretrained else None


def _loaders(config: dict[str, Any], keys: Keys, path: Path) -> None:
    workers = keys.take('dataloader.num_workers', 8)
    for side, batch in (('train', 'train_batch_size'), ('val', 'eval_batch_size')):
        size = share_out(keys.take(batch, 16), batch)
        data = _dataset(keys, f'{side}_dataset', path)
        config[f'{side}_dataloader'] = dict(batch_size=size, num_workers=workers, dataset=data)
    config['test_dataloader'] = config['val_dataloader']


def _dataset(keys: Keys, section: str, path: Path) -> dict[str, Any]:
    for left_out in _OTHER_DATA:
        if keys.take_all(f'{section}.{left_out}'):
            raise ConfigError(
                f'{path}: {section}.{left_out} is left out here; write ade20k in its place, with '
                'the folder of the plain data set (images, annotations) under datadir'
            )
    name = f'{section}.ade20k'
    for setting, value in (('base_size', 512), ('final_size', 512), ('min_resize_scale', 0.5),
                           ('max_resize_scale', 2.0), ('ignore_background', True)):  # fmt: skip
        keys.only(f'{name}.{setting}', value, why='change the pipelines with --cfg-options')
    keys.only(f'{name}.drop_last', name.startswith('train'), why='the recipe needs it so')
    keys.only(f'{name}.shuffle', name.startswith('train'), why='the recipe needs it so')
    keys.idle('the data are read from their folder', f'{name}.use_synthetic',
              f'{name}.is_train', f'{name}.synthetic_num_unique_samples')  # fmt: skip
    found = {}
    for setting, ours in (('datadir', 'data_root'), ('split', 'split')):
        value = keys.take(f'{name}.{setting}', None)
        if value is not None:
            found[ours] = value
    return found


def _algorithm(
    name: str, options: dict[str, Any], config: dict[str, Any], hooks: list, path: Path
) -> None:
    """One of the recipe's methods: a hook, a wrapper or an augmentation."""
    if name == 'channels_last':
        hooks.append(dict(type='ChannelsLastHook'))
    elif name == 'ema':
        hooks.append(dict(type='HalfLifeEMAHook', **options))
    elif name == 'sam':
        options.pop('epsilon', None)
        wrapper = config['optim_wrapper']
        amp = wrapper['type'] == 'AmpOptimWrapper'
        wrapper.update(type='SAMOptimWrapper', amp=amp, **options)
    elif name == 'mixup':
        options.pop('interpolate_loss', None)
        classes = config['model']['decode_head']['num_classes']
        options.setdefault('num_classes', classes)
        config['model']['data_preprocessor'] = dict(batch_augments=dict(type='MixUp', **options))
    else:
        raise ConfigError(
            f'{path}: algorithms must be channels_last, ema, sam or mixup, got {name}'
        )
