"""What training must leave as it is: frozen parts and the statistics of norms."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_deeplab.models.utils.base_module import SegModule


class FreezableModule(SegModule):
    """A backbone that ``train()`` leaves in part as it is.

    Attributes:
        frozen_stages: The stem and so many stages are not trained; -1 is none, 0 the stem.
        norm_eval: Batch norms keep their running statistics in training; their weights train.
    """

    frozen_stages = -1
    norm_eval = False

    def train(self, mode: bool = True) -> FreezableModule:
        """Switch between training and evaluation; frozen parts and norms stay as they are."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _stem_modules(self) -> list[nn.Module]:
        return []

    def _stages(self) -> list[nn.Module]:
        return []

    def _freeze(self) -> None:
        if self.frozen_stages >= 0:
            for module in [*self._stem_modules(), *self._stages()[: self.frozen_stages]]:
                module.eval().requires_grad_(False)
