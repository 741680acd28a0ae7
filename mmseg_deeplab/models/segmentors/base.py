"""What every segmentor shares: the three modes and the way back to data samples."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import PixelData
from torch import Tensor, nn

from mmseg_deeplab.inference import Predictor, log_probabilities, probabilities
from mmseg_deeplab.models.segmentors.postprocess import mask_invalid, most_likely, restore_geometry
from mmseg_deeplab.models.segmentors.predict_options import PredictOptions
from mmseg_deeplab.models.utils.base_module import SegModule
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import OptSampleList, SampleList, SegDataSample
from mmseg_deeplab.utils.precision import at_least_float32


class BaseSegmentor(SegModule, BaseModel):
    """A model that MMEngine's runner trains and tests.

    Args:
        data_preprocessor: Config or module; None does nothing to the data.
        init_cfg: Initialisers of the whole model.

    Attributes:
        predictor: Computes the logits in place of the layers when the model does not train;
            None, as a new model has it, leaves that to the layers.
    """

    decode_head: nn.Module
    align_corners: bool
    out_channels: int
    test_cfg: dict | None = None
    predictor: Predictor | None = None

    def __init__(
        self,
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if data_preprocessor is None:
            data_preprocessor = BaseDataPreprocessor()
        elif isinstance(data_preprocessor, dict):
            data_preprocessor = MODELS.build(data_preprocessor)
        super().__init__(data_preprocessor, init_cfg)

    def forward(
        self, inputs: Tensor, data_samples: OptSampleList = None, mode: str = 'tensor'
    ) -> Tensor | dict[str, Tensor] | SampleList:
        """One of three things, for the runner.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: One per image; needed for ``'loss'``.
            mode: ``'loss'``: dict of losses; ``'predict'``: data samples; ``'tensor'``: the
                head's logits (N, K, h, w) at its own stride.

        Raises:
            RuntimeError: Another mode.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self._forward(inputs, data_samples)
        raise RuntimeError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")

    @property
    def with_neck(self) -> bool:
        """Whether something lies between backbone and heads."""
        return getattr(self, 'neck', None) is not None

    @property
    def with_auxiliary_head(self) -> bool:
        """Whether there are heads for training only."""
        return getattr(self, 'auxiliary_head', None) is not None

    @property
    def with_decode_head(self) -> bool:
        """Whether there is a head that predicts."""
        return getattr(self, 'decode_head', None) is not None

    @abstractmethod
    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of images (N, C, H, W)."""

    @abstractmethod
    def encode_decode(self, inputs: Tensor, batch_img_metas: Sequence[dict]) -> Tensor:
        """Logits (N, K, H, W) of images (N, C, H, W) at their size."""

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Losses and accuracies by name."""

    @abstractmethod
    def predict(self, inputs: Tensor, data_samples: OptSampleList = None) -> SampleList:
        """Predictions at the original size."""

    @abstractmethod
    def _forward(self, inputs: Tensor, data_samples: OptSampleList = None) -> Tensor:
        """Logits at the head's stride."""

    def leave_logits_out(self) -> None:
        """Let predictions from now on be classes without ``seg_logits``, see
        :class:`PredictOptions`; they fill most of a large image's memory.
        """
        self.test_cfg = {**(self.test_cfg or {}), 'with_logits': False}

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: OptSampleList = None
    ) -> SampleList:
        """Bring logits to the original size and choose classes.

        Args:
            seg_logits: (N, K, H, W) at the network input's size.
            data_samples: Their metainfo says how the image was padded, flipped and resized;
                None takes the input for the original image.

        Returns:
            The samples with ``seg_logits`` (K, H0, W0) float32 (float64 of float64), unless
            ``test_cfg`` says ``with_logits=False``, and
            ``pred_sem_seg`` (1, H0, W0) int64. With one channel ``seg_logits`` holds the sigmoid
            and ``pred_sem_seg`` is float 0 or 1. Where ``valid_mask`` is False the prediction
            is the ignore index.
        """
        if data_samples is None:
            shape = tuple(seg_logits.shape[-2:])
            shapes = {'ori_shape': shape, 'img_shape': shape, 'pad_shape': shape}
            data_samples = [SegDataSample(metainfo=shapes) for _ in seg_logits]
        with_logits = PredictOptions.from_cfg(self.test_cfg).with_logits
        for logits, sample in zip(seg_logits, data_samples, strict=True):
            logits = at_least_float32(logits)
            logits = self._at_original_size(logits, sample.metainfo)
            if self.out_channels == 1:
                logits = logits.sigmoid()
            predicted = most_likely(logits, self.decode_head.threshold)
            predicted = mask_invalid(predicted, sample, self.decode_head.ignore_index)
            if with_logits:
                sample.seg_logits = PixelData(data=logits)
            sample.pred_sem_seg = PixelData(data=predicted)
        return data_samples

    def _at_original_size(self, logits: Tensor, metainfo: dict) -> Tensor:
        if PredictOptions.from_cfg(self.test_cfg).resize == 'logits':
            return restore_geometry(logits, metainfo, align_corners=self.align_corners)
        restored = restore_geometry(probabilities(logits), metainfo, align_corners=False)
        return log_probabilities(restored)
