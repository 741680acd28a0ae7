"""What a head asks of a pixel sampler."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor


class BasePixelSampler(ABC):
    """Weighs pixels; a head builds it with ``context``, itself."""

    @abstractmethod
    def sample(self, seg_logit: Tensor, seg_label: Tensor) -> Tensor:
        """The weight of each pixel.

        Args:
            seg_logit: (N, K, H, W).
            seg_label: (N, 1, H, W) int64 class ids.

        Returns:
            (N, H, W), in the logits' dtype.
        """
