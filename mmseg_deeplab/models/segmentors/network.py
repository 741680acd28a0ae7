"""The network proper: images in, logits out, no metainfo.

Legend of shapes: N batch, C bands, H, W image, h, w logits' own size, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from mmseg_deeplab.models.utils.labels import check_labels
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.misc import add_prefix


class SegNetwork(nn.Module):
    """Backbone and heads as one plain module that ``torch.export`` takes.

    Args:
        backbone: Maps images to a tuple of feature maps.
        decode_head: Maps feature maps to logits.
        auxiliary_head: One more head, or several in a ``ModuleList``, for training only.
        neck: Maps feature maps to feature maps for the heads; None leaves them as they are.

    Shape:
        - images: (N, C, H, W) float, normalised
        - returned: (N, K, H, W)
    """

    def __init__(
        self,
        backbone: nn.Module,
        decode_head: nn.Module,
        auxiliary_head: nn.Module | None = None,
        neck: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = neck
        self.decode_head = decode_head
        self.auxiliary_head = auxiliary_head

    def forward(self, images: Tensor) -> Tensor:
        """Logits at the images' size."""
        logits = self.decode_head(self.extract_feat(images))  # (N, K, h, w)
        return self.decode_head.resize_logits(logits, images.shape[-2:])

    def extract_feat(self, images: Tensor) -> tuple[Tensor, ...]:
        """Feature maps (N, C_i, h_i, w_i) for the heads, of images (N, C, H, W)."""
        maps = self.backbone(images)
        return maps if self.neck is None else self.neck(maps)

    def losses(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses and accuracies of all heads by name.

        Args:
            images: (N, C, H, W) float, normalised.
            labels: (N, H, W) int64, classes or 255 (ignored).

        Returns:
            Scalars under ``decode.loss_ce``, ``decode.acc_seg``, ``aux.loss_ce``, ...

        Raises:
            DataError: Labels that are no class (on a CPU).
        """
        check_labels(labels, self.decode_head.num_labels, self.decode_head.ignore_index)
        features = self.extract_feat(images)
        values = {}
        for name, head in named_heads(self.decode_head, self.auxiliary_head):
            values |= add_prefix(head.loss_of_labels(head(features), labels), name)
        return values

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """The sum to minimise: all heads' losses with their weights, a scalar.

        Args:
            images: (N, C, H, W) float, normalised.
            labels: (N, H, W) int64, classes or 255 (ignored).

        Raises:
            DataError: Labels that are no class (on a CPU).
        """
        values = self.losses(images, labels)
        return sum(value for name, value in values.items() if 'loss' in name)


def named_heads(
    decode_head: nn.Module, auxiliary_head: nn.Module | None
) -> Iterator[tuple[str, nn.Module]]:
    """Heads with their names in the log: decode, then aux, or aux_0, aux_1, ..."""
    yield 'decode', decode_head
    if isinstance(auxiliary_head, nn.ModuleList):
        for index, head in enumerate(auxiliary_head):
            yield f'aux_{index}', head
    elif auxiliary_head is not None:
        yield 'aux', auxiliary_head


def check_head_inputs(name: str, head: nn.Module, backbone: nn.Module) -> None:
    """Refuse a head whose input channels are not what the backbone gives.

    Args:
        name: Of the head, for the message.
        head: May tell ``input_channels``, a dict of map index to channels.
        backbone: May tell ``out_channels``, a tuple.

    Raises:
        ConfigError: They differ, or there is no map of that index.
    """
    given = getattr(backbone, 'out_channels', None)
    if given is None:  # a user's own backbone that does not tell
        return
    for index, wanted in getattr(head, 'input_channels', {}).items():
        if not -len(given) <= index < len(given):
            raise ConfigError(
                f'in_index of {name} must be below {len(given)}, the number of maps that '
                f'{type(backbone).__name__} returns, got {index}'
            )
        if given[index] != wanted:
            raise ConfigError(
                f'{name} ({type(head).__name__}) wants {wanted} channels at index {index}, but '
                f'backbone ({type(backbone).__name__}) gives {given[index]} there (all: {given}); '
                f'set its in_channels (or c1_in_channels) to {given[index]}'
            )
