"""Write a config file anew: in today's form, without bases."""

from __future__ import annotations

import textwrap
from os import PathLike
from pathlib import Path

from mmengine.config import Config

from mmseg_deeplab.config.bases import YAML_SUFFIXES
from mmseg_deeplab.config.legacy import convert_legacy, is_legacy
from mmseg_deeplab.config.load import find_config, read_config
from mmseg_deeplab.config.normalize import normalize_config
from mmseg_deeplab.config.render import WIDTH, render_config
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.files import write_text


def rewrite_config(
    old: str | PathLike, new: str | PathLike, *, overwrite: bool = False
) -> list[str]:
    """Write a config in today's form, with its bases merged in.

    The text is read back and compared before it is written.

    Args:
        old: A config of 0.x or of today: a path, or the name of a shipped one.
        new: The file to write, ending in ``.py``.
        overwrite: Replace a file that is there.

    Returns:
        Remarks on what differs from the old one; they also stand in the file.

    Raises:
        ConfigError: ``old`` cannot be read or converted, or ``new`` is there.
        DataError: The file cannot be written.
    """
    source, target = find_config(old), Path(new)
    if target.suffix != '.py':
        raise ConfigError(f'{target}: the new config must end in .py')
    if target.exists() and not overwrite:
        raise ConfigError(f'{target} exists; name another file, or say --overwrite')
    config, notes = read_config(source), []
    system = '' if source.suffix in YAML_SUFFIXES else ' of MMSegmentation 1.x'
    header = f'{source.name}{system}, with its bases merged in.'
    if is_legacy(config):
        config, notes = convert_legacy(config)
        header = (
            f"{source.name}, converted from the form of MMSegmentation 0.x to today's.\n"
            'Its bases are merged in. What may differ: docs/foreign_configs.md.'
        )
    config = normalize_config(config)
    paragraphs = [*header.splitlines(), *(f'- {note}' for note in notes)]
    text = render_config(config, '\n'.join(textwrap.fill(p, WIDTH - 2) for p in paragraphs))
    if Config.fromstring(text, '.py').to_dict() != config.to_dict():
        raise ConfigError(f'{source}: what was written would not be read back as it is; not saved')
    write_text(target, text)
    return notes
