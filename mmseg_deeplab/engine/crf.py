"""The dense CRF behind a prediction: data sample in, data sample out."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from mmengine.structures import PixelData
from torch import nn

from mmseg_deeplab.inference import DenseCRF, log_probabilities, probabilities
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError


def refine_sample(
    crf: DenseCRF, image: np.ndarray, sample: SegDataSample, threshold: float | None = None
) -> SegDataSample:
    """Put the CRF's scores and classes in place of the network's.

    A model of one channel becomes one of two classes for the CRF and one of one channel again.

    Args:
        crf: The CRF.
        image: (H0, W0, 3) uint8, as stored; brought to the prediction's size if it has another.
        sample: With ``seg_logits`` (K, H, W), for K = 1 the sigmoid, and ``pred_sem_seg``; where
            its ``valid_mask`` is False the class stays. On the CPU.
        threshold: For K = 1: above it a pixel is the object.

    Returns:
        The same sample, with ``seg_logits`` (for K > 1 the logarithm of the probabilities) and
        ``pred_sem_seg`` of the CRF.

    Raises:
        ConfigError: The sample has no ``seg_logits``.
    """
    if 'seg_logits' not in sample:
        raise ConfigError(
            'the CRF needs a model that gives seg_logits, this one gives classes only'
        )
    scores = sample.seg_logits.data
    single = len(scores) == 1
    given = torch.cat([1 - scores, scores]) if single else probabilities(scores)
    refined = torch.from_numpy(crf(_of_size(image, scores.shape[-2:]), given))
    if single:
        scores = refined[1:]
        classes = (scores > threshold).to(scores)
    else:
        scores = log_probabilities(refined)
        classes = refined.max(dim=0, keepdim=True).indices
    if 'valid_mask' in sample:
        before = sample.pred_sem_seg.data
        classes = torch.where(sample.valid_mask.data, classes, before.to(classes))
    sample.seg_logits = PixelData(data=scores)
    sample.pred_sem_seg = PixelData(data=classes)
    return sample


def object_threshold(model: nn.Module) -> float | None:
    """The threshold of a model's head.

    Args:
        model: A segmentor, or what is wrapped around one as ``module``.
    """
    while not hasattr(model, 'decode_head') and hasattr(model, 'module'):
        model = model.module
    return getattr(getattr(model, 'decode_head', None), 'threshold', None)


def _of_size(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if image.shape[:2] == tuple(size):
        return image
    return cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
