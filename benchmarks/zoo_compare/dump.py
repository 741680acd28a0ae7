"""Write down what configs mean to one package: settings, defaults, model, data sets, as JSON.

Usage: python dump.py PACKAGE OUT.json CONFIG...

PACKAGE is mmseg or mmseg_deeplab; the interpreter must have it. Nothing is read but the configs:
models are built on PyTorch's meta device, data sets without their files.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
SECTIONS = (
    'model', *LOADERS, 'train_cfg', 'val_cfg', 'test_cfg', 'val_evaluator', 'test_evaluator',
    'optim_wrapper', 'param_scheduler', 'auto_scale_lr', 'default_hooks', 'custom_hooks',
    'tta_model', 'tta_pipeline', 'env_cfg', 'visualizer', 'log_processor', 'log_level',
    'load_from', 'resume', 'default_scope', 'randomness',
)  # fmt: skip
# Where a type is looked up, in this order; a layer of mmcv must not hide a transform.
REGISTRIES = (
    'TRANSFORMS', 'DATASETS', 'METRICS', 'HOOKS', 'VISUALIZERS', 'VISBACKENDS', 'OPTIM_WRAPPERS',
    'OPTIMIZERS', 'PARAM_SCHEDULERS', 'LOOPS', 'DATA_SAMPLERS', 'LOG_PROCESSORS', 'MODELS',
)  # fmt: skip
PARTS = ('backbone', 'decode_head', 'auxiliary_head', 'data_preprocessor')


def plain(value: Any) -> Any:
    """A value as JSON can hold it; other objects by their names."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f'<{getattr(value, "__name__", type(value).__name__)}>'


def facts(built: Any) -> dict[str, Any]:
    """The public attributes of an object that JSON can hold: its settings as it understood them."""
    held = {key: plain(value) for key, value in vars(built).items() if not key.startswith('_')}
    return {key: value for key, value in held.items() if '<' not in json.dumps(value)}


