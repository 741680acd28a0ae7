"""What a checkpoint says of itself: MMCV's layout of 0.x, MMEngine's of 1.x, and ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OURS, ENGINE, OLD, BARE = 'mmseg_deeplab', 'MMEngine (1.x)', 'MMCV (0.x)', 'bare state dict'


def layout_of(checkpoint: Mapping[str, Any]) -> str:
    """Which program's layout a checkpoint has: ``OURS``, ``ENGINE``, ``OLD`` or ``BARE``.

    Args:
        checkpoint: As :func:`checkpoint.load_checkpoint` returns it.
    """
    meta = checkpoint.get('meta') or {}
    if 'mmseg_deeplab' in meta:
        return OURS
    if 'dataset_meta' in meta or 'mmengine_version' in meta:
        return ENGINE
    return OLD if 'CLASSES' in meta or 'mmcv_version' in meta else BARE


def dataset_meta_of(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint says of its classes: ``classes``, ``palette`` and what else there is.

    Args:
        checkpoint: As :func:`checkpoint.load_checkpoint` returns it; ``meta.dataset_meta`` of
            1.x files is looked at, with keys in lower or upper case, and ``meta.CLASSES`` and
            ``meta.PALETTE`` of 0.x files.

    Returns:
        An empty dict where it says nothing; ``classes`` is a tuple where there are names.
    """
    meta = checkpoint.get('meta') or {}
    found = meta.get('dataset_meta')
    if not found or not isinstance(found, Mapping):
        found = {key: meta[key] for key in ('CLASSES', 'PALETTE') if meta.get(key) is not None}
    found = {str(key).lower(): value for key, value in found.items()}
    classes = found.get('classes')
    if isinstance(classes, str):
        found['classes'] = (classes,)  # 0.x data sets of one class could note it as plain text
    elif classes is not None:
        found['classes'] = tuple(classes) if isinstance(classes, Iterable) else ()
    return found
