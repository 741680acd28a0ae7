"""The one ``Resize`` of 0.x, which is several transforms now."""

from __future__ import annotations

from typing import Any

from mmseg_deeplab.utils.errors import ConfigError

Step = dict[str, Any]


def convert_resize(step: Step) -> Step:
    """A ``Resize`` of 0.x: to one size, to a random one, or to one of several.

    Args:
        step: With ``img_scale`` (width, height) or a list of such, ``ratio_range``,
            ``multiscale_mode``, ``keep_ratio`` (True if missing).

    Raises:
        ConfigError: It asks for what no transform does now.
    """
    _refuse(step)
    keep = {'keep_ratio': step.get('keep_ratio', True)}
    scales = _scales(step.get('img_scale'))
    ratios = step.get('ratio_range')
    if ratios is not None:
        if len(scales) != 1:
            raise ConfigError(
                f'Resize with ratio_range needs one img_scale, got {step.get("img_scale")}; '
                'name the size that the ratio multiplies'
            )
        return {'type': 'RandomResize', 'scale': scales[0], 'ratio_range': tuple(ratios), **keep}
    if not scales:
        raise ConfigError(f'Resize in a pipeline of the 0.x form needs img_scale, got {step}')
    if len(scales) == 1:
        return {'type': 'Resize', 'scale': scales[0], **keep}
    if step.get('multiscale_mode', 'range') == 'value':
        return {'type': 'RandomChoiceResize', 'scales': scales, 'resize_type': 'Resize', **keep}
    if len(scales) != 2:
        raise ConfigError(f"multiscale_mode 'range' needs two sizes in img_scale, got {scales}")
    # a long and a short edge were drawn, whatever the order in which they were written
    ends = [(max(scale), min(scale)) for scale in scales]
    return {'type': 'RandomResize', 'scale': ends, **keep}


def resize_view(step: Step, scale: tuple[int, int] | None, ratio: float) -> list[Step]:
    """The ``Resize`` of one view of a test image; none if it keeps its own size.

    Args:
        step: The ``Resize`` inside ``MultiScaleFlipAug``.
        scale: Base size (width, height); None for the image's own.
        ratio: Factor of the view.
    """
    _refuse(step)
    keep = {'keep_ratio': step.get('keep_ratio', True)}
    if scale is not None:
        size = tuple(int(side * ratio) for side in scale)
        return [{'type': 'Resize', 'scale': size, **keep}]
    return [] if ratio == 1.0 else [{'type': 'Resize', 'scale_factor': ratio, **keep}]


def _refuse(step: Step) -> None:
    known = {'type', 'img_scale', 'ratio_range', 'multiscale_mode', 'keep_ratio'}
    odd = {key: value for key, value in step.items() if key not in known and value is not None}
    if odd:
        raise ConfigError(
            f'Resize of the 0.x form with {odd} has no counterpart; write the step in the '
            "pipeline of today's form, see docs/foreign_configs.md"
        )


def _scales(value: Any) -> list[tuple[int, int]]:
    if value is None:
        return []
    several = isinstance(value[0], (list, tuple))
    return [tuple(scale) for scale in value] if several else [tuple(value)]
