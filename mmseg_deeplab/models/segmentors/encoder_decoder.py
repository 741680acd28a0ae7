"""Backbone, decode head and auxiliary heads, for training and testing by configs.

Legend of shapes: N batch, C bands, H, W network input, H0, W0 original image, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmengine.structures import PixelData
from torch import Tensor, nn

from mmseg_deeplab.inference import slide_classes, slide_logits
from mmseg_deeplab.models.segmentors.base import BaseSegmentor
from mmseg_deeplab.models.segmentors.network import (
    SegNetwork,
    check_head_inputs,
    named_heads,
)
from mmseg_deeplab.models.segmentors.postprocess import keeps_geometry, mask_invalid, most_likely
from mmseg_deeplab.models.segmentors.predict_options import PredictOptions
from mmseg_deeplab.models.utils.labels import check_labels, stack_labels
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import OptSampleList, SampleList
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.misc import add_prefix


@MODELS.register_module()
class EncoderDecoder(BaseSegmentor):
    """A segmentor of a backbone and heads, as configs describe it.

    Args:
        backbone: Config of the backbone.
        decode_head: Config of the head that predicts.
        neck: Config of a module between backbone and heads: feature maps in, feature maps out.
        auxiliary_head: Config of one more head, or a list of configs, for training only.
        train_cfg: Handed to the heads' ``loss``.
        test_cfg: ``dict(mode='whole')`` or ``dict(mode='slide', crop_size, stride)``, see
            :class:`PredictOptions`.
        data_preprocessor: Config of :class:`SegDataPreProcessor`.
        pretrained: Weight file of the backbone, the older form of its ``init_cfg``.
        init_cfg: Initialisers of the whole model.

    Raises:
        ConfigError: A head wants other channels than the backbone gives, or ``test_cfg`` is
            wrong.
    """

    def __init__(
        self,
        backbone: dict,
        decode_head: dict,
        neck: dict | None = None,
        auxiliary_head: dict | Sequence[dict] | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        pretrained: str | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(_with_pretrained(backbone, pretrained))
        self.neck = None if neck is None else MODELS.build(neck)
        self._init_decode_head(decode_head)
        self._init_auxiliary_head(auxiliary_head)
        self.train_cfg = train_cfg
        self.test_cfg = test_cfg
        PredictOptions.from_cfg(test_cfg)  # refuse a wrong one now, not after the training
        if self.neck is None:
            for name, head in self._heads():
                check_head_inputs(f'{name}_head', head, self.backbone)

    def _init_decode_head(self, decode_head: dict) -> None:
        self.decode_head = MODELS.build(decode_head)
        self.align_corners = self.decode_head.align_corners
        self.num_classes = self.decode_head.num_classes
        self.out_channels = self.decode_head.out_channels
        self.ignore_index = self.decode_head.ignore_index

    def _init_auxiliary_head(self, auxiliary_head: dict | Sequence[dict] | None) -> None:
        self.auxiliary_head = None
        if isinstance(auxiliary_head, (list, tuple)):
            self.auxiliary_head = nn.ModuleList(MODELS.build(cfg) for cfg in auxiliary_head)
        elif auxiliary_head is not None:
            self.auxiliary_head = MODELS.build(auxiliary_head)

    @property
    def network(self) -> SegNetwork:
        """The plain network, sharing this model's layers: images (N, C, H, W) -> logits
        (N, K, H, W) at the same size. It takes no metainfo and can be exported.
        """
        network = SegNetwork(self.backbone, self.decode_head, neck=self.neck)
        network.training = self.training
        return network

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of images (N, C, H, W), as the heads get them."""
        maps = self.backbone(inputs)
        return maps if self.neck is None else self.neck(maps)

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None
    ) -> Tensor:
        """Logits (N, K, H, W) of images (N, C, H, W) at their size.

        An attached ``predictor`` computes them where there is one, except in training.

        Args:
            inputs: Images, or windows of them.
            batch_img_metas: Metainfo of each image; the head gets it with the shapes of
                ``inputs``, which may be a window. None is no metainfo.
        """
        if self.predictor is not None and not self.training:
            return self.predictor(inputs)
        return self.compute_logits(inputs, batch_img_metas)

    def compute_logits(
        self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None
    ) -> Tensor:
        """What :meth:`encode_decode` returns, always computed by the layers themselves.

        Args:
            inputs: Images, or windows of them.
            batch_img_metas: Metainfo of each image, or None.
        """
        size = inputs.shape[2:]
        metas = [
            {**meta, 'img_shape': size, 'pad_shape': size}
            for meta in batch_img_metas or [{}] * len(inputs)
        ]
        return self.decode_head.predict(self.extract_feat(inputs), metas, self.test_cfg)

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Losses and accuracies of all heads.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: With ground truth (1, H, W).

        Returns:
            Scalars under ``decode.loss_ce``, ``decode.acc_seg``, ``aux.loss_ce``, ... (or
            ``aux_0.``, ``aux_1.`` for several); the names that hold ``loss`` are summed.

        Raises:
            DataError: Missing ground truth, or labels that are no class (on a CPU).
        """
        if not data_samples:
            raise DataError('data_samples must be given to compute a loss, got none')
        labels = stack_labels(data_samples)
        check_labels(labels, self.decode_head.num_labels, self.ignore_index, data_samples)
        features = self.extract_feat(inputs)
        losses = self._decode_head_forward_train(features, data_samples)
        if self.with_auxiliary_head:
            losses |= self._auxiliary_head_forward_train(features, data_samples)
        return losses

    def _decode_head_forward_train(
        self, inputs: Sequence[Tensor], data_samples: SampleList
    ) -> dict[str, Tensor]:
        return add_prefix(self.decode_head.loss(inputs, data_samples, self.train_cfg), 'decode')

    def _auxiliary_head_forward_train(
        self, inputs: Sequence[Tensor], data_samples: SampleList
    ) -> dict[str, Tensor]:
        losses = {}
        for name, head in self._heads()[1:]:
            losses |= add_prefix(head.loss(inputs, data_samples, self.train_cfg), name)
        return losses

    def predict(self, inputs: Tensor, data_samples: OptSampleList = None) -> SampleList:
        """Predictions of images, at their original size; see :meth:`postprocess_result`.

        Args:
            inputs: (N, C, H, W) float, normalised.
            data_samples: One per image, with metainfo; None takes the input for the original.
        """
        if data_samples is None:
            shape = tuple(inputs.shape[2:])
            facts = {'ori_shape': shape, 'img_shape': shape, 'pad_shape': shape}
            metas = [facts] * len(inputs)
        else:
            metas = [sample.metainfo for sample in data_samples]
        options = PredictOptions.from_cfg(self.test_cfg)
        if data_samples is not None and self._only_classes_are_wanted(options, inputs, metas):
            return self._predict_classes(inputs, data_samples, options)
        logits = self.inference(inputs, metas)
        samples = self.postprocess_result(logits, data_samples)
        if options.also_at_input_size:
            for maps, sample in zip(logits, samples, strict=True):
                scores = maps.sigmoid() if self.out_channels == 1 else maps
                predicted = most_likely(scores, self.decode_head.threshold)
                sample.pred_at_input = PixelData(data=predicted)
        return samples

    def _only_classes_are_wanted(
        self, options: PredictOptions, inputs: Tensor, metas: Sequence[dict]
    ) -> bool:
        """Whether windows' logits can become classes at once, with no way back to go."""
        own = type(self)
        return (
            options.mode == 'slide'
            and not (options.with_logits or options.also_at_input_size)
            and all(keeps_geometry(inputs.shape[2:], meta) for meta in metas)
            # a subclass with its own way to slide is asked for its logits
            and own.inference is EncoderDecoder.inference
            and own.slide_inference is EncoderDecoder.slide_inference
            and own.postprocess_result is BaseSegmentor.postprocess_result
        )

    def _predict_classes(
        self, inputs: Tensor, data_samples: SampleList, options: PredictOptions
    ) -> SampleList:
        ids = slide_classes(
            inputs,
            self._window_predictor([sample.metainfo for sample in data_samples]),
            tuple(options.crop_size),
            tuple(options.stride),
            batch_size=options.batch_size,
            threshold=self.decode_head.threshold,
        )
        if self.decode_head.ignore_index not in range(256):
            ids = ids.long()
        for predicted, sample in zip(ids, data_samples, strict=True):
            masked = mask_invalid(predicted[None], sample, self.decode_head.ignore_index)
            sample.pred_sem_seg = PixelData(data=masked)
        return data_samples

    def inference(self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None) -> Tensor:
        """Logits (N, K, H, W) of images (N, C, H, W), by the mode that ``test_cfg`` names."""
        if PredictOptions.from_cfg(self.test_cfg).mode == 'slide':
            return self.slide_inference(inputs, batch_img_metas)
        return self.whole_inference(inputs, batch_img_metas)

    def whole_inference(
        self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None
    ) -> Tensor:
        """Logits (N, K, H, W) of images (N, C, H, W) in one pass."""
        return self.encode_decode(inputs, batch_img_metas)

    def slide_inference(
        self, inputs: Tensor, batch_img_metas: Sequence[dict] | None = None
    ) -> Tensor:
        """Logits (N, K, H, W) averaged over the windows that see a pixel."""
        options = PredictOptions.from_cfg(self.test_cfg)
        return slide_logits(
            inputs,
            self._window_predictor(batch_img_metas or [{}] * len(inputs)),
            tuple(options.crop_size),
            tuple(options.stride),
            batch_size=options.batch_size,
        )

    def _window_predictor(self, metas: Sequence[dict]) -> Callable[[Tensor], Tensor]:
        def predict_windows(windows: Tensor) -> Tensor:  # all images of one window, then the next
            repeats = len(windows) // len(metas)
            return self.encode_decode(windows, [*metas] * repeats)

        return predict_windows

    def _forward(self, inputs: Tensor, data_samples: OptSampleList = None) -> Tensor:
        return self.decode_head(self.extract_feat(inputs))

    def _heads(self) -> list[tuple[str, nn.Module]]:
        return list(named_heads(self.decode_head, self.auxiliary_head))

    def extra_repr(self) -> str:
        """What each head looks at, shown by ``print(model)``."""
        channels = getattr(self.backbone, 'out_channels', None)
        strides = getattr(self.backbone, 'out_strides', None)
        if channels is None or strides is None:
            return ''
        lines = []
        for name, head in self._heads():
            for index in getattr(head, 'input_channels', {}):
                lines.append(
                    f'{name}: in_index={index} -> stride {strides[index]}, '
                    f'{channels[index]} channels'
                )
        return '\n'.join(lines)


def _with_pretrained(backbone: dict, pretrained: str | None) -> dict:
    if pretrained is None:
        return backbone
    if backbone.get('pretrained') is not None:
        raise ConfigError(
            f'pretrained must be set in the segmentor (={pretrained!r}) or in the backbone '
            f'(={backbone["pretrained"]!r}), not in both'
        )
    return {**backbone, 'pretrained': pretrained}
