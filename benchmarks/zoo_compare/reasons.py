"""Why a config here differs from the original's: every known reason, with the places it explains.

A reason holds only where its places, configs and values fit, so a new difference at an old place
is still unexplained.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

ABSENT = '<absent>'
SHORT_OF_80K = (
    'deeplabv3_r101-d8_4xb2-amp-80k_cityscapes-512x1024'
    '|deeplabv3_r101-d8_4xb4-80k_pascal-context-59-480x480'
    '|deeplabv3plus_r18b-d8_4xb2-80k_cityscapes-769x769'
)
STEP = r'settings\..*\.(pipeline|transforms\.\d)\.\d\.'
DATASET = r'settings\.\w+_dataloader(\.datasets?(\.\d)?)+\.'


class Reason(NamedTuple):
    """One reason, and where it holds."""

    why: str
    places: str
    holds: Callable[[Any, Any], bool]
    configs: str = '.*'


def _none(ours: Any, theirs: Any) -> bool:
    return ours is None and theirs not in (None, ABSENT)


def _ours_alone(ours: Any, theirs: Any) -> bool:
    return theirs == ABSENT


def _theirs_alone(ours: Any, theirs: Any) -> bool:
    return ours == ABSENT


def _same_folder(ours: Any, theirs: Any) -> bool:
    return str(theirs).rstrip('/') == ours


REASONS = (
    Reason(
        'MENDED: the name says 80k, the original inherits a file of 40k',
        r'settings\.(param_scheduler\.0\.end|train_cfg\..*|default_hooks\.checkpoint\.interval)',
        lambda ours, theirs: ours == 2 * theirs,
        SHORT_OF_80K,
    ),
    Reason(
        'MENDED: the name and the preprocessor say 1280x1280, the original crops 512x1024 and pads',
        r'(settings\..*\.pipeline|pipelines\.train_dataloader)\.3\.crop_size\.\d',
        lambda ours, theirs: ours == 1280,
        '.*mapillay.*',
    ),
    Reason(
        'MENDED: the original has no test-time augmentation for the 60 classes',
        r'(settings\.tta_pipeline|pipelines\.tta)',
        _ours_alone,
        '.*pascal-context-480x480',
    ),
    Reason(
        'MENDED: file_client_args is deprecated',
        r'settings\.tta_pipeline\.0\.file_client_args',
        _theirs_alone,
    ),
    Reason(
        'MENDED: label 0 is ignored by the data set alone; a second place for it is deprecated',
        r'(' + STEP + r'|pipelines\.\w+\.\d\.)reduce_zero_label',
        lambda ours, theirs: ours is None and theirs is True,
    ),
    Reason(
        'the scope of this package; `mmseg` is understood too',
        r'settings\.default_scope',
        lambda ours, theirs: (ours, theirs) == ('mmseg_deeplab', 'mmseg'),
    ),
    Reason(
        'the same folder, without a slash at its end',
        DATASET + 'data_root',
        _same_folder,
    ),
    Reason(
        'None means what the class of the data set says, and that is the same (see `datasets`)',
        DATASET + '(img_suffix|seg_map_suffix|reduce_zero_label)',
        _none,
    ),
    Reason(
        'the palette of a subset of classes is that of the class, the same (see `datasets`)',
        DATASET + r'metainfo\.palette',
        _theirs_alone,
        '.*mapillay.*',
    ),
    Reason(
        'None means the same value, which the constructor puts in: no default can be edited',
        r'settings\.model\.\w+\.(act_cfg|upsample_cfg|avg_down|deep_stem)|' + STEP + 'pad_val',
        _none,
    ),
    Reason(
        'the same first weights, drawn in the constructor',
        r'(settings\.model|parts)\.(decode_head|auxiliary_head|backbone)\.init_cfg',
        _none,
    ),
    Reason(
        'has no effect on ResNeSt in the original, whatever it says',
        r'settings\.model\.backbone\.zero_init_residual',
        lambda ours, theirs: (ours, theirs) == (False, True),
        'resnest.*',
    ),
    Reason(
        'nothing is asked for, kept as an empty list or dict instead of None',
        r'parts\.data_preprocessor\.(batch_augments|test_cfg)',
        lambda ours, theirs: not ours and theirs is None,
    ),
    Reason(
        'a sample keeps more facts, which the metric needs',
        r'(' + STEP + r'|pipelines\.\w+\.\d\.)meta_keys',
        lambda ours, theirs: set(theirs) < set(ours),
    ),
    Reason(
        'one test scores by both protocols: each domain, both label sets, with and without clutter',
        r'(settings\.test_dataloader\.dataset\.(group|data_prefix\.seg_map_path_full_boundaries)'
        r'|settings\.test_evaluator\.(label_set|left_out)'
        r'|datasets\.test_dataloader\.0\.places\.seg_map_path_full_boundaries)',
        _ours_alone,
        '.*(loveda|potsdam|vaihingen).*',
    ),
)


def reason_for(config: str, place: str, ours: Any, theirs: Any) -> str | None:
    """Why two configs differ at a place; None if nobody has said.

    Args:
        config: Name of the config.
        place: Dotted place, as ``settings.train_cfg.max_iters``.
        ours: The value here.
        theirs: The original's.
    """
    for reason in REASONS:
        fits = re.fullmatch(reason.places, place) and re.fullmatch(reason.configs, config)
        if fits and reason.holds(ours, theirs):
            return reason.why
    return None
