"""In which views, and at which output stride, a model is tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.config import Config

from mmseg_deeplab.apis.run_config import use_tta
from mmseg_deeplab.utils.errors import ConfigError

_AUG = 'TestTimeAug'


def use_views(config: Config, scales: Sequence[float] | None, flip: bool) -> None:
    """Let a config test each image at these scales, in place; see :func:`use_tta`.

    Args:
        config: One that ``prepare`` returned, with a ``tta_pipeline``.
        scales: Factors of the size that the pipeline's own resizing has at 1; None is (1,).
        flip: Whether each scale comes mirrored as well.

    Raises:
        ConfigError: A scale is not above 0, or the ``tta_pipeline`` has no views to choose from.
    """
    scales = (1.0,) if scales is None else tuple(scales)
    if not scales or min(scales) <= 0:
        raise ConfigError(f'--scales must be factors above 0, got {scales}')
    if config.get('tta_pipeline') is not None:
        config.tta_pipeline = [_chosen(step, scales, flip) for step in config.tta_pipeline]
    use_tta(config)


def use_output_stride(config: Config, output_stride: int) -> None:
    """Set the output stride of a config's backbone, in place.

    Args:
        config: One that ``prepare`` returned.
        output_stride: 8 or 16.

    Raises:
        ConfigError: Its backbone has no such setting.
    """
    backbone = config.model.get('backbone')
    if backbone is None or 'output_stride' not in backbone:
        kind = None if backbone is None else backbone.get('type')
        raise ConfigError(
            '--output-stride needs a backbone with this setting, such as DilatedResNet of '
            f'configs/mindcv, got {kind}; of others set strides and dilations by --cfg-options'
        )
    backbone.output_stride = output_stride


def views_name(scales: Sequence[float] | None, flip: bool, output_stride: int | None) -> str:
    """A name for the folder of such a test's results.

    Args:
        scales: As for :func:`use_views`.
        flip: As for :func:`use_views`.
        output_stride: As for :func:`use_output_stride`, or None.
    """
    parts = ['test']
    if output_stride is not None:
        parts.append(f's{output_stride}')
    if scales is not None:
        parts.append('-'.join(f'{scale:g}' for scale in scales))
    return '_'.join([*parts, 'flip'] if flip else parts)


def _chosen(step: Any, scales: Sequence[float], flip: bool) -> Any:
    if step.get('type') != _AUG:
        return step
    lists = [list(choices) for choices in step['transforms']]
    sizes = [number for number, choices in enumerate(lists) if 'scale_factor' in choices[0]]
    flips = [number for number, choices in enumerate(lists) if choices[0]['type'] == 'RandomFlip']
    if len(sizes) != 1 or len(flips) != 1:
        raise ConfigError(
            '--scales and --flip need a tta_pipeline whose TestTimeAug has a list of resizings '
            "by scale_factor and a list of 'RandomFlip'; see configs/_base_/datasets/standard.py"
        )
    resize, mirror = lists[sizes[0]][0], lists[flips[0]][0]
    lists[sizes[0]] = [{**resize, 'scale_factor': scale} for scale in scales]
    lists[flips[0]] = [{**mirror, 'prob': prob} for prob in ((0.0, 1.0) if flip else (0.0,))]
    return {**step, 'transforms': lists}
