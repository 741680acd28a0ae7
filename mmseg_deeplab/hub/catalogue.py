"""The published files as data: ``models.csv`` has one row for each; add rows for other systems."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from mmseg_deeplab.utils.config_names import known_config
from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.weight_formats import SAFETENSORS_SUFFIX

FILE = Path(__file__).with_name('models.csv')
_SUFFIXES = ('.py', '.pth', '.pt', SAFETENSORS_SUFFIX, '.pkl', '.ckpt', '.caffemodel')
# whose files hold other names than ours, and are converted
_OTHER_SYSTEMS = ('Detectron2', 'Composer', 'MindCV', 'deeplab-pytorch', 'Caffe')
_SHOWN = 12
# what people write for what the names contain
_SYNONYMS = {
    'v3+': 'deeplabv3plus',
    'v3plus': 'deeplabv3plus',
    'deeplabv3+': 'deeplabv3plus',
    'v3': 'deeplabv3',
    'fp16': 'amp',
    'mobilenetv2': 'mobilenet',
    'mobilenet_v2': 'mobilenet',
}
_DEPTH = re.compile(r'^(?:resnet|r)-?(\d+b?)$')


@dataclass(frozen=True)
class Row:
    """One published file, or one config or score without a file. Every field is text or ''.

    Attributes:
        system: Who published it, ``MMSegmentation``, ``OpenMMLab``, ``torchvision``, ...
        kind: ``model`` (a segmentor with its config), ``backbone``, or ``file`` (a further file of
            a model that another row has, found by its aliases alone).
        config: Name of the config, without suffix; '' for backbones and files.
        old_name: 0.x name of the same config.
        aliases: Further names, separated by blanks: URIs of backbones, upstream misspellings.
        url: Where it was published; '' if no file was. ``X.zip#FILE`` is a file in an archive.
        alternatives: Further addresses of the same weights, separated by blanks.
        log_url: Of the training log.
        dataset: What it was trained and scored on.
        backbone: ``R-50-D8``, ...
        method: ``DeepLabV3``, ``DeepLabV3+``, ``UNet + DeepLabV3``.
        crop: Height x width of the training crop, ``512x1024``.
        iters: Training iterations.
        memory_gb: Peak GPU memory of training as published.
        fps: Images per second of inference as published.
        hardware: Which GPU both were measured on.
        miou: Published mean IoU in percent.
        miou_ms_flip: The same with several scales and flips.
        mdice: Published mean Dice in percent, for the retina data sets.
        dice: Published Dice of the foreground.
        source: Page that the figures come from.
        note: What a reader should know, such as an error of the source that is mended here.
    """

    system: str
    kind: str
    config: str
    old_name: str
    aliases: str
    url: str
    alternatives: str
    log_url: str
    dataset: str
    backbone: str
    method: str
    crop: str
    iters: str
    memory_gb: str
    fps: str
    hardware: str
    miou: str
    miou_ms_flip: str
    mdice: str
    dice: str
    source: str
    note: str

    @property
    def name(self) -> str:
        """The config; of a backbone or file the first alias."""
        return self.config or self.aliases.split()[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that means this row and no other."""
        file = self.url.rsplit('/', 1)[-1]
        every = (self.config, self.old_name, *self.aliases.split(), file, _without_suffix(file))
        return tuple(name for name in every if name)

    @property
    def is_foreign(self) -> bool:
        """Whether the file has another system's names, so that it is to be converted."""
        return self.system in _OTHER_SYSTEMS

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the file may be had, the place of publication first; none if there is no file."""
        return tuple(address for address in (self.url, *self.alternatives.split()) if address)


@lru_cache
def catalogue() -> tuple[Row, ...]:
    """All rows of ``models.csv`` in their order.

    Raises:
        CheckpointError: The file has other columns than :class:`Row`.
    """
    wanted = [field.name for field in fields(Row)]
    with FILE.open(encoding='utf-8', newline='') as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != wanted:
            raise CheckpointError(f'{FILE} must have the columns {wanted}, got {reader.fieldnames}')
        return tuple(Row(**line) for line in reader)


def find_exact(name: str) -> Row | None:
    """The row with this very name (config, 0.x name, alias or file), upper or lower case.

    A config has the names that :func:`known_config` knows, as everywhere a config is asked for.
    """
    by_name = _by_name()
    row = by_name.get(name.strip().lower()) or by_name.get(_without_suffix(name).lower())
    if row is None:
        config = known_config(name, [row.config for row in catalogue() if row.config])
        row = by_name[config.lower()] if config else None
    return row


def find_model(words: str) -> Row:
    """The one row that a name or a few words mean.

    Rows with a published file go before those without, so ``r50 loveda`` is the zoo's model
    although two domain adaptation scores have these words as well.

    Args:
        words: 1.x name, 0.x name or file name, with or without suffix; or words that single
            one out, such as ``r50 loveda`` or ``v3+ r101 cityscapes 769x769 80k``.

    Raises:
        CheckpointError: None fits, or several do; near misses or the several are listed.
    """
    exact = find_exact(words)
    if exact is not None:
        return exact
    fitting = _fitting(words.lower().split())
    published = [row for row in fitting if row.url]
    for rows in (published, fitting):
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise CheckpointError(
                f'{words!r} means {len(rows)} models: {_listed(rows)}; add a word'
            )
    raise CheckpointError(_no_such(words))


def _fitting(words: Sequence[str]) -> list[Row]:
    """Models that have every word."""
    return [row for row, count in _counted(words) if count == len(words)]


def _counted(words: Sequence[str]) -> list[tuple[Row, int]]:
    """All models, and how many of the words each has.

    A word is a whole part of a name if it is one of any model, else the start of a part: so
    ``deeplabv3`` never means ``deeplabv3plus``, and ``ade`` means ``ade20k``.
    """
    models = [(row, _parts(row)) for row in catalogue() if row.kind == 'model']
    every = set().union(*(parts for _, parts in models))
    wanted = []
    for word in words:
        spelt = _DEPTH.sub(r'r\1', _SYNONYMS.get(word, word))
        starts = {part for part in every if part.startswith(spelt)}
        wanted.append({spelt} if spelt in every else starts)
    return [(row, sum(not parts.isdisjoint(word) for word in wanted)) for row, parts in models]


def _parts(row: Row) -> set[str]:
    aliases = ' '.join(alias for alias in row.aliases.split() if '://' not in alias)
    text = f'{row.config} {row.old_name} {aliases} {row.dataset} {row.iters}'.lower()
    parts = set(re.split(r'[\s_-]+', text))
    return parts | set(re.split(r'[\s_]+', text))  # `coco-stuff164k`, `r101-d8` as well


def _no_such(words: str) -> str:
    from mmseg_deeplab.registry import nearest_names

    known = {_without_suffix(name) for row in catalogue() for name in row.names}
    near = nearest_names(_without_suffix(words), known, _SHOWN // 2)
    if near and len(words.split()) == 1:
        return f'no published model is called {words!r}; near: {", ".join(near)}'
    hints, mended = _mended(words.lower().split())
    some = _nearest(mended)
    if some:
        return f'no published model has all of {words!r}{hints}; some have a part: {_listed(some)}'
    sets = sorted({row.dataset for row in catalogue() if row.kind == 'model'})
    return (
        f'no published model is called {words!r}; give a config name, or words such as '
        f'"r50 loveda". There are models of {", ".join(sets)}'
    )


def _mended(words: Sequence[str]) -> tuple[str, list[str]]:
    """What to say of the words that no model has, and all words with those put right."""
    from mmseg_deeplab.registry import nearest_names

    every = set().union(*(_parts(row) for row in catalogue() if row.kind == 'model'))
    hints, mended = '', []
    for word in words:
        near = [] if _fitting([word]) else nearest_names(word, every, 1)
        mended += near or [word]
        if not _fitting([word]):
            hints += f'; no word like {word!r}' + ''.join(f', did you mean {n}?' for n in near)
    return hints, mended


def _nearest(words: Sequence[str]) -> list[Row]:
    """The models that have the most of the words, at least one; those named most alike first."""
    counted = _counted(words)
    most = max((count for _, count in counted), default=0)
    likeness = difflib.SequenceMatcher(b=' '.join(words), autojunk=False)

    def unlike(row: Row) -> float:
        likeness.set_seq1(row.name)
        return -likeness.ratio()

    return sorted((row for row, count in counted if count == most > 0), key=unlike)


def _listed(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.name for row in rows))
    more = f', and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return ', '.join(names[:_SHOWN]) + more


def _without_suffix(name: str) -> str:
    """A name or path without folders and without the suffix of a config or weight file."""
    last = name.strip().replace('\\', '/').rsplit('/', 1)[-1] if '://' not in name else name
    for suffix in _SUFFIXES:
        last = last.removesuffix(suffix)
    return last


@lru_cache
def _by_name() -> dict[str, Row]:
    return {name.lower(): row for row in catalogue() for name in row.names}
