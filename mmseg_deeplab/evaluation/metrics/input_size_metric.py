"""Scores at the size that the network sees, beside those at the original size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.dist import all_gather_object

from mmseg_deeplab.evaluation.metrics.iou_metric import IoUMetric
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.misc import resize_labels


@METRICS.register_module()
class InputSizeIoUMetric(IoUMetric):
    """:class:`IoUMetric` of predictions and labels at the network input's size.

    MosaicML's Composer publishes ADE20K scores at 512 x 512: the image is resized to that, and
    so is the label, by the nearest pixel. Such scores are not those at the original size, which
    :class:`IoUMetric` gives from the same forward pass; set a ``prefix`` in both.

    Needs ``model.test_cfg=dict(also_at_input_size=True)``, and images that are not padded.

    Args:
        ignore_index: See :class:`IoUMetric`, as all arguments.
        iou_metrics: Any of ``'mIoU'``, ``'mDice'``, ``'mFscore'``.
        nan_to_num: Score of a class that has none.
        beta: Weight of recall against precision.
        collect_device: Kept for configs written for MMSegmentation.
        prefix: Put before each returned key, with a slash; None takes the size, ``512x512`` (height
            and width), or ``input_size`` where there are several.
        report_dir: Files are written there after each evaluation.
        label_set: What tables and files call the labels.
    """

    def __init__(
        self,
        ignore_index: int = 255,
        iou_metrics: Sequence[str] = ('mIoU',),
        nan_to_num: float | None = None,
        beta: float = 1,
        collect_device: str = 'cpu',
        prefix: str | None = 'input_size',
        *,
        report_dir: str | None = None,
        label_set: str = 'resized to the network input',
    ) -> None:
        super().__init__(
            ignore_index,
            iou_metrics,
            nan_to_num,
            beta,
            collect_device,
            prefix=prefix,
            report_dir=report_dir,
            label_set=label_set,
        )
        self._by_size = prefix is None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count a batch of predictions.

        Args:
            data_batch: Not used.
            data_samples: Each with ``pred_at_input`` (1, h, w) and ``gt_sem_seg`` (1, H, W),
                whose data is resized.

        Raises:
            ConfigError: There is no prediction at the input's size.
            DataError: No label, or values outside the classes.
        """
        samples = [_at_input_size(sample) for sample in data_samples]
        if self._by_size:
            sizes = (sample['pred_sem_seg']['data'].shape[-2:] for sample in samples)
            self._sizes |= {f'{height}x{width}' for height, width in sizes}
        super().process(data_batch, samples)

    def evaluate(self, size: int) -> dict[str, float]:
        """As :meth:`IoUMetric.evaluate`.

        Args:
            size: Images in the data set.
        """
        if self._by_size:
            seen = set().union(*all_gather_object(self._sizes))
            self.prefix = seen.pop() if len(seen) == 1 else 'input_size'
        return super().evaluate(size)

    def _reset(self) -> None:
        super()._reset()
        self._sizes: set[str] = set()


def _at_input_size(sample: dict) -> dict:
    if 'pred_at_input' not in sample:
        raise ConfigError(
            'InputSizeIoUMetric needs model.test_cfg.also_at_input_size=True, and no test-time '
            'augmentation'
        )
    predicted = sample['pred_at_input']['data']
    kept = {key: sample[key] for key in ('img_path', 'seg_map_path', 'group') if key in sample}
    kept['pred_sem_seg'] = sample['pred_at_input']
    if 'gt_sem_seg' in sample:
        label = resize_labels(sample['gt_sem_seg']['data'], predicted.shape[-2:])
        kept['gt_sem_seg'] = {'data': label}
    return kept
