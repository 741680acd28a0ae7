"""What the modules of foreign weight formats hand over."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

MODEL, BACKBONE = 'model', 'backbone'


class Foreign(NamedTuple):
    """What stands in a file.

    Attributes:
        state: Arrays or tensors under the original's names.
        meta: What else the file says of itself; plain values.
    """

    state: dict[str, Any]
    meta: dict[str, Any]


class Target(NamedTuple):
    """What weights are for.

    Attributes:
        config: Name of the shipped config whose model they fit.
        options: Changes of it that the weights themselves ask for, as ``--cfg-options``:
            ``{'model.decode_head.num_classes': 21}``.
        part: :data:`MODEL`, or :data:`BACKBONE` for a file of the backbone alone, whose entries
            then are those of ``model.backbone`` without ``backbone.`` in front.
    """

    config: str
    options: dict[str, Any]
    part: str = MODEL


class Weights(NamedTuple):
    """A foreign file's weights, ready for our model.

    Attributes:
        format: One of :data:`FORMATS`.
        state: Tensors under our names.
        target: What they are for.
        source: What stands in the file.
    """

    format: str
    state: dict[str, Tensor]
    target: Target
    source: Foreign
