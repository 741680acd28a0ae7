"""Scores for a training loop of one's own: update with each batch, compute at the end."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from mmseg_deeplab.evaluation.confusion import ConfusionMatrix, scores
from mmseg_deeplab.evaluation.processes import sum_over_processes
from mmseg_deeplab.registry import METRICS


@METRICS.register_module()
class RunningMIoU:
    """Mean IoU in percent over the classes that are labelled or predicted somewhere.

    The name and the value are those of ``MIoU`` of MosaicML's Composer; differs from it where
    a label is outside the classes: that is an error here, instead of counting against the
    predicted class.

    Args:
        num_classes: K.
        ignore_index: Label of pixels that do not count.
    """

    def __init__(self, num_classes: int, ignore_index: int = -1) -> None:
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self._matrix = ConfusionMatrix(self.num_classes, self.ignore_index)

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count a batch.

        Args:
            logits: (N, K, H, W).
            target: (N, H, W) class ids or ``ignore_index``.

        Raises:
            DataError: A label is outside the classes.
        """
        self._matrix.add(logits.argmax(dim=1), target)

    def compute(self) -> Tensor:
        """The score of all batches of all processes, a float64 scalar; nan without a pixel."""
        whole = ConfusionMatrix(self.num_classes, self.ignore_index).merge([self._matrix])
        sum_over_processes(whole)
        # class by class as fractions first, as scores() gives them; nan means 0 / 0
        return torch.from_numpy(scores(whole.total)['IoU']).nanmean() * 100


@METRICS.register_module()
class RunningCrossEntropy:
    """Mean of the batches' cross entropies, as ``CrossEntropy`` of MosaicML's Composer.

    Args:
        ignore_index: Label of pixels that do not count.
    """

    def __init__(self, ignore_index: int = -1) -> None:
        self.ignore_index = ignore_index
        self.reset()

    def reset(self) -> None:
        """Forget what was added."""
        self._sum, self._batches = 0.0, 0

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Add a batch.

        Args:
            logits: (N, K, H, W).
            target: (N, H, W) class ids or ``ignore_index``.
        """
        loss = F.cross_entropy(logits, target, ignore_index=self.ignore_index)
        self._sum = self._sum + loss.detach()
        self._batches += 1

    def compute(self) -> Tensor:
        """The mean over all batches of all processes, a scalar; nan without a batch."""
        both = torch.stack([torch.as_tensor(self._sum), torch.tensor(float(self._batches))])
        if get_world_size() > 1:
            all_reduce(both, op='sum')
        return both[0] / both[1]
