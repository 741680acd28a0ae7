"""Build everything that each config of a folder describes, the files as they are; print counts.

Usage: python benchmarks/foreign_configs.py FOLDER_OR_FILE... [--all]

Each config is read, checked, and built without data and without weights: the model (on PyTorch's
meta device, which holds no numbers), the pipelines and data sets, the optimiser with one step of
its schedules, the metrics, and test-time augmentation. Meant for the configs of somebody else's
checkout, such as MMSegmentation's own; the files are only read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper

from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.config.sections import LOADERS
from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.engine.optim import adapt_config
from mmseg_deeplab.registry import DATASETS, METRICS, MODELS, PARAM_SCHEDULERS

WRAPPERS = ('dataset', 'datasets')


def configs_below(places: Iterable[Path]) -> Iterator[Path]:
    """The config files of some folders, sorted, without those that are only bases."""
    for place in places:
        found = sorted(place.rglob('*.py')) if place.is_dir() else [place]
        yield from (path for path in found if '_base_' not in path.parts)


def build_all(path: Path) -> dict[str, Any]:
    """Build what a config file describes.

    Args:
        path: The file.

    Returns:
        What was built, by name: ``config``, ``model``, ``datasets``, ``optim_wrapper``,
        ``schedulers``, ``metrics``, ``tta``.
    """
    config = load_config(path)
    check_config(config)
    with torch.device('meta'):
        model = MODELS.build(config.model.to_dict())
    loaders = [name for name in LOADERS if config.get(name) is not None]
    built: dict[str, Any] = {
        'config': config,
        'model': model,
        'datasets': [DATASETS.build(_lazy(config[name].dataset)) for name in loaders],
        'metrics': [_metrics(config.get(f'{stage}_evaluator')) for stage in ('val', 'test')],
        'tta': _augmentation(config, model),
    }
    if config.get('optim_wrapper') is not None:
        built['optim_wrapper'], built['schedulers'] = _optimizer(config, model)
    return built


def _lazy(dataset: Any) -> Any:
    """A data set's config that looks for no files, wrapped ones included."""
    if isinstance(dataset, (list, tuple)):
        return [_lazy(inner) for inner in dataset]
    changed = {key: _lazy(dataset[key]) for key in WRAPPERS if key in dataset}
    return {**dataset, **changed, 'lazy_init': True}


def _metrics(evaluator: Any) -> list[Any]:
    if isinstance(evaluator, dict) and 'metrics' in evaluator:
        evaluator = evaluator['metrics']
    configs = evaluator if isinstance(evaluator, (list, tuple)) else [evaluator]
    metrics = [METRICS.build(config) for config in configs if config is not None]
    return Evaluator(metrics).metrics if metrics else []


def _augmentation(config: Config, model: torch.nn.Module) -> list[Any]:
    """The test-time augmentation model and its pipeline, where the config has them."""
    if config.get('tta_pipeline') is None:
        return []
    tta_model = MODELS.build({'type': 'SegTTAModel', **(config.get('tta_model') or {}),
                              'module': model})  # fmt: skip
    return [tta_model, *build_transforms(config.tta_pipeline)]


def _optimizer(config: Config, model: torch.nn.Module) -> tuple[Any, list[Any]]:
    wrapper = build_optim_wrapper(model, adapt_config(config.optim_wrapper, on_gpu=False))
    wanted = config.get('param_scheduler') or []
    wanted = wanted if isinstance(wanted, (list, tuple)) else [wanted]
    schedulers = [PARAM_SCHEDULERS.build(dict(s), default_args={'optimizer': wrapper.optimizer})
                  for s in wanted]  # fmt: skip
    wrapper.optimizer.step()  # without gradients: the schedulers want to come second
    for scheduler in schedulers:
        scheduler.step()
    return wrapper, schedulers


def main() -> int:
    """Build all and print; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('places', nargs='+', type=Path, metavar='FOLDER_OR_FILE')
    parser.add_argument('--all', action='store_true', help='print those that build, too')
    arguments = parser.parse_args()
    MMLogger.get_current_instance().setLevel('ERROR')  # remarks on single files are not the point
    done: dict[Path, list[bool]] = {}
    for path in configs_below(arguments.places):
        try:
            build_all(path)
            text = 'builds'
        except Exception as error:  # whatever it is, it is what the table is about
            text = f'{type(error).__name__}: {error}'
        done.setdefault(path.parent, []).append(text == 'builds')
        if arguments.all or text != 'builds':
            print(f'{path.parent.name}/{path.name}: {text}')
    for folder, results in done.items():
        print(f'{folder.name}: {sum(results)} of {len(results)} build')
    total = [result for results in done.values() for result in results]
    print(f'together: {sum(total)} of {len(total)} build')
    return 0 if total and all(total) else 1


if __name__ == '__main__':
    sys.exit(main())
