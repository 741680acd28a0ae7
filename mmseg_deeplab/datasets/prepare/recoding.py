"""Stored ids to other ids, and labels that are stored as MATLAB files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmseg_deeplab.datasets.mat_files import NoLabelMap, label_map
from mmseg_deeplab.datasets.prepare.archives import Member, MemberError

_UNKNOWN = 256


def recode(ids: np.ndarray, table: Mapping[int, int], member: Member) -> np.ndarray:
    """Translate ids.

    Args:
        ids: (H, W) of whole numbers 0 to 65535.
        table: Old id to new id, 0 to 255.
        member: Named in errors.

    Returns:
        (H, W) uint8.

    Raises:
        MemberError: An id is not in the table; it is named with its pixel count.
    """
    look_up = np.full(1 << 16, _UNKNOWN, dtype=np.uint16)
    look_up[list(table)] = list(table.values())
    found = look_up[ids]
    unknown = found == _UNKNOWN
    if unknown.any():
        values, counts = np.unique(ids[unknown], return_counts=True)
        pairs = list(zip(values.tolist(), counts.tolist(), strict=True))[:5]
        shown = ', '.join(f'{value} ({count} pixels)' for value, count in pairs)
        raise MemberError(f'{member}: ids that the data set does not have: {shown}')
    return found.astype(np.uint8)


def read_mat(member: Member, *keys: str) -> np.ndarray:
    """A label map of a MATLAB file.

    Args:
        member: The ``.mat`` file, up to version 7.
        keys: Name of the variable, then of the field if it is a structure.

    Returns:
        (H, W) uint16.

    Raises:
        MemberError: The file is damaged or has no such map.
        ConfigError: SciPy is not installed.
    """
    try:
        return label_map(member.read(), *keys)
    except NoLabelMap as error:
        raise MemberError(f'{member}: {error}') from error
