"""Label maps in MATLAB files: COCO-Stuff 10k and SBD come so."""

from __future__ import annotations

import io

import numpy as np

from mmseg_deeplab.utils.errors import ConfigError

MAGIC = b'MATL'  # how files of versions 5 to 7 begin


class NoLabelMap(Exception):
    """A MATLAB file is damaged or has no such map; for the caller, who knows the file's name."""


def label_map(content: bytes, *keys: str) -> np.ndarray:
    """A label map in the content of a MATLAB file.

    Args:
        content: Of a ``.mat`` file, up to version 7.
        keys: Name of the variable, then of the field if it is a structure.

    Returns:
        (H, W) uint16.

    Raises:
        NoLabelMap: The file is damaged or has no such map.
        ConfigError: SciPy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ConfigError('reading .mat files needs SciPy: pip install scipy') from error
    name = '.'.join(keys)
    try:
        variables = loadmat(io.BytesIO(content), variable_names=[keys[0]])
    except Exception as error:  # SciPy's reader raises whatever its parser runs into
        reason = ' '.join(str(error).split())
        raise NoLabelMap(
            f'is truncated or damaged, so its label map {name} cannot be read ({reason}); copy or '
            'download it again'
        ) from error
    try:
        value = variables[keys[0]]
        for key in keys[1:]:
            value = value[0][key][0]
        array = np.asarray(value)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise NoLabelMap(f'holds no label map {name} ({error})') from error
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in 'uif':
        raise NoLabelMap(f'holds no label map {name} (it is {array.dtype} of {array.shape})')
    if array.min() < 0 or array.max() > 0xFFFF or np.any(array % 1):
        raise NoLabelMap(f'holds no label map {name} (numbers that are no ids)')
    return array.astype(np.uint16)
