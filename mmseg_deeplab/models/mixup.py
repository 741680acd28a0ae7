"""MixUp of a training batch."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import PixelData
from torch import Tensor

from mmseg_deeplab.models.losses.soft_targets import soft_target
from mmseg_deeplab.models.utils.labels import stack_labels
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SampleList
from mmseg_deeplab.utils.errors import ConfigError


@MODELS.register_module()
class MixUp:
    """Blend each image and its label with another of the batch (arXiv:1710.09412).

    A ``batch_augments`` of :class:`SegDataPreProcessor`. One share for the batch is drawn from
    Beta(alpha, alpha); an image keeps the larger part. Labels become a probability for each
    class: the loss must take those (``CrossEntropyLoss``, ``BatchDiceLoss``). They are float32,
    so a batch of 16 with 150 classes at 512 x 512 takes 2.5 GB.

    Args:
        num_classes: K.
        alpha: At least 0; 0 mixes nothing, more mixes more evenly.
        ignore_index: Label that has no class; its pixels keep the other image's share.

    Raises:
        ConfigError: ``alpha`` is negative.
    """

    def __init__(self, num_classes: int, alpha: float = 0.2, ignore_index: int = 255) -> None:
        if alpha < 0:
            raise ConfigError(f'MixUp.alpha must be 0 or more, got {alpha}')
        self.num_classes = num_classes
        self.alpha = alpha
        self.ignore_index = ignore_index

    def __call__(self, batch: Tensor, samples: SampleList) -> tuple[Tensor, SampleList]:
        """Mix a batch.

        Args:
            batch: (N, C, H, W) float.
            samples: With ``gt_sem_seg`` (1, H, W); not changed.

        Returns:
            The batch, and new samples with ``gt_sem_seg`` (K, H, W) float32.
        """
        share = self._draw_share()
        order = torch.randperm(len(batch)).to(batch.device)
        labels = stack_labels(samples)
        target = soft_target(labels, self.num_classes, self.ignore_index)
        mixed = torch.lerp(target, target[order], share)
        found = []
        for sample, label in zip(samples, mixed, strict=True):
            new = sample.new()
            new.gt_sem_seg = PixelData(data=label)
            found.append(new)
        return torch.lerp(batch, batch[order], share), found

    def _draw_share(self) -> float:
        """The other image's share, at most a half."""
        if self.alpha == 0:
            return 0.0
        drawn = float(np.random.beta(self.alpha, self.alpha))
        return min(drawn, 1 - drawn)
