"""The scores that Detectron2 reports of semantic segmentation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import all_gather_object, is_main_process
from torch import Tensor

from mmseg_deeplab.evaluation.boundary import count_boundaries, count_label_map_boundaries
from mmseg_deeplab.evaluation.confusion import ConfusionMatrix, scores
from mmseg_deeplab.evaluation.labelled import labelled_scores
from mmseg_deeplab.evaluation.metrics.iou_metric import IoUMetric
from mmseg_deeplab.evaluation.processes import sum_array_over_processes
from mmseg_deeplab.evaluation.rle import encode_mask
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.files import write_text
from mmseg_deeplab.utils.log import get_logger

_BOUNDARIES = {'per_class': count_boundaries, 'label_map': count_label_map_boundaries}
_MEANS = ('mIoU', 'fwIoU', 'mACC', 'pACC')


@METRICS.register_module()
class SemSegMetric(IoUMetric):
    """Scores by Detectron2's names: mIoU, fwIoU, mACC, pACC, and per class IoU, boundary IoU, ACC.

    Only labelled classes enter a mean, see :class:`LabelledScores`. Keys are in percent,
    unrounded, in Detectron2's order: ``mIoU``, ``fwIoU``; for each class ``IoU-NAME``,
    ``BoundaryIoU-NAME`` and ``min(IoU, B-Iou)-NAME``; ``mACC``, ``pACC``; for each class
    ``ACC-NAME``. A class without a score has NaN.

    Args:
        ignore_index: Label of pixels that do not count.
        boundary: ``'per_class'``: the boundary IoU of its paper (arXiv:2103.16562), each class's
            mask on its own; ``'label_map'``: as Detectron2 computes it, which depends on how
            the classes are numbered; None leaves it out, which is faster.
        predictions_file: All predictions are written there as run lengths, a JSON list of
            ``file_name``, ``category_id``, ``segmentation``; as Detectron2's
            ``sem_seg_predictions.json``.
        per_class: Return the scores of the classes too; the table shows them in any case.
        collect_device: As for :class:`IoUMetric`, like the rest.
        output_dir: Predictions are written there as PNGs of class ids.
        format_only: Write predictions and compute nothing.
        prefix: Put before each returned key, with a slash.
        report_dir: Files are written there after each evaluation.
    """

    def __init__(
        self,
        ignore_index: int = 255,
        boundary: str | None = 'per_class',
        predictions_file: str | None = None,
        per_class: bool = True,
        collect_device: str = 'cpu',
        output_dir: str | None = None,
        format_only: bool = False,
        prefix: str | None = None,
        *,
        report_dir: str | None = None,
    ) -> None:
        if boundary is not None and boundary not in _BOUNDARIES:
            raise ConfigError(f'boundary must be one of {(*_BOUNDARIES, None)}, got {boundary!r}')
        self.boundary = boundary
        self.predictions_file = predictions_file
        self.per_class = per_class
        super().__init__(
            ignore_index,
            collect_device=collect_device,
            output_dir=output_dir,
            format_only=format_only,
            prefix=prefix,
            report_dir=report_dir,
        )

    @staticmethod
    def score_names(iou_metrics: str | Sequence[str]) -> set[str]:
        """The names of the mean scores, without a prefix.

        Args:
            iou_metrics: Has no meaning here.
        """
        return set(_MEANS)

    def evaluate(self, size: int) -> dict[str, float]:
        """Add up the counts of all processes, write what is to be written, and score.

        Args:
            size: Images in the data set.

        Returns:
            The scores by name, the same in every process.
        """
        if self._boundaries is None:
            self._boundaries = np.zeros((2, len(self._class_names())), np.int64)
        self._boundaries = sum_array_over_processes(self._boundaries)
        self._write_runs()
        return super().evaluate(size)

    def class_table(self, found: dict[str, float]) -> str:
        """A row of scores per class, and the means below.

        Args:
            found: As :meth:`evaluate` returns them with ``per_class``, without a prefix.
        """
        from terminaltables import AsciiTable

        columns = ['IoU', 'BoundaryIoU', 'min(IoU, B-Iou)', 'ACC']
        columns = [c for c in columns if f'{c}-{self._class_names()[0]}' in found]
        rows = [['Class', *columns]]
        for name in self._class_names():
            rows.append([name, *(f'{found[f"{column}-{name}"]:.3f}' for column in columns)])
        means = [list(_MEANS), [f'{found[name]:.3f}' for name in _MEANS]]
        return f'{AsciiTable(rows).table}\n{AsciiTable(means).table}'

    def _reset(self) -> None:
        super()._reset()
        self._boundaries: np.ndarray | None = None
        self._runs: list[dict] = []

    def _count(self, pred: Tensor, sample: dict) -> None:
        super()._count(pred, sample)
        ids = pred.cpu().numpy()
        if self.boundary is not None:
            label = np.asarray(sample['gt_sem_seg']['data'].cpu()).reshape(ids.shape)
            count = _BOUNDARIES[self.boundary]
            counts = count(ids, label, len(self._class_names()), self.ignore_index)
            self._boundaries = counts if self._boundaries is None else self._boundaries + counts
        if self.predictions_file is not None:
            self._runs += [
                {
                    'file_name': str(sample.get('img_path', '')),
                    'category_id': int(index),
                    'segmentation': encode_mask(ids == index),
                }
                for index in np.unique(ids)
            ]

    def _write_runs(self) -> None:
        if self.predictions_file is None:
            return
        runs = [run for part in all_gather_object(self._runs) for run in part]
        if is_main_process():
            path = write_text(Path(self.predictions_file), json.dumps(runs))
            get_logger().info('predictions were written to %s', path)

    def _log(self, matrix: ConfusionMatrix) -> None:
        get_logger().info('per class results:\n%s', self.class_table(self._scores(matrix)))

    def _summary(self, matrix: ConfusionMatrix, columns: Sequence[str]) -> dict[str, float]:
        found = self._scores(matrix)
        return found if self.per_class else {name: found[name] for name in _MEANS}

    def _scores(self, matrix: ConfusionMatrix) -> dict[str, float]:
        means, per_class = labelled_scores(matrix.total), scores(matrix.total)
        labelled = matrix.total.sum(axis=1) > 0
        iou = np.where(labelled, means.iou, np.nan)
        per_name = {'IoU': iou}
        if self.boundary is not None and self._boundaries is not None:
            both, either = self._boundaries.astype(np.float64)
            with np.errstate(invalid='ignore', divide='ignore'):
                per_name['BoundaryIoU'] = both / either
            per_name['min(IoU, B-Iou)'] = np.minimum(iou, per_name['BoundaryIoU'])
        found = {'mIoU': means.mean_iou, 'fwIoU': means.frequency_weighted_iou}
        for index, name in enumerate(self._class_names()):
            found |= {f'{score}-{name}': values[index] for score, values in per_name.items()}
        found |= {'mACC': means.mean_accuracy, 'pACC': means.pixel_accuracy}
        for index, name in enumerate(self._class_names()):
            found[f'ACC-{name}'] = per_class['Acc'][index]
        return {name: 100 * float(value) for name, value in found.items()}
