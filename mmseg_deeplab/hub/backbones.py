"""Pretrained weights of backbones by the names that configs give them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from mmseg_deeplab.hub.addresses import as_path
from mmseg_deeplab.hub.catalogue import find_exact
from mmseg_deeplab.hub.fetching import fetch
from mmseg_deeplab.utils.errors import CheckpointError


def resolve_weights(uri: str | PathLike, *, offline: bool | None = None) -> Path:
    """The local file that a config's ``checkpoint`` or ``pretrained`` means; fetched if needed.

    Args:
        uri: Path or ``file://`` address of a file, ``open-mmlab://NAME``, ``mmcls://NAME``, ``torchvision://NAME``,
            ``timm/NAME``, ``hf://OWNER/REPOSITORY[@REVISION][/FILE]`` or a web address.
        offline: As for :func:`mmseg_deeplab.hub.fetch`.

    Raises:
        CheckpointError: There is no such file, or no source has it; the message says what to
            put where, and how to start without.
    """
    text = as_path(str(uri))
    path = Path(text).expanduser()
    if '://' not in text and (path.is_file() or not text.startswith('timm/')):
        if path.is_file():
            return path
        raise CheckpointError(f'pretrained weights {text!r} are not there; check the path')
    try:
        return fetch(text, offline=offline)
    except CheckpointError as error:
        row = find_exact(text)
        note = f'. {row.note}' if row and row.note else ''
        raise CheckpointError(
            f'{text}: {error}{note}. To start from random weights, set pretrained=None and '
            'init_cfg=None (in settings files of other systems MODEL.WEIGHTS "" or '
            'backbone_weights: null)'
        ) from error
