"""Where the files that come with the package lie."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def config_root() -> Path:
    """The folder of shipped configs: ``configs/`` of a checkout, else the wheel's own copy.

    Returns:
        A folder that holds ``_base_``.
    """
    checkout = _PACKAGE.parent / 'configs'
    return checkout if (checkout / '_base_').is_dir() else _PACKAGE / '_configs'
