"""From a config in the form of MMSegmentation 0.x to one in today's form."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.config.legacy.data import (
    convert_data,
    convert_evaluation,
    has_labels,
)
from mmseg_deeplab.config.legacy.detect import SECTIONS
from mmseg_deeplab.config.legacy.pipelines import Facts, convert_testing, convert_training
from mmseg_deeplab.config.legacy.runtime import (
    SAME,
    convert_hooks,
    convert_runtime,
    convert_visualizer,
)
from mmseg_deeplab.config.legacy.schedule import (
    convert_optimizer,
    convert_schedule,
    training_length,
)
from mmseg_deeplab.config.options import is_setting, places
from mmseg_deeplab.config.walk import is_near_miss
from mmseg_deeplab.registry import SCOPE, nearest_names
from mmseg_deeplab.utils.errors import ConfigError

Section = dict[str, Any]

PIPELINES = ('train_pipeline', 'val_pipeline', 'test_pipeline')
MODEL_LOOPS = ('train_cfg', 'test_cfg')  # of the model, in files from before 0.6
RESULTS = 'work_dirs/format_results'
# All that is read from a config of 0.x; any other key is a variable of the file's author.
READ = {*SECTIONS, *SAME, *PIPELINES, *MODEL_LOOPS, 'model', 'default_scope'}


def convert_legacy(config: Config) -> tuple[Config, list[str]]:
    """A config in today's form that does what one of 0.x says.

    Args:
        config: For which :func:`is_legacy` is true; it is left as it is.

    Returns:
        The new config, with the old one's file name, and remarks on what differs.

    Raises:
        ConfigError: The old config asks for something that has no counterpart; the message
            names it and, where it is known, the file.
    """
    old = copy.deepcopy(config._cfg_dict.to_dict())
    try:
        new, notes = _convert(old)
    except ConfigError as error:
        raise ConfigError(f'config {config.filename or ""}: {error}') from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f'config {config.filename or ""} is in the form of MMSegmentation 0.x, but cannot be '
            f'converted: {type(error).__name__}: {error}'
        ) from error
    # the file's text stays that of the file
    return Config(new, cfg_text=config.text, filename=config.filename), notes


def refuse_misspelt(keys: Iterable[str]) -> None:
    """Refuse what is so like a section of 0.x that it must be meant for it.

    Args:
        keys: Of the top level.

    Raises:
        ConfigError: One of them is misspelt; the message names the nearest section.
    """
    for key in keys:
        near = [name for name in READ if is_near_miss(key, name)]
        if near and key not in READ and not is_setting(key):
            raise ConfigError(f'{key}: unknown key; did you mean {nearest_names(key, near)[0]}?')


def _convert(old: Section) -> tuple[Section, list[str]]:
    new = _variables(old)
    refuse_misspelt(key for key in new if not _is_used(old, key))
    facts = Facts()
    trains = 'optimizer' in old
    length, by_epoch = training_length(old) if trains else (0, False)
    loaders = convert_data(old.get('data') or {}, facts, by_epoch=by_epoch)
    pipelines = _free_pipelines(old, facts)
    new['default_scope'] = SCOPE
    new.update(pipelines)
    new['model'] = _model(old, facts)
    if not trains:
        loaders.pop('train_dataloader', None)
    new.update(loaders)
    new.update(_evaluators(old, loaders, facts))
    if trains:
        new['optim_wrapper'] = convert_optimizer(old, facts)
        new['param_scheduler'] = convert_schedule(old, length, by_epoch, facts)
        new['train_cfg'] = _train_loop(old, length, by_epoch)
    for stage in ('val', 'test'):
        if f'{stage}_dataloader' in loaders:
            new[f'{stage}_cfg'] = {'type': f'{stage.capitalize()}Loop'}
    new['default_hooks'] = convert_hooks(old, by_epoch=by_epoch)
    new['visualizer'] = convert_visualizer(old, facts)
    new['log_processor'] = {'by_epoch': by_epoch}
    new['tta_model'] = {'type': 'SegTTAModel'}
    new.update(convert_runtime(old, facts))
    return new, facts.notes


def _variables(old: Section) -> Section:
    """The file's own variables, which stay what they were."""
    return {key: value for key, value in old.items() if key not in READ}


def _is_used(old: Section, variable: str) -> bool:
    sections = (key for key in old if key in READ)
    return any(any(places(old[key], old[variable], key)) for key in sections)


def _free_pipelines(old: Section, facts: Facts) -> Section:
    """The variables that hold pipelines, which prediction reads as well."""
    found: Section = {}
    if old.get('train_pipeline'):
        found['train_pipeline'] = convert_training(old['train_pipeline'], facts)
    for name in PIPELINES[1:]:
        if old.get(name):
            found[name] = convert_testing(old[name], facts, labels=True)
    found.pop('val_pipeline', None)
    if facts.tta_pipeline is not None:
        found['tta_pipeline'] = facts.tta_pipeline
    return found


def _model(old: Section, facts: Facts) -> Section:
    model = dict(old.get('model') or {})
    if not model:
        return model
    for key in MODEL_LOOPS:  # once they stood beside the model
        if not isinstance(old.get(key), Mapping):
            continue
        if model.setdefault(key, old[key]) != old[key]:
            raise ConfigError(
                f'{key}={old[key]} beside the model and model.{key}={model[key]} contradict each '
                f'other; remove the {key} beside the model, or put what it says into model.{key}'
            )
    backbone = dict(model.get('backbone') or {})
    own = backbone.get('init_cfg')
    if model.get('pretrained') and isinstance(own, Mapping) and own.get('type') == 'Pretrained':
        facts.note(
            f"model.pretrained {model['pretrained']!r} gives way to the backbone's own init_cfg, "
            f'{own["checkpoint"]!r}; 0.x refused both together'
        )
        model['pretrained'] = own['checkpoint']
        del backbone['init_cfg']
        model['backbone'] = backbone
    preprocessor = dict(facts.preprocessor)
    if 'size' not in preprocessor and 'size_divisor' not in preprocessor:
        preprocessor['size_divisor'] = 1  # images of one batch had to be of one size
    ordered = {'type': model.pop('type', 'EncoderDecoder')}
    return {**ordered, 'data_preprocessor': {'type': 'SegDataPreProcessor', **preprocessor},
            **model}  # fmt: skip


def _evaluators(old: Section, loaders: Section, facts: Facts) -> Section:
    metric = convert_evaluation(old.get('evaluation') or {}, facts)
    found: Section = {}
    if 'val_dataloader' in loaders:
        found['val_evaluator'] = metric
    if 'test_dataloader' in loaders:
        if has_labels(loaders['test_dataloader']['dataset']):
            found['test_evaluator'] = dict(metric)
        else:
            facts.note(f'data.test has no labels: a test writes label maps to {RESULTS}')
            found['test_evaluator'] = {**metric, 'format_only': True, 'output_dir': RESULTS}
    return found


def _train_loop(old: Section, length: int, by_epoch: bool) -> Section:
    evaluation = old.get('evaluation') or {}
    saving = old.get('checkpoint_config') or {}
    interval = evaluation.get('interval') or saving.get('interval') or max(length // 10, 1)
    kind, unit = (
        ('EpochBasedTrainLoop', 'max_epochs') if by_epoch else ('IterBasedTrainLoop', 'max_iters')
    )
    begin = {} if evaluation.get('start') is None else {'val_begin': evaluation['start']}
    return {'type': kind, unit: length, **begin, 'val_interval': interval}
