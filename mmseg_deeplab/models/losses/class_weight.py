"""Class weights: a list in the config, or a file."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.utils.errors import ConfigError

_PICKLE_GLOBALS = {'_reconstruct', 'ndarray', 'dtype', 'scalar', '_frombuffer'}


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds lists, numbers and NumPy arrays; a pickle can call nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """NumPy's own constructors of arrays."""
        if module.split('.')[0] == 'numpy' and name in _PICKLE_GLOBALS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'it holds {module}.{name}, not only numbers')


def class_weight_tensor(class_weight: Sequence[float] | str | None) -> Tensor | None:
    """Class weights as a tensor.

    Args:
        class_weight: One number per class, or the path of a ``.npy``, ``.pkl``, ``.json``,
            ``.yaml`` or ``.yml`` file that holds such a list. No code in a file is run.

    Returns:
        (K,) float32, or None for None.

    Raises:
        ConfigError: The file is not there or of another kind, or the weights are not a list
            of finite numbers, zero or above.
    """
    if class_weight is None:
        return None
    origin = 'class_weight'
    if isinstance(class_weight, (str, Path)):
        origin = f'class_weight file {str(class_weight)!r}'
        class_weight = _read(Path(class_weight), origin)
    try:
        weights = torch.as_tensor(np.asarray(class_weight, dtype=np.float32).copy())
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{origin} must hold one number per class, got {class_weight}') from error
    if weights.dim() != 1 or not torch.isfinite(weights).all() or (weights < 0).any():
        raise ConfigError(
            f'{origin} must hold one finite number per class, zero or above, got {class_weight}'
        )
    return weights


def _read(path: Path, origin: str) -> Any:
    readers = {
        '.npy': lambda: np.load(path, allow_pickle=False),
        '.json': lambda: json.loads(path.read_text()),
        '.yaml': lambda: _read_yaml(path),
        '.yml': lambda: _read_yaml(path),
        '.pkl': lambda: _read_pickle(path),
        '.pickle': lambda: _read_pickle(path),
    }
    if path.suffix not in readers:
        raise ConfigError(f'{origin} must end in one of {", ".join(readers)}')
    if not path.is_file():
        raise ConfigError(f'{origin} is not there; check the path')
    try:
        return readers[path.suffix]()
    except (ValueError, EOFError, pickle.UnpicklingError) as error:
        raise ConfigError(f'{origin} cannot be read: {error}') from error


def _read_pickle(path: Path) -> Any:
    with path.open('rb') as file:
        return _ArrayUnpickler(file).load()


def _read_yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
