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
from mmseg_deeplab.config.foreign_yaml.sharing import share_of_batch
from mmseg_deeplab.utils.durations import Duration
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
    config: dict[str, Any] = {'_base_': _CONFIGS[keys.flag(f'{_MODEL}.use_plus', True)]}
    config['model'] = _model(keys, path, older='optimizers' not in tree)
    config['optim_wrapper'] = optimizer(keys, path)
    config |= length_and_loop(keys, path)
    config['param_scheduler'] = schedulers(keys, path)
    _loaders(config, keys, path)
    hooks = [dict(type='TimeToTrainHook', model=path.stem)]
    for name, options in named(keys, 'algorithms', path):
        _algorithm(name, options, config, hooks, path)
    config['custom_hooks'] = hooks
    config['randomness'] = dict(seed=keys.whole('seed', 17))
    keys.idle('give --work-dir, --resume or --load-from', *_RUN)
    keys.idle('the log is the one of this package', *_LOGS)
    keys.idle('a process computes its whole batch at once', 'grad_accum')
    keys.idle('the launcher decides', *_MACHINE)
    keys.idle('the loader has its own', *(f'dataloader.{name}' for name in _LOADER))
    keys.done()
    return {**config, NOTES: keys.notes}


def _model(keys: Keys, path: Path, *, older: bool) -> dict[str, Any]:
    depth = _DEPTHS[keys.choice(f'{_MODEL}.backbone_arch', _DEPTHS, 'resnet101')]
    names = keys.texts(f'{_MODEL}.initializers', None) or []
    source = _weights(keys, depth, older=older)
    kind = 'SyncBN' if keys.flag(f'{_MODEL}.sync_bn', True) else 'BN'
    entropy = keys.number(f'{_MODEL}.cross_entropy_weight', 1.0, least=0)
    dice = keys.number(f'{_MODEL}.dice_weight', 0.0, least=0)
    losses = [
        dict(type='CrossEntropyLoss', loss_weight=entropy, avg_non_ignore=True),
        dict(type='BatchDiceLoss', loss_weight=dice),
    ]
    losses = [loss for loss in losses if loss['loss_weight'] > 0]
    if not losses:
        raise ConfigError(
            f'{path}: one of cross_entropy_weight and dice_weight must be above 0, got both 0'
        )
    keys.idle('255 is the label that is ignored', f'{_MODEL}.ignore_index')
    init = dict(type='ComposerInit', names=names) if names else None
    norm = dict(type=kind, requires_grad=True)
    head = dict(
        num_classes=keys.whole(f'{_MODEL}.num_classes', least=1),
        norm_cfg=norm,
        loss_decode=losses if len(losses) > 1 else dict(losses[0], _delete_=True),
        init_cfg=None if source is None else init,
    )
    model = dict(pretrained=source, backbone=dict(depth=depth, norm_cfg=norm), decode_head=head)
    # without weights, the whole network is initialised
    return model if source is not None else {**model, 'init_cfg': init}


def _weights(keys: Keys, depth: int, *, older: bool) -> str | None:
    """Where the backbone's weights come from; before Composer 0.9 it had some by default."""
    known = {
        'IMAGENET1K_V1': f'torchvision://resnet{depth}',
        'IMAGENET1K_V2': _WEIGHTS_V2[depth],
    }
    newer = keys.choice(f'{_MODEL}.backbone_weights', known, None)
    url = keys.text(f'{_MODEL}.backbone_url', None)
    pretrained = keys.flag(f'{_MODEL}.is_backbone_pretrained', older or bool(url))
    if newer is not None:
        return known[newer]
    return (url or f'torchvision://resnet{depth}') if pretrained else None


def _loaders(config: dict[str, Any], keys: Keys, path: Path) -> None:
    workers = keys.whole('dataloader.num_workers', 8)
    for side, batch in (('train', 'train_batch_size'), ('val', 'eval_batch_size')):
        size = share_of_batch(keys, batch, 16)
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
        value = keys.text(f'{name}.{setting}', None)
        if value is not None:
            found[ours] = value
    return found


def _algorithm(name: str, given: Keys, config: dict[str, Any], hooks: list, path: Path) -> None:
    """One of the recipe's methods: a hook, a wrapper or an augmentation."""
    section = f'algorithms.{name}'
    if name == 'channels_last':
        hooks.append(dict(type='ChannelsLastHook'))
    elif name == 'ema':
        average: dict[str, Any] = dict(type='HalfLifeEMAHook')
        for option in ('half_life', 'update_interval', 'ema_start'):
            if (key := f'{section}.{option}') in given:
                average[option] = given.take(key)
                if average[option] is not None:
                    start = option == 'ema_start'
                    Duration.parse(average[option], f'{path}: {key}', parts=start)
        if (key := f'{section}.smoothing') in given:
            average['smoothing'] = given.number(key, None, above=0)
        hooks.append(average)
    elif name == 'sam':
        given.take(f'{section}.epsilon', None)
        wrapper = config['optim_wrapper']
        amp = wrapper['type'] == 'AmpOptimWrapper'
        rho = given.number(f'{section}.rho', 0.05, above=0)
        interval = given.whole(f'{section}.interval', 1, least=1)
        wrapper.update(type='SAMOptimWrapper', amp=amp, rho=rho, interval=interval)
    elif name == 'mixup':
        given.take(f'{section}.interpolate_loss', None)
        classes = config['model']['decode_head']['num_classes']
        mixed = dict(
            type='MixUp',
            alpha=given.number(f'{section}.alpha', 0.2, least=0),
            num_classes=given.whole(f'{section}.num_classes', classes, least=1),
        )
        config['model']['data_preprocessor'] = dict(batch_augments=mixed)
    else:
        raise ConfigError(
            f'{path}: algorithms must be channels_last, ema, sam or mixup, got {name}'
        )
    given.done()
