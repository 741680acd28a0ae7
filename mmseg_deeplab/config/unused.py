"""Variables of a child file that come too late: its base has already used the old value."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mmengine.config import Config

from mmseg_deeplab.config.bases import TEXT_ENCODING, text_files
from mmseg_deeplab.config.legacy import is_legacy
from mmseg_deeplab.config.options import is_setting, places
from mmseg_deeplab.registry import PEER_SCOPE
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once


def refuse_late_variables(path: Path, config: Config) -> None:
    """Refuse a file that sets a variable of its base again without using it.

    A base's ``vis_backends`` has been put into its ``visualizer`` by the time that the child is
    read, so setting it there alone changes nothing. A file that was written for MMSegmentation,
    where it changed nothing either and nobody said so, is warned of and read.

    Args:
        path: A config file whose chain of bases is whole.
        config: What was read from it.

    Raises:
        ConfigError: The new value stands nowhere; the message says what to set instead.
    """
    files = text_files(path)
    texts = {file: file.read_text(**TEXT_ENCODING) for file in files}
    names = {file: _names(text) for file, text in texts.items()}
    foreign = config.get('default_scope') == PEER_SCOPE or is_legacy(config)
    bases = {file: text_files(file)[1:] for file in files}
    for file, (assigned, read) in names.items():
        below = bases[file]
        above = [other for other in files if file in bases[other]]
        for name in sorted(assigned - read):
            if is_setting(name) or name not in config:
                continue
            used_by_base = any(name in names[base][0] for base in below) and any(
                name in names[base][1] or _quotes(texts[base], name) for base in below
            )
            quoted_later = any(_quotes(texts[other], name) for other in above)
            if used_by_base and not quoted_later and not _took_effect(config, name):
                message = (
                    f'config {file}: {name} is a variable that its base has already used, so '
                    f'setting it here changes nothing; {_instead(name)}'
                )
                if not foreign:
                    raise ConfigError(message)
                warn_once(message)


def _quotes(text: str, name: str) -> bool:
    return re.search(rf'_base_\.{re.escape(name)}\b', text) is not None


def _names(text: str) -> tuple[set[str], set[str]]:
    """The variables that a file sets at its top level, and the names that it reads."""
    tree = ast.parse(text)
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return assigned, {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _took_effect(config: Config, name: str) -> bool:
    if name == 'vis_backends':
        visualizer = config.get('visualizer')
        return not isinstance(visualizer, dict) or visualizer.get(name) == config[name]
    return bool(list(places(config._cfg_dict, config[name], '')))


def _instead(name: str) -> str:
    if name == 'vis_backends':
        return 'set visualizer=dict(vis_backends=[...])'
    return f'set the settings that it went into (as model=dict(...)), with the new {name} in them'
