"""Short names for types that users' heads and segmentors annotate with."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import ConfigDict
from mmengine.structures import BaseDataElement
from torch import Tensor

ConfigType = ConfigDict | dict
OptConfigType = ConfigType | None
MultiConfig = ConfigType | Sequence[ConfigType]
OptMultiConfig = MultiConfig | None
SampleList = Sequence[BaseDataElement]  # of SegDataSample
OptSampleList = SampleList | None
TensorDict = dict[str, Tensor]
TensorList = Sequence[Tensor]
ForwardResults = dict[str, Tensor] | list[BaseDataElement] | tuple[Tensor] | Tensor
