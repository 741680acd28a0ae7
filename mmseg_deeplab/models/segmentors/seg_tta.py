"""Test-time augmentation: the mean of the probabilities of several views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from torch import nn

from mmseg_deeplab.inference import ProbabilityMean, log_probabilities, probabilities
from mmseg_deeplab.models.segmentors.postprocess import mask_invalid, most_likely
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SampleList, SegDataSample

_MOST_PIXELS = 1 << 19  # of views, or results, in one batch: two of 512x512; beyond it only larger
_KEPT_FACTS = (
    'img_path', 'seg_map_path', 'ori_shape', 'reduce_zero_label', 'group', 'own_part',
)  # fmt: skip


class _ViewMean:
    """Running mean over views of one image's class probabilities, in one map's memory."""

    def __init__(self, first: SegDataSample) -> None:
        self.merged = SegDataSample(
            metainfo={key: first.metainfo[key] for key in _KEPT_FACTS if key in first.metainfo}
        )
        for field, value in first.items():
            # labels too, of which there may be several
            if field == 'valid_mask' or field.startswith('gt_sem_seg'):
                setattr(self.merged, field, value)
        self.mean = ProbabilityMean()

    def add(self, sample: SegDataSample) -> None:
        """Add one view; its ``seg_logits`` must be as :meth:`postprocess_result` left them."""
        scores = sample.seg_logits.data
        # a one-channel model's scores are probabilities already
        self.mean.add(scores if len(scores) == 1 else probabilities(scores))

    def result(self, head: nn.Module, with_logits: bool) -> SegDataSample:
        """The merged sample, with ``pred_sem_seg`` and, if asked for, ``seg_logits``."""
        mean = self.mean.mean()  # (K, H0, W0)
        if with_logits:
            scores = mean if len(mean) == 1 else log_probabilities(mean)
            self.merged.seg_logits = PixelData(data=scores)
        predicted = most_likely(mean, head.threshold)
        self.merged.pred_sem_seg = PixelData(
            data=mask_invalid(predicted, self.merged, head.ignore_index)
        )
        return self.merged


@MODELS.register_module()
class SegTTAModel(BaseTTAModel):
    """A segmentor that looks at each image in several views (scales, flips).

    Neighbouring views of one size (a picture and its mirror image) are predicted as a batch, and
    all are added up in place, so memory does not grow with their number.

    Args:
        module: Config of the segmentor, or the segmentor.
        data_preprocessor: Config of the preprocessor, put into the segmentor's.
        with_logits: Give the merged scores as ``seg_logits`` as well: logarithms of the mean
            probabilities, or the mean sigmoid of a one-channel model.
    """

    def __init__(
        self,
        module: dict | nn.Module,
        data_preprocessor: dict | nn.Module | None = None,
        *,
        with_logits: bool = False,
    ) -> None:
        if isinstance(module, dict):
            if data_preprocessor is not None:
                module = {**module, 'data_preprocessor': data_preprocessor}
            module = MODELS.build(module)
        super().__init__(module)
        self.with_logits = with_logits

    def test_step(self, data: dict) -> SampleList:
        """Merged predictions of a batch.

        Args:
            data: ``inputs`` and ``data_samples``, each a list over views of lists over images,
                as ``TestTimeAug`` and the collate function make them.
        """
        means: list[_ViewMean] = []
        for views in self._joined_views(data):
            joined = {
                key: [item for i in views for item in value[i]] for key, value in data.items()
            }
            samples = self.module.test_step(joined)
            images = len(samples) // len(views)
            means = means or [_ViewMean(sample) for sample in samples[:images]]
            for index, sample in enumerate(samples):
                means[index % images].add(sample)
        return [mean.result(self.module.decode_head, self.with_logits) for mean in means]

    def _joined_views(self, data: dict) -> list[list[int]]:
        """Numbers of the views that are predicted together: neighbours of one size."""
        views = data['inputs']
        if (getattr(self.module, 'test_cfg', None) or {}).get('mode') == 'slide':
            return [[index] for index in range(len(views))]  # windows are its batches
        groups: list[list[int]] = []
        shapes = [[tuple(image.shape) for image in images] for images in views]
        for index, shape in enumerate(shapes):
            sizes = [size[-2:] for size in shape]
            sizes += [
                sample.metainfo.get('ori_shape', (0, 0)) for sample in data['data_samples'][index]
            ]
            pixels = len(shape) * max(height * width for height, width, *_ in sizes)
            fits = groups and (len(groups[-1]) + 1) * pixels <= _MOST_PIXELS
            if fits and shape == shapes[groups[-1][0]]:
                groups[-1].append(index)
            else:
                groups.append([index])
        return groups

    def merge_preds(self, data_samples_list: Iterable[Sequence[SegDataSample]]) -> SampleList:
        """Merged predictions of views that are all there, as ``test_step`` gives them.

        Args:
            data_samples_list: For each image its views' samples with ``seg_logits``
                (K, H0, W0).
        """
        merged = []
        for samples in data_samples_list:
            mean = _ViewMean(samples[0])
            for sample in samples:
                mean.add(sample)
            merged.append(mean.result(self.module.decode_head, self.with_logits))
        return merged
