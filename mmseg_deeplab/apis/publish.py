"""Make files for others of a checkpoint: weights and what prediction needs, and a model card."""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from mmseg_deeplab.apis.checkpoint_facts import checkpoint_facts, last_scores, measured_scores
from mmseg_deeplab.apis.model_card import model_card
from mmseg_deeplab.engine.checkpoint import existing_file, load_checkpoint
from mmseg_deeplab.engine.plain import to_plain
from mmseg_deeplab.utils import safe_load, safetensors_file
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.files import write_bytes, write_text
from mmseg_deeplab.utils.weight_formats import FORMATS, PTH

_PRIVATE = ('env_info', 'hook_msgs')  # of the machine that trained, and of its folders
_SHOWN_DIGITS = 8
_STAMP = '%Y%m%d_%H%M%S'
_STAMPED = re.compile(r'_\d{8}_\d{6}$')


def publish_model(
    checkpoint: str | PathLike,
    out: str | PathLike,
    *,
    formats: Sequence[str] = ('pth',),
    scores: str | PathLike | Mapping[str, Any] | None = None,
    card: bool = True,
) -> list[Path]:
    """Write a checkpoint's weights and ``meta`` without the optimiser and the rest of the run.

    A ``.pth`` file holds nothing but plain values: ``torch.load(weights_only=True)`` reads it,
    and so do MMSegmentation 0.x and 1.x.

    Args:
        checkpoint: Of this package, MMEngine or MMCV.
        out: A path whose stem begins the names, or a folder (one that is there, or with a slash
            at the end), for the name of the run. Each file is ``STEM_DATE_TIME-DIGITS.SUFFIX``:
            when the checkpoint was written, and the first eight hexadecimal digits of the
            SHA-256 of this very file.
        formats: Any of ``'pth'`` and ``'safetensors'``.
        scores: For ``meta['scores']`` (percent) and the card: a ``metrics.json`` that a test
            wrote, or its content; the last validation's, if the checkpoint has them, if None.
        card: Also write a model card, ``STEM_DATE_TIME.md``.

    Returns:
        The files, in the order of ``formats``, then the card.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        ConfigError: A format or ``scores`` is wrong.
        DataError: A file cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ConfigError(f'formats must be some of {", ".join(FORMATS)}, got {list(formats)}')
    measured = _read_scores(scores)
    source = existing_file(str(checkpoint))
    content = load_checkpoint(source)
    stem = _stem(out, source, content)
    kept = _published(
        content, last_scores(content) if measured is None else measured_scores(measured)
    )
    written = [_write(stem, name, kept) for name in formats]
    if card:
        facts = checkpoint_facts(content)
        text = model_card(stem.name, facts, written, measured)
        written.append(write_text(stem.with_name(f'{stem.name}.md'), text))
    return written


def _published(content: Mapping[str, Any], scores: Mapping[str, float]) -> dict[str, Any]:
    state = content['state_dict']
    if any(key.startswith('module.') for key in state):
        state = OrderedDict((key.removeprefix('module.'), value) for key, value in state.items())
    meta = {key: value for key, value in (content.get('meta') or {}).items() if key not in _PRIVATE}
    if scores:
        meta['scores'] = scores
    return to_plain({'meta': meta, 'state_dict': state})


def _write(stem: Path, name: str, kept: Mapping[str, Any]) -> Path:
    if name == PTH:
        buffer = io.BytesIO()
        torch.save(kept, buffer)
        data = buffer.getvalue()
    else:
        noted = {'format': 'pt', safe_load.META_KEY: _json(kept['meta'])}
        data = safetensors_file.to_bytes(kept['state_dict'], noted)
    digits = hashlib.sha256(data).hexdigest()[:_SHOWN_DIGITS]
    return write_bytes(stem.with_name(f'{stem.name}-{digits}.{name}'), data)


def _json(meta: Mapping[str, Any]) -> str:
    def listed(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.tolist()
        raise CheckpointError(f'meta holds a {type(value).__name__}, which JSON cannot take')

    return json.dumps(meta, default=listed, ensure_ascii=False)


def _stem(wanted: str | PathLike, source: Path, content: Mapping[str, Any]) -> Path:
    meta = content.get('meta') or {}
    out = Path(wanted)
    if out.is_dir() or str(wanted).endswith('/'):
        run = meta.get('experiment_name') or Path(str(meta.get('exp_name') or source)).stem
        # the file's own word may hold folders, which must not lead out of the user's
        out = out / (Path(_STAMPED.sub('', str(run))).name or source.stem)
    elif out.suffix.removeprefix('.') in FORMATS:
        out = out.with_suffix('')
    return out.with_name(f'{out.name}_{_written_at(meta, source)}')


def _written_at(meta: Mapping[str, Any], source: Path) -> str:
    noted = str(meta.get('time', ''))
    for pattern in (_STAMP, '%a %b %d %H:%M:%S %Y'):  # of 1.x, and of 0.x files
        try:
            return time.strftime(_STAMP, time.strptime(noted, pattern))
        except ValueError:
            continue
    return time.strftime(_STAMP, time.localtime(source.stat().st_mtime))


def _read_scores(scores: str | PathLike | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if scores is None or isinstance(scores, Mapping):
        return scores
    try:
        found = json.loads(Path(scores).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f'{scores}: cannot be read as scores ({error}); give the metrics.json that a test wrote'
        ) from error
    if not isinstance(found, dict) or 'per_class' not in found:
        raise ConfigError(f'{scores}: is no metrics.json that a test wrote')
    return found
