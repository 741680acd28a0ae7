"""``composer_deeplabv3``: a network with its loss and its scores, in one call.

Legend of shapes: N batch, H, W image, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mmseg_deeplab.models.composer.arguments import takes_older_order, weights_from_older
from mmseg_deeplab.models.composer.network import deeplabv3
from mmseg_deeplab.models.losses import BatchDiceLoss, CrossEntropyLoss
from mmseg_deeplab.models.utils.labels import check_labels, hard_target, plain_labels
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.precision import at_least_float32

Batch = tuple[Tensor, Tensor]  # images (N, 3, H, W); labels (N, H, W) or (N, K, H, W)


class ComposerDeepLab(nn.Module):
    """A network with loss and scores, with the methods of a ``ComposerModel``.

    Args:
        module: Images (N, 3, H, W) to logits (N, K, H, W).
        num_classes: K.
        ignore_index: Label that costs nothing.
        cross_entropy_weight: 0 leaves the term out.
        dice_weight: 0 leaves the term out.

    Raises:
        ConfigError: A weight is negative, or both are 0.
    """

    def __init__(
        self,
        module: nn.Module,
        num_classes: int,
        ignore_index: int = -1,
        cross_entropy_weight: float = 1.0,
        dice_weight: float = 0.0,
    ) -> None:
        super().__init__()
        weights = (cross_entropy_weight, dice_weight)
        if min(weights) < 0 or sum(weights) == 0:
            raise ConfigError(
                'cross_entropy_weight and dice_weight must be 0 or more and not both 0, got '
                f'{cross_entropy_weight} and {dice_weight}'
            )
        self.module = module
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.cross_entropy_weight = cross_entropy_weight
        self.dice_weight = dice_weight
        self._terms = {
            'cross_entropy': (cross_entropy_weight, CrossEntropyLoss(avg_non_ignore=True)),
            'dice': (dice_weight, BatchDiceLoss()),
        }
        self.train_metrics = self._new_metrics()
        self.val_metrics = self._new_metrics()

    def forward(self, batch: Batch | Tensor) -> Tensor:
        """Logits (N, K, H, W) of a batch, or of images alone."""
        return self.module(batch if isinstance(batch, Tensor) else batch[0])

    def loss(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What to minimise under ``total``, and its terms without their weights.

        Args:
            outputs: Logits (N, K, H, W).
            batch: Its labels are class ids of any integer type, or probabilities of each class
                or one-hot (N, K, H, W).

        Raises:
            DataError: They have another shape, or a label is no class and not ``ignore_index``
                (looked for on a CPU alone).
        """
        logits = at_least_float32(outputs)
        labels = self._labels(batch)
        values = {
            name: loss(logits, labels, ignore_index=self.ignore_index)
            for name, (weight, loss) in self._terms.items()
            if weight > 0
        }
        total = sum(self._terms[name][0] * value for name, value in values.items())
        return {'total': total, **values}

    def get_metrics(self, is_train: bool = False) -> dict[str, Any]:
        """The scores by name: ``CrossEntropy`` and ``MIoU``, each with update, compute, reset."""
        return self.train_metrics if is_train else self.val_metrics

    def metrics(self, train: bool = False) -> dict[str, Any]:
        """:meth:`get_metrics` by its older name."""
        return self.get_metrics(train)

    def update_metric(self, batch: Batch, outputs: Tensor, metric: Any) -> None:
        """Let a score see a batch and its logits."""
        metric.update(
            at_least_float32(outputs), hard_target(self._labels(batch), self.ignore_index)
        )

    def eval_forward(self, batch: Batch, outputs: Tensor | None = None) -> Tensor:
        """Logits of a batch, unless they are known."""
        return self.forward(batch) if outputs is None else outputs

    def validate(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits and labels of a batch."""
        return self.forward(batch), batch[1]

    def _labels(self, batch: Batch) -> Tensor:
        """Class ids int64, or probabilities; one-hot integers are probabilities."""
        labels = plain_labels(batch[1])
        if labels.dim() != 3 and labels.shape[1:2] != (self.num_classes,):
            raise DataError(
                f'labels must be class ids (N, H, W) or one share of each of the '
                f'{self.num_classes} classes (N, K, H, W), got shape {tuple(labels.shape)}; what '
                'F.one_hot makes needs permute(0, 3, 1, 2)'
            )
        check_labels(labels, self.num_classes, self.ignore_index)
        return labels

    def _new_metrics(self) -> dict[str, Any]:
        ignore = self.ignore_index
        miou = dict(type='RunningMIoU', num_classes=self.num_classes, ignore_index=ignore)
        entropy = dict(type='RunningCrossEntropy', ignore_index=ignore)
        return {'CrossEntropy': METRICS.build(entropy), 'MIoU': METRICS.build(miou)}


@takes_older_order
def composer_deeplabv3(
    num_classes: int,
    backbone_arch: str = 'resnet101',
    backbone_weights: str | bool | None = None,
    sync_bn: bool = True,
    use_plus: bool = True,
    ignore_index: int = -1,
    cross_entropy_weight: float = 1.0,
    dice_weight: float = 0.0,
    initializers: Sequence[str] = (),
    *,
    is_backbone_pretrained: bool | None = None,
    backbone_url: str = '',
) -> ComposerDeepLab:
    """DeepLabV3+ as in MosaicML's Composer: network, loss and scores, ready to train.

    Its state dict has the names of Composer's checkpoints (``module.backbone.*``,
    ``module.classifier.*``). Differs from the original: the weights that ``V2`` names are those
    of the architecture asked for, an unknown name is an error, and ``sync_bn`` in one process
    is plain batch norm.

    Args:
        num_classes: K.
        backbone_arch: ``'resnet50'``, ``'resnet101'`` or ``'resnet152'``.
        backbone_weights: None, ``'IMAGENET1K_V1'``, ``'IMAGENET1K_V2'``, or a file or address.
        sync_bn: Batch norm over all processes of a node, where there are several.
        use_plus: DeepLabV3+; False is DeepLabV3.
        ignore_index: Label that costs and counts nothing.
        cross_entropy_weight: Weight of the cross entropy; 0 leaves it out.
        dice_weight: Weight of the Dice loss of each class over the batch; 0 leaves it out.
        initializers: ``kaiming_normal``, ``kaiming_uniform``, ``xavier_normal``,
            ``xavier_uniform``, ``bn_ones``, ``bn_uniform``, ``linear_log_constant_bias``, in
            their order; for the head alone if the backbone has weights.
        is_backbone_pretrained: The older name: whether the backbone has weights.
        backbone_url: The older name: where they are; without, torchvision's first ones.

    Raises:
        ConfigError: Arguments that are unknown or contradict each other.
        CheckpointError: The weights cannot be had or do not fit.

    Example:
        >>> model = composer_deeplabv3(num_classes=150, backbone_weights='IMAGENET1K_V2')
        >>> outputs = model((images, labels))
        >>> loss = model.loss(outputs, (images, labels))['total']
    """
    backbone_weights = weights_from_older(backbone_weights, is_backbone_pretrained, backbone_url)
    network = deeplabv3(
        num_classes, backbone_arch, backbone_weights, sync_bn, use_plus, initializers
    )
    return ComposerDeepLab(network, num_classes, ignore_index, cross_entropy_weight, dice_weight)
