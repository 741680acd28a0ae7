"""Pipelines of 0.x: normalising and padding leave them, labels are loaded in testing too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmseg_deeplab.config.legacy.resizing import convert_resize, resize_view
from mmseg_deeplab.config.normalize import LOADING, with_backend
from mmseg_deeplab.utils.errors import ConfigError

Step = dict[str, Any]

GEOMETRY = ('RandomCrop', 'RandomFlip')  # do the same to a normalised image
FORMATTERS = ('DefaultFormatBundle', 'ImageToTensor', 'ToTensor', 'ToDataContainer', 'Transpose')
# What `--aug-test` of 0.x put into the test pipeline.
RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)


@dataclass
class Facts:
    """What the pipelines of a config say about things that now stand elsewhere.

    Attributes:
        preprocessor: Arguments of ``SegDataPreProcessor``.
        annotations: How labels are loaded, as a step.
        reduce_zero_label: As the last step that loads labels says.
        tta_pipeline: The views of test-time augmentation.
        notes: Remarks for the user.
    """

    preprocessor: dict[str, Any] = field(default_factory=dict)
    annotations: Step = field(default_factory=lambda: {'type': 'LoadAnnotations'})
    reduce_zero_label: bool = False
    tta_pipeline: list[Step] | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember a remark, once."""
        if text not in self.notes:
            self.notes.append(text)

    def prepare(self, **arguments: Any) -> None:
        """Set arguments of the preprocessor, which all pipelines share.

        Raises:
            ConfigError: Two pipelines say different things.
        """
        for key, value in arguments.items():
            if self.preprocessor.setdefault(key, value) != value:
                raise ConfigError(
                    f'the pipelines normalise or pad differently ({key} is '
                    f'{self.preprocessor[key]} in one and {value} in another), but one '
                    'data_preprocessor does it for all now; make them agree'
                )


def convert_training(steps: Sequence[Step], facts: Facts) -> list[Step]:
    """A training pipeline in today's form.

    Args:
        steps: In the form of 0.x.
        facts: Is told how images are normalised and padded, and how labels are loaded.
    """
    _check_order(steps)
    return [new for step in steps for new in _training_step(step, steps, facts)]


def convert_testing(steps: Sequence[Step], facts: Facts, *, labels: bool) -> list[Step]:
    """A validation or test pipeline in today's form: one view, labels included.

    Args:
        steps: In the form of 0.x, usually with a ``MultiScaleFlipAug``.
        facts: Is told the views of test-time augmentation, and as :func:`convert_training`.
        labels: Whether the data set has labels.
    """
    load = [dict(facts.annotations)] if labels else []
    converted: list[Step] = []
    for step in steps:
        kind = step.get('type')
        if kind == 'MultiScaleFlipAug':
            inner = step.get('transforms', [])
            _check_order(inner)
            converted += _one_view(step, inner, facts) + load + [_pack(inner)]
            facts.tta_pipeline = _views(steps, step, facts, load)
        elif kind == 'Collect':
            converted += [*load, _pack(steps)]
        elif kind == 'Pad':
            _note_test_padding(step, facts)
        elif kind == 'Resize':
            converted.append(convert_resize(step))
        elif kind != 'LoadAnnotations':
            converted += _plain_step(step, facts)
    return converted


def _training_step(step: Step, steps: Sequence[Step], facts: Facts) -> list[Step]:
    kind = step.get('type')
    if kind == 'Collect':
        return [_pack(steps)]
    if kind == 'Resize':
        return [convert_resize(step)]
    if kind == 'Pad':
        return _training_padding(step, steps, facts)
    if kind == 'LoadAnnotations':
        step = with_backend(step)
        facts.reduce_zero_label = step.pop('reduce_zero_label', False)
        facts.annotations = step
        return [step]
    return _plain_step(step, facts)


def _plain_step(step: Step, facts: Facts) -> list[Step]:
    """A step that is the same in training and testing."""
    kind = step.get('type')
    if kind in FORMATTERS:
        return []
    if kind == 'Normalize':
        facts.prepare(mean=list(step['mean']), std=list(step['std']),
                      bgr_to_rgb=step.get('to_rgb', True))  # fmt: skip
        return []
    if kind in LOADING:
        return [with_backend(step)]
    if kind == 'RandomFlip' and 'flip_ratio' in step:
        step = {('prob' if key == 'flip_ratio' else key): value for key, value in step.items()}
    return [dict(step)]


def _pack(steps: Sequence[Step]) -> Step:
    collect = next((step for step in steps if step.get('type') == 'Collect'), {})
    meta = collect.get('meta_keys')
    # names of 0.x that are gone; the rest are still what they were
    gone = ('filename', 'ori_filename', 'img_norm_cfg')
    kept = {} if meta is None else {'meta_keys': tuple(key for key in meta if key not in gone)}
    return {'type': 'PackSegInputs', **kept}


