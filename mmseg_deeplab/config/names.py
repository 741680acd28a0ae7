"""The shipped configs by name."""

from __future__ import annotations

from pathlib import Path

from mmseg_deeplab.utils.paths import config_root


def shipped_configs() -> dict[str, Path]:
    """The files of the shipped configs by their names, without those that are only bases."""
    files = sorted(config_root().rglob('*.py'))
    return {file.stem: file for file in files if '_base_' not in file.parts}
