"""From logits of the network's input back to the original image.

Legend of shapes: K classes, H, W network input, H0, W0 original image.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import DataError

_FLIPPED_AXES = {'horizontal': (-1,), 'vertical': (-2,), 'diagonal': (-2, -1)}


def restore_geometry(logits: Tensor, metainfo: dict, *, align_corners: bool) -> Tensor:
    """Cut padding, undo the flip, resize to the original size, in this order.

    Args:
        logits: (K, H, W).
        metainfo: ``img_padding_size`` or ``padding_size`` (left, right, top, bottom, pixels),
            ``flip``, ``flip_direction`` and ``ori_shape``; what is absent is not done.
        align_corners: How logits are resized.

    Returns:
        (K, H0, W0).

    Raises:
        DataError: An unknown direction of the flip.
    """
    padding = metainfo.get('img_padding_size', metainfo.get('padding_size', (0, 0, 0, 0)))
    left, right, top, bottom = padding
    height, width = logits.shape[-2:]
    logits = logits[:, top : height - bottom, left : width - right]
    if metainfo.get('flip'):
        direction = metainfo.get('flip_direction')
        if direction not in _FLIPPED_AXES:
            raise DataError(
                f'flip_direction must be one of {", ".join(_FLIPPED_AXES)}, got {direction!r}'
            )
        logits = logits.flip(_FLIPPED_AXES[direction])
    if 'ori_shape' in metainfo:
        size = metainfo['ori_shape'][:2]
        logits = resize(logits[None], size, mode='bilinear', align_corners=align_corners)[0]
    return logits


def keeps_geometry(size: Sequence[int], metainfo: dict) -> bool:
    """Whether :func:`restore_geometry` would leave a map as it is.

    Args:
        size: Height and width of the network input.
        metainfo: See :func:`restore_geometry`.
    """
    padding = metainfo.get('img_padding_size', metainfo.get('padding_size', (0, 0, 0, 0)))
    same_size = tuple(metainfo.get('ori_shape', size)[:2]) == tuple(size)
    return same_size and not any(padding) and not metainfo.get('flip')


def mask_invalid(predicted: Tensor, sample: SegDataSample, ignore_index: int) -> Tensor:
    """The prediction with ``ignore_index`` where the sample's ``valid_mask`` is False.

    Args:
        predicted: (1, H0, W0).
        sample: May carry ``valid_mask`` (1, H0, W0) bool.
        ignore_index: Written where the file holds no data.
    """
    if 'valid_mask' not in sample:
        return predicted
    outside = ~sample.valid_mask.data.to(predicted.device)
    return predicted.masked_fill(outside, ignore_index)


def most_likely(scores: Tensor, threshold: float | None) -> Tensor:
    """The class of each pixel.

    Args:
        scores: (K, H, W) logits or probabilities; with one channel probabilities.
        threshold: For one channel: above it the pixel is the object.

    Returns:
        (1, H, W) int64 class ids; with one channel 0 or 1 of the scores' own dtype.
    """
    if len(scores) == 1:
        return (scores > threshold).to(scores)
    # max is several times faster than argmax over the leading axis on a CPU
    return scores.max(dim=0, keepdim=True).indices
