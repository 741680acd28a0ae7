import torch.nn.functional as F
from mmseg.models.builder import LOSSES
from mmseg.models.losses.utils import weight_reduce_loss
from torch import nn


@LOSSES.register_module()
class SmoothCrossEntropy(nn.Module):
    def __init__(self, smoothing=0.1, loss_weight=1.0, loss_name='loss_smooth'):
        super().__init__()
        self.smoothing = smoothing
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(self, pred, target, weight=None, ignore_index=255, **kwargs):
        loss = F.cross_entropy(
            pred,
            target,
            reduction='none',
            ignore_index=ignore_index,
            label_smoothing=self.smoothing,
        )
        return self.loss_weight * weight_reduce_loss(loss, weight)