def _check_order(steps: Sequence[Step]) -> None:
    """Refuse a step that works on normalised images, of which there are none in a pipeline now."""
    kinds = [step.get('type') for step in steps]
    if 'Normalize' not in kinds:
        return
    after = kinds[kinds.index('Normalize') + 1 :]
    odd = [kind for kind in after if kind not in (*FORMATTERS, *GEOMETRY, 'Pad', 'Collect')]
    if odd:
        raise ConfigError(
            f'{", ".join(map(str, odd))} stands behind Normalize in a pipeline of the 0.x form; '
            'images are normalised after the pipeline now, so put it before Normalize'
        )


def _training_padding(step: Step, steps: Sequence[Step], facts: Facts) -> list[Step]:
    kinds = [other.get('type') for other in steps]
    image, label = step.get('pad_val', 0), step.get('seg_pad_val', 255)
    size, divisor = step.get('size'), step.get('size_divisor')
    if 'Normalize' in kinds and kinds.index('Normalize') < kinds.index('Pad'):
        where = {'size_divisor': divisor} if size is None else {'size': _pair(size)}
        facts.prepare(**where, pad_val=image, seg_pad_val=label)
        return []
    # before Normalize the value is in the image's own units: it stays a step of the pipeline,
    # whose size is (width, height) now
    where = {'size_divisor': divisor} if size is None else {'size': _pair(size)[::-1]}
    return [{'type': 'Pad', **where, 'pad_val': {'img': image, 'seg': label}}]


def _note_test_padding(step: Step, facts: Facts) -> None:
    size, divisor = step.get('size'), step.get('size_divisor')
    value = {'size_divisor': divisor} if size is None else {'size': _pair(size)}
    facts.prepare(test_cfg=value)


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _scales(step: Step) -> list[tuple[int, int] | None]:
    """The base sizes (width, height) of a ``MultiScaleFlipAug``; None is the image's own size."""
    scale = step.get('img_scale')
    if scale is None:
        return [None]
    several = isinstance(scale, (list, tuple)) and isinstance(scale[0], (list, tuple))
    return [_pair(one) for one in scale] if several else [_pair(scale)]


def _one_view(step: Step, inner: Sequence[Step], facts: Facts) -> list[Step]:
    """The steps for the image's main view."""
    ratios = _listed(step.get('img_ratios') or 1.0)
    if len(ratios) > 1 or len(_scales(step)) > 1 or step.get('flip'):
        facts.note(
            'the test pipeline took several views of each image; a plain test takes one, and '
            '--aug-test those of tta_pipeline'
        )
    ratio = 1.0 if 1.0 in ratios else ratios[0]
    found: list[Step] = []
    for one in inner:
        kind = one.get('type')
        if kind == 'Resize':
            found += resize_view(one, _scales(step)[0], ratio)
        elif kind == 'Pad':
            _note_test_padding(one, facts)
        elif kind not in ('Collect', 'RandomFlip'):
            found += _plain_step(one, facts)
    return found


def _views(steps: Sequence[Step], step: Step, facts: Facts, load: Sequence[Step]) -> list[Step]:
    """``tta_pipeline``: the views that the file names, else those that ``--aug-test`` took."""
    own = bool(step.get('img_ratios')) or len(_scales(step)) > 1 or bool(step.get('flip'))
    ratios = _listed(step.get('img_ratios') or (1.0 if own else RATIOS))
    alternatives: list[list[Step]] = []
    for one in step.get('transforms', []):
        kind = one.get('type')
        if kind == 'Resize':
            sizes = [resize_view(one, s, r) or [{'type': 'Resize', 'scale_factor': 1.0}]
                     for s in _scales(step) for r in ratios]  # fmt: skip
            alternatives.append([view for views in sizes for view in views])
        elif kind == 'RandomFlip':
            alternatives.append(_flips(step) if step.get('flip', False) or not own else [])
        elif kind not in ('Collect', 'Pad'):
            alternatives += [[new] for new in _plain_step(one, facts)]
    alternatives += [list(load), [_pack(step.get('transforms', []))]]
    before = [new for one in steps[: steps.index(step)] for new in _plain_step(one, facts)]
    return [*before, {'type': 'TestTimeAug', 'transforms': [a for a in alternatives if a]}]


def _flips(step: Mapping[str, Any]) -> list[Step]:
    directions = _listed(step.get('flip_direction', 'horizontal'))
    plain = {'type': 'RandomFlip', 'prob': 0.0, 'direction': directions[0]}
    return [plain, *({'type': 'RandomFlip', 'prob': 1.0, 'direction': d} for d in directions)]