class Package:
    """One of the two packages: its registries, and what its classes take by default."""

    def __init__(self, name: str) -> None:
        self.name = name
        if name == 'mmseg':
            sys.path.append(str(Path(__file__).parents[1] / 'parity'))
            importlib.import_module('mmcv_ops_stub').install()
            importlib.import_module('mmseg.utils').register_all_modules()
        self.registry = importlib.import_module(f'{name}.registry')

    def read(self, path: str) -> Any:
        """The resolved config of a file."""
        if self.name == 'mmseg':
            from mmengine.config import Config

            return Config.fromfile(path)
        return importlib.import_module(f'{self.name}.config').load_config(path)

    def resolve(self, name: str) -> Any:
        """The class of a type, or None."""
        for registry in REGISTRIES:
            found = getattr(self.registry, registry).module_dict.get(name)
            found = found or self._lookup(registry, name)
            if found is not None:
                return found
        return None

    def _lookup(self, registry: str, name: str) -> Any:
        try:
            return getattr(self.registry, registry).get(name)
        except Exception:  # each package has its own error for an unknown name
            return None

    def defaults(self, name: str) -> dict[str, Any]:
        """What the constructor of a type takes when it is not told, along its bases."""
        target = self.resolve(name)
        found: dict[str, Any] = {}
        for base in getattr(target, '__mro__', [target]) if target else ():
            constructor = base.__dict__.get('__init__') if inspect.isclass(base) else base
            try:
                parameters = inspect.signature(constructor).parameters.values()
            except (TypeError, ValueError):
                continue
            for parameter in parameters:
                if parameter.default is not parameter.empty:
                    found.setdefault(parameter.name, plain(parameter.default))
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
        return found

    def described(self, value: Any) -> Any:
        """A setting, with each object's defaults beside its own arguments."""
        if isinstance(value, dict):
            result = {str(key): self.described(inner) for key, inner in value.items()}
            if isinstance(value.get('type'), str):
                result['type'] = value['type'].rsplit('.', 1)[-1]
                result = {'given': result, 'defaults': self.defaults(result['type'])}
            return result
        if isinstance(value, (list, tuple)):
            return [self.described(inner) for inner in value]
        return plain(value)

    def built(self, config: Any) -> dict[str, Any]:
        """The model's keys and shapes, attributes of its parts, tensors for each lr and decay."""
        import torch
        from mmengine.optim import build_optim_wrapper

        wanted = copy.deepcopy(config.model)
        with torch.device('meta'):
            model = self.registry.MODELS.build(wanted)
        # mixed precision wants a GPU; which parameters get which rate does not depend on it
        wrapper = {**config.optim_wrapper, 'type': 'OptimWrapper'}
        wrapper.pop('loss_scale', None)
        groups: dict[str, int] = {}
        for group in build_optim_wrapper(model, wrapper).optimizer.param_groups:
            key = f'lr {group["lr"]}, weight decay {group["weight_decay"]}'
            groups[key] = groups.get(key, 0) + len(group['params'])
        state = {key: list(value.shape) for key, value in model.state_dict().items()}
        parts = {name: facts(getattr(model, name)) for name in PARTS}
        return {'state_dict': state, 'groups': groups, 'parts': parts}

    def pipelines(self, config: Any) -> dict[str, Any]:
        """The public attributes of the built steps of each pipeline."""
        found = {'tta': config.tta_pipeline} if 'tta_pipeline' in config else {}
        for name in LOADERS:
            dataset = config[name].dataset
            while 'pipeline' not in dataset:
                dataset = dataset['dataset'] if 'dataset' in dataset else dataset['datasets'][0]
            found[name] = dataset['pipeline']
        build = self.registry.TRANSFORMS.build
        return {
            name: [facts(build(copy.deepcopy(step))) for step in steps]
            for name, steps in found.items()
        }

    def datasets(self, dataset: Any) -> list[dict[str, Any]]:
        """What each data set below a loader knows: classes, palette, suffixes, places."""
        if 'datasets' in dataset:
            return [fact for inner in dataset['datasets'] for fact in self.datasets(inner)]
        if 'dataset' in dataset:
            return self.datasets(dataset['dataset'])
        root = Path(dataset['data_root'])  # some of the original's insist on folders and lists
        for folder in dataset['data_prefix'].values():
            (root / folder).mkdir(parents=True, exist_ok=True)
        if dataset.get('ann_file'):
            (root / dataset['ann_file']).parent.mkdir(parents=True, exist_ok=True)
            (root / dataset['ann_file']).touch()
        built = self.registry.DATASETS.build({**copy.deepcopy(dataset), 'lazy_init': True})
        names = ('img_suffix', 'seg_map_suffix', 'reduce_zero_label', 'ignore_index')
        facts = {name: plain(getattr(built, name)) for name in names}
        places = {**built.data_prefix, 'ann_file': built.ann_file or ''}
        facts['places'] = {key: os.path.normpath(str(place)) for key, place in places.items()}
        facts['label_map'] = plain(built.label_map)
        meta = built.metainfo
        return [{**facts, 'classes': plain(meta['classes']), 'palette': plain(meta['palette'])}]


def describe(package: Package, path: str) -> dict[str, Any]:
    """All that one config means."""
    config = package.read(path)
    loaders = {name: package.datasets(config[name].dataset) for name in LOADERS}
    settings = {name: package.described(config[name]) for name in SECTIONS if name in config}
    return {
        'settings': settings,
        'datasets': loaders,
        'pipelines': package.pipelines(config),
        **package.built(config),
    }


def main() -> None:
    """Write the file; a config that fails has an ``error`` instead."""
    name, out, *paths = sys.argv[1:]
    warnings.filterwarnings('ignore')
    logging.disable(logging.WARNING)
    package = Package(name)
    paths = [str(Path(path).resolve()) for path in paths]
    out = Path(out).resolve()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for path in paths:
            try:
                result[Path(path).stem] = describe(package, path)
            except Exception as error:  # whatever it is, the comparison must say it
                result[Path(path).stem] = {'error': f'{type(error).__name__}: {error}'}
        os.chdir(out.parent)
    out.write_text(json.dumps(result), encoding='utf-8')


if __name__ == '__main__':
    main()
