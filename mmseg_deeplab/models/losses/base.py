"""What all registered losses share."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg_deeplab.models.losses.class_weight import class_weight_tensor
from mmseg_deeplab.models.losses.functional import REDUCTIONS
from mmseg_deeplab.utils.errors import ConfigError


class SegLoss(nn.Module):
    """A weighted, named loss; heads call it with ``(logits, labels, weight, ignore_index)``.

    Args:
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        class_weight: One number per class, or a file; see :func:`class_weight_tensor`.
        loss_weight: Factor of the whole loss.
        loss_name: Name in the log; the training total sums the names that hold ``loss``.

    Raises:
        ConfigError: Unknown reduction, or class weights that cannot be read.
    """

    def __init__(
        self,
        *,
        reduction: str,
        class_weight: Sequence[float] | str | None,
        loss_weight: float,
        loss_name: str,
    ) -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        # a buffer so that it moves with the model; not persistent, as checkpoints have no such key
        self.register_buffer('class_weight', class_weight_tensor(class_weight), persistent=False)

    def class_weight_for(self, logits: Tensor) -> Tensor | None:
        """The class weights in the dtype and on the device of ``logits`` (N, K, H, W), (K,).

        Raises:
            ConfigError: There is not one weight per class.
        """
        if self.class_weight is None:
            return None
        if len(self.class_weight) != logits.shape[1]:
            raise ConfigError(
                f'class_weight of {self.loss_name} must have one entry for each of the '
                f'{logits.shape[1]} classes, got {len(self.class_weight)}'
            )
        return self.class_weight.to(logits)

    def chosen_reduction(self, reduction_override: str | None) -> str:
        """The reduction to use in one call; None is the loss's own."""
        return self.reduction if reduction_override is None else check_reduction(reduction_override)

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return f'loss_name={self.loss_name!r}, loss_weight={self.loss_weight}'


def check_reduction(reduction: str) -> str:
    """``reduction`` itself.

    Raises:
        ConfigError: It is none of the known ones.
    """
    if reduction not in REDUCTIONS:
        raise ConfigError(f'reduction must be one of {REDUCTIONS}, got {reduction!r}')
    return reduction
