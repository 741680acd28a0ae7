"""The state of a run as a checkpoint's content, and back."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

import mmengine
from mmengine.dist import get_world_size
from mmengine.model import is_model_wrapper
from torch import nn

from mmseg_deeplab.engine.fast_paths import go_on_as_before, is_fast
from mmseg_deeplab.engine.plain import hub_from_plain, hub_to_plain
from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.version import __version__

_INPUT_FACTS = ('bands', 'scaling', 'nodata', 'ground_resolution')  # from the data set
_NORMALISING = ('mean', 'std', 'bgr_to_rgb')  # from the model's data preprocessor


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside ``DistributedDataParallel``, or the model itself."""
    return model.module if is_model_wrapper(model) else model


def take_snapshot(
    runner: Any, meta: Mapping[str, Any], *, optimizer: bool, schedulers: bool
) -> dict[str, Any]:
    """Everything that a run needs to go on, in MMEngine's layout.

    Args:
        runner: The runner.
        meta: ``epoch`` and ``iter``, and whatever else is to be noted.
        optimizer: Include the optimiser's state.
        schedulers: Include the schedulers' state.
    """
    content: dict[str, Any] = {
        'meta': {**meta, **_meta(runner)},
        # A copy of the dict: hooks exchange entries of it.
        'state_dict': copy.copy(unwrapped(runner.model).state_dict()),
        'message_hub': hub_to_plain(runner.message_hub),
    }
    # MMEngine's hook notes them before a step, or when a run is resumed: not the same.
    content['message_hub']['runtime_info'].update(
        {key: meta[key] for key in ('iter', 'epoch') if key in meta}
    )
    if optimizer:
        content['optimizer'] = runner.optim_wrapper.state_dict()
    if schedulers and runner.param_schedulers is not None:
        content['param_schedulers'] = _each(runner.param_schedulers, lambda one: one.state_dict())
    return content


def restore(
    runner: Any, checkpoint: Mapping[str, Any], source: str, *, optimizer: bool, schedulers: bool
) -> None:
    """Bring a run to where a checkpoint was written; the weights are loaded already.

    Args:
        runner: The runner, with its training loop, optimiser and schedulers built.
        checkpoint: Of ours or of MMEngine.
        source: The file's name, for messages.
        optimizer: Restore the optimiser's state.
        schedulers: Restore the schedulers' state.

    Raises:
        CheckpointError: The checkpoint holds weights only, or another optimiser's state.
    """
    meta = checkpoint.get('meta', {})
    needed = ['message_hub', *(['optimizer'] if optimizer else [])]
    lacking = [key for key in needed if key not in checkpoint]
    lacking += [f'meta.{key}' for key in ('iter', 'epoch') if key not in meta]
    if lacking:
        raise CheckpointError(
            f'{source}: cannot be resumed, since it has no {", ".join(lacking)}; it is for '
            'testing, or for starting anew with load_from'
        )
    _warn_of_changes(runner, meta, source)
    was_fast = meta.get('mmseg_deeplab', {}).get('fast_convolutions')
    go_on_as_before(runner.model, runner.device, was_fast)
    runner.train_loop._epoch, runner.train_loop._iter = meta['epoch'], meta['iter']
    runner.message_hub.load_state_dict(hub_from_plain(checkpoint['message_hub']))
    if optimizer:
        try:
            runner.optim_wrapper.load_state_dict(checkpoint['optimizer'])
        except (ValueError, KeyError) as error:
            raise CheckpointError(
                f'{source}: its optimiser state does not fit the config ({error}); resume with '
                'the config that it was trained with, or start anew with load_from'
            ) from error
    if schedulers and 'param_schedulers' in checkpoint and runner.param_schedulers is not None:
        _load_schedulers(runner.param_schedulers, checkpoint['param_schedulers'], source)


def _meta(runner: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(
        cfg=runner.config_text,
        seed=runner.base_seed,
        experiment_name=runner.experiment_name,
        time=time.strftime('%Y%m%d_%H%M%S', time.localtime()),
        mmengine_version=mmengine.__version__,
    )
    dataset = runner.train_dataloader.dataset
    metainfo = getattr(dataset, 'metainfo', None)
    if metainfo is not None:
        found['dataset_meta'] = dict(metainfo)
    found['mmseg_deeplab'] = dict(
        version=__version__,
        input=_input_facts(runner, metainfo or {}),
        processes=get_world_size(),
        batch_size=_batch_size(runner),
        fast_convolutions=is_fast(runner.model),
    )
    return found


def _input_facts(runner: Any, metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """What prediction must know of the images: from the config and the data set."""
    model = runner.cfg.get('model')
    preprocessor = (model.get('data_preprocessor') if isinstance(model, dict) else None) or {}
    if not isinstance(preprocessor, dict):
        preprocessor = {}
    facts = {key: preprocessor.get(key) for key in _NORMALISING}
    facts.update({key: metainfo.get(key) for key in _INPUT_FACTS})
    return facts


def _batch_size(runner: Any) -> int | None:
    sampler = getattr(runner.train_dataloader, 'batch_sampler', None)
    return getattr(sampler, 'batch_size', None)


def _warn_of_changes(runner: Any, meta: Mapping[str, Any], source: str) -> None:
    """The order of samples goes on exactly only with the same processes and batches."""
    ours = meta.get('mmseg_deeplab', {})
    now = dict(processes=get_world_size(), batch_size=_batch_size(runner))
    for key, value in now.items():
        if key in ours and ours[key] != value:
            get_logger().warning(
                f'{source}: was trained with {key} {ours[key]}, now {value}; training goes on, '
                'but with other samples in each batch than it would have had'
            )
    trained_on = (meta.get('dataset_meta') or {}).get('classes')
    classes = (getattr(runner.train_dataloader.dataset, 'metainfo', None) or {}).get('classes')
    if trained_on and classes and list(trained_on) != list(classes):
        get_logger().warning(
            f'{source}: was trained on the classes {list(trained_on)}, the data set now has '
            f'{list(classes)}'
        )


def _each(schedulers: Any, function: Any) -> Any:
    if isinstance(schedulers, dict):
        return {name: [function(one) for one in group] for name, group in schedulers.items()}
    return [function(one) for one in schedulers]


def _load_schedulers(schedulers: Any, states: Any, source: str) -> None:
    groups = schedulers if isinstance(schedulers, dict) else {'': schedulers}
    saved = states if isinstance(states, dict) else {'': states}
    for name, group in groups.items():
        if len(saved.get(name, ())) != len(group):
            raise CheckpointError(
                f'{source}: has the state of {len(saved.get(name, ()))} param_schedulers, the '
                f'config {len(group)}; resume with the config that it was trained with'
            )
        for scheduler, state in zip(group, saved[name], strict=True):
            _load_scheduler(scheduler, state, source)


def _load_scheduler(scheduler: Any, state: Mapping[str, Any], source: str) -> None:
    """Restore one; where its settings are others now, they take effect or it is said."""
    pure = isinstance(scheduler, FactorLR)
    names = scheduler.settings() if pure else ('begin', 'end')
    now = {name: getattr(scheduler, name) for name in names}
    changed = {name: now[name] for name in names if state.get(name, now[name]) != now[name]}
    scheduler.load_state_dict(state)
    if not changed:
        return
    said = ', '.join(f'{name}={value} (was {state[name]})' for name, value in changed.items())
    if pure:
        scheduler.change(changed)
        message = f'goes on with {said}'
    else:
        message = f'keeps its saved length, not {said}; for another one start with load_from'
    get_logger().warning(f'{source}: {type(scheduler).__name__} {message}')
