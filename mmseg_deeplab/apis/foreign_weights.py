"""Weight files of other DeepLab systems to checkpoints of this one, and back."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor

from mmseg_deeplab.apis.building import model_without_memory
from mmseg_deeplab.apis.model_meta import meta_of_config
from mmseg_deeplab.config import load_config
from mmseg_deeplab.engine.checkpoint import existing_file, load_checkpoint
from mmseg_deeplab.engine.load_state import fit_state
from mmseg_deeplab.engine.plain import to_plain
from mmseg_deeplab.hub.foreign import (
    BACKBONE,
    Weights,
    foreign_format,
    named_weights,
    read_weights,
)
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.files import file_hash, write_bytes
from mmseg_deeplab.version import __version__


class Converted(NamedTuple):
    """What :func:`convert_weights` has made.

    Attributes:
        path: The checkpoint.
        system: Whose weights they were.
        config: The config whose model they fit; a path or the name of a shipped one.
        part: ``'model'`` or ``'backbone'``.
        entries: In the checkpoint.
        found: In the source; counters of batches, and a classifier of images, make the difference.
    """

    path: Path
    system: str
    config: str
    part: str
    entries: int
    found: int


def convert_weights(
    source: str | PathLike,
    out: str | PathLike,
    *,
    wanted: str | None = None,
    config: str | PathLike | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    note: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Converted:
    """Write another system's weight file as a checkpoint of ours.

    The model of the config is built without memory, and every name and shape is compared with
    it in both directions. The checkpoint's ``meta`` has the classes and the config, and under
    ``converted_from`` the file's name, system and sha256.

    Args:
        source: The file, its address, or its name in the catalogue; nothing in it is run.
        out: The ``.pth`` file to write.
        wanted: The format it must have, one of :data:`hub.foreign.FORMATS`; None finds out.
        config: The config that it is for; None takes the one that the names and shapes tell.
        cfg_options: Changes of the config, dotted keys and values.
        note: Goes to ``converted_from`` as well; plain values.
        overwrite: Replace a file that is there.

    Raises:
        CheckpointError: The source is missing, truncated, unsafe, of another system, or does not
            fit the config's model.
        ConfigError: The config is wrong, or ``out`` is there.
        DataError: ``out`` cannot be written.
    """
    target = _free(out, overwrite)
    path = existing_file(source)
    weights = read_weights(path, wanted)
    if weights is None:
        raise CheckpointError(
            f'{path}: these are no weights of another system known here; a checkpoint of ours '
            'needs no conversion, and --to SYSTEM gives it to another one'
        )
    options = {**weights.target.options, **(cfg_options or {})}
    name = str(config or weights.target.config)
    loaded = load_config(name, options)
    state = checked_state(weights, loaded, str(path))
    origin = {
        'file': path.name,
        'system': foreign_format(weights.format).NAME,
        'sha256': file_hash(path),
        **(note or {}),
    }
    meta: dict[str, Any] = {
        'mmseg_deeplab': {'version': __version__},
        'converted_from': origin,
        'time': time.strftime('%Y%m%d_%H%M%S', time.localtime(path.stat().st_mtime)),
    }
    if weights.target.part != BACKBONE:
        known = meta_of_config(loaded)
        if len(known.get('classes') or ()) == loaded.model.decode_head.num_classes:
            meta['dataset_meta'] = known
        meta['cfg'] = loaded.pretty_text
    _write(target, {'meta': meta, 'state_dict': state})
    found = len(weights.source.state)
    return Converted(target, origin['system'], name, weights.target.part, len(state), found)


def export_weights(
    checkpoint: str | PathLike,
    out: str | PathLike,
    *,
    system: str,
    config: str | PathLike | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a checkpoint's weights in another system's format, under its names.

    All names and shapes are compared with the model of that system first.

    Args:
        checkpoint: Of a model that the system has.
        out: The file to write.
        system: The format, one of :data:`hub.foreign.FORMATS` with a way back.
        config: The config of the model; None takes the one that names and shapes tell.
        cfg_options: Changes of the config, dotted keys and values.
        overwrite: Replace a file that is there.

    Raises:
        CheckpointError: The checkpoint cannot be read, is of a model that the system does not
            have, or the format cannot be written.
        ConfigError: ``out`` is there, or the config is wrong.
        DataError: ``out`` cannot be written.
    """
    target = _free(out, overwrite)
    path = existing_file(checkpoint)
    module = foreign_format(system)
    if not hasattr(module, 'from_ours'):
        raise CheckpointError(f'weights cannot be given back to {module.NAME}')
    state = load_checkpoint(path)['state_dict']
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    try:
        theirs = module.from_ours(state)
    except CheckpointError as error:
        raise CheckpointError(f'{path}: {error}') from error
    weights = named_weights(system, theirs, path)
    options = {**weights.target.options, **(cfg_options or {})}
    name = str(config or weights.target.config)
    try:
        checked_state(weights, load_config(name, options), str(path))
    except CheckpointError as error:
        raise CheckpointError(
            f'{error}. It must be the model of {module.NAME}; compared with {name}'
        ) from error
    if hasattr(module, 'write'):
        module.write(target, theirs)
    else:
        _write(target, theirs)
    return target


def checked_state(weights: Weights, config: Config, source: str) -> dict[str, Tensor]:
    """A foreign file's entries, after all names and shapes were compared with a config's model.

    Args:
        weights: From :func:`hub.foreign.read_weights`.
        config: The config.
        source: The file's name, for messages.

    Returns:
        The entries under our names; counters of batches, which some systems do not keep, may
        be missing.

    Raises:
        CheckpointError: One is missing, left over, or of another shape.
    """
    model = model_without_memory(config)
    check = getattr(foreign_format(weights.format), 'check_model', None)
    if check is not None:  # a format that also states settings of layers
        try:
            check(weights.source, model)
        except CheckpointError as error:
            raise CheckpointError(f'{source}: {error}') from error
    if weights.target.part == BACKBONE:
        model = model.backbone
    fit_state(model, weights.state, source=source, need_auxiliary=True)
    return weights.state


def _free(out: str | PathLike, overwrite: bool) -> Path:
    target = Path(out)
    if target.exists() and not overwrite:
        raise ConfigError(f'{target} exists; name another file, or say --overwrite')
    return target


def _write(path: Path, content: Any) -> None:
    buffer = io.BytesIO()
    torch.save(to_plain(content), buffer)
    write_bytes(path, buffer.getvalue())
