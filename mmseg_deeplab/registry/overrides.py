"""Methods that MMSegmentation's classes call and ours of the same name do not.

A user's subclass that replaces one would be ignored without a word; so it is said, once.
"""

from __future__ import annotations

from inspect import isclass

from mmseg_deeplab.utils.log import warn_once

_OURS = 'mmseg_deeplab.'
_RESNET = '_freeze_stages _make_stem_layer make_res_layer make_stage_plugins norm1'

# docs/from_mmsegmentation.md lists them too
NOT_CALLED = {
    'BaseSegDataset': '_update_palette',
    'EncoderDecoder': 'aug_test',
    'IoUMetric': 'intersect_and_union total_area_to_metrics',
    'MMSegInferencer': '_get_transform_idx',
    'MobileNetV2': '_freeze_stages make_layer',
    'Pad': '_pad_img _pad_seg',
    'PhotoMetricDistortion': 'brightness contrast convert hue saturation',
    'RandomChoiceResize': '_random_select',
    'RandomCutOut': 'do_cutout generate_patches',
    'RandomFlip': '_flip_on_direction',
    'RandomMosaic': """
        _mosaic_combine _mosaic_transform_img _mosaic_transform_seg do_mosaic
        generate_mosaic_center""",
    'RandomResize': '_random_sample _random_sample_ratio _random_scale',
    'RandomRotFlip': 'random_rot_flip random_rotate',
    'RandomRotate': 'generate_degree',
    'ResNeSt': _RESNET,
    'ResNet': _RESNET,
    'ResizeShortestEdge': '_get_output_shape',
    'SegLocalVisualizer': '_get_center_loc',
    'UNet': '_check_input_divisible',
}


def warn_of_ignored(kind: object) -> None:
    """Warn if a user's class replaces methods that nothing here calls.

    Args:
        kind: A class, or a function, which is passed over.
    """
    if not isclass(kind) or kind.__module__.startswith(_OURS):
        return
    defined: set[str] = set()
    for each in kind.__mro__:
        if not each.__module__.startswith(_OURS):
            defined.update(vars(each))
            continue
        ignored = sorted(defined.intersection(NOT_CALLED.get(each.__name__, '').split()))
        if ignored:
            warn_once(
                f'{kind.__module__}.{kind.__name__}: {", ".join(ignored)} replaces what '
                f'{each.__name__} calls in MMSegmentation, but not in {_OURS[:-1]}; replace '
                'another method, see docs/from_mmsegmentation.md#methods-that-are-not-called'
            )
        # what a class of ours defines itself counts no more as the user's
