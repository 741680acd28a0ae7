"""The metric of semantic segmentation, as MMEngine's evaluator calls it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmseg_deeplab.evaluation.areas import (
    COLUMNS,
    checked_metrics,
    intersect_and_union,
    total_area_to_metrics,
)
from mmseg_deeplab.evaluation.confusion import ConfusionMatrix, mean_score, scores
from mmseg_deeplab.evaluation.processes import sum_over_processes
from mmseg_deeplab.evaluation.protocols import further_key
from mmseg_deeplab.evaluation.report import SegReport, write_report
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import UniqueNames, write_id_map
from mmseg_deeplab.utils.log import get_logger


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """IoU, accuracy, Dice and F-score of a data set, from one confusion matrix.

    Memory is K x K counts however many images come. Several processes add their counts in one
    sum; no sample is padded or cut off, so the figures do not depend on how many there are.

    Returned keys, in percent rounded to two decimals: ``aAcc`` and, as asked for, ``mIoU mAcc``,
    ``mDice mAcc``, ``mFscore mPrecision mRecall``. :attr:`report` and the files of
    ``report_dir`` hold full precision. Which classes enter a mean: see
    :func:`~mmseg_deeplab.evaluation.confusion.scores`.

    Args:
        ignore_index: Label of pixels that do not count.
        iou_metrics: Any of ``'mIoU'``, ``'mDice'``, ``'mFscore'``.
        nan_to_num: Score of a class that has none; None leaves it out of the mean.
        beta: Weight of recall against precision in the F-score, above 0.
        collect_device: Kept for configs written for MMSegmentation; the sum over processes
            runs on the process group's own device.
        output_dir: Predictions are written there, one PNG of class ids per image, named after
            the image file.
        format_only: Write predictions and compute nothing; needs ``output_dir``, and no labels.
        prefix: Put before each returned key, with a slash.
        label_offset: Added to class ids in the PNGs. 0 fits LoveDA's server (ids 0 to 6); use
            1 for a server that counts from 1, such as ADE20K's.
        report_dir: ``metrics.json``, ``per_class.csv``, ``confusion_matrix.csv`` and ``.png``
            are written there after each evaluation.
        label_set: What tables and files call the labels, such as ``'eroded boundaries'``.
        left_out: Names of classes that further protocols leave out, such as Potsdam's clutter.

    Further protocols are scored from the same predictions, in a table of their own: ``left_out``
    classes; other labels that a data set's ``data_prefix`` names; whole images, each pixel
    counted once, where a data set consists of crops that overlap.

    Differs from mmseg: PNGs get no silent + 1 where ``reduce_zero_label`` is set, and labels
    outside the classes are an error instead of being dropped.
    """

    # MMSegmentation's, for scripts that count by themselves; nothing here calls them
    intersect_and_union = staticmethod(intersect_and_union)
    total_area_to_metrics = staticmethod(total_area_to_metrics)

    def __init__(
        self,
        ignore_index: int = 255,
        iou_metrics: Sequence[str] = ('mIoU',),
        nan_to_num: float | None = None,
        beta: float = 1,
        collect_device: str = 'cpu',
        output_dir: str | None = None,
        format_only: bool = False,
        prefix: str | None = None,
        *,
        label_offset: int = 0,
        report_dir: str | None = None,
        label_set: str = '',
        left_out: Sequence[str] = (),
    ) -> None:
        # MMEngine warns where there is no prefix; for this metric that is the normal case
        super().__init__(collect_device=collect_device, prefix=prefix or 'none')
        self.prefix = prefix
        self.iou_metrics = checked_metrics(iou_metrics)
        if format_only and output_dir is None:
            raise ConfigError(
                'output_dir must be given when format_only is True, got None; '
                'name the folder for the predicted PNGs'
            )
        self.ignore_index = ignore_index
        self.nan_to_num = nan_to_num
        self.beta = beta
        self.output_dir = None if output_dir is None else Path(output_dir)
        self.format_only = format_only
        self.label_offset = label_offset
        self.report_dir = report_dir
        self.label_set = label_set
        self.left_out = (left_out,) if isinstance(left_out, str) else tuple(left_out)
        self.report: SegReport | None = None
        self.names_root: str | None = None  # set where images of two folders have one name
        self._reset()

    @staticmethod
    def score_names(iou_metrics: str | Sequence[str]) -> set[str]:
        """The names of the scores, without a prefix, that these ``iou_metrics`` give.

        Args:
            iou_metrics: As for the constructor; unknown names give nothing.
        """
        names = [iou_metrics] if isinstance(iou_metrics, str) else iou_metrics
        columns = {f'm{column}' for name in names for column in COLUMNS.get(name, ())}
        return {'aAcc', *columns}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count a batch of predictions.

        Args:
            data_batch: Not used.
            data_samples: Each with ``pred_sem_seg`` and, unless ``format_only``,
                ``gt_sem_seg``, whose ``data`` is (1, H, W) or (H, W) of one size, and
                optionally ``gt_sem_seg_NAME``, ``img_path``, ``seg_map_path``, ``group`` and
                ``own_part``.

        Raises:
            DataError: No label, a label of another size, or values outside the classes.
        """
        for sample in data_samples:
            pred = _squeeze(sample['pred_sem_seg']['data'])
            if self.output_dir is not None:
                self._write_prediction(pred, sample)
            if not self.format_only:
                self._count(pred, sample)

    def compute_metrics(self, results: list[ConfusionMatrix]) -> dict[str, float]:
        """Scores of the counts, logged as tables and kept in :attr:`report`.

        Args:
            results: Matrices to add up, normally the one that :meth:`process` has filled.

        Returns:
            Percent by name, rounded to two decimals.
        """
        if self.format_only:
            get_logger().info('predictions were written to %s', self.output_dir)
            return {}
        matrix = self._new_matrix().merge(results)
        columns = [name for metric in self.iou_metrics for name in COLUMNS[metric]]
        columns = list(dict.fromkeys(columns))
        self.report = SegReport(
            matrix,
            self._class_names(),
            columns,
            beta=self.beta,
            nan_to_num=self.nan_to_num,
            further=self._further,
            label_set=self.label_set,
            left_out=self.left_out,
        )
        self._log(matrix)
        if self.report_dir is not None:
            write_report(self.report, self.report_dir)
        return self._summary(matrix, columns)

    def evaluate(self, size: int) -> dict[str, float]:
        """Add up the counts of all processes and score them.

        Args:
            size: Images in the data set; a warning tells if another number was counted.

        Returns:
            As :meth:`compute_metrics`, the same in every process.
        """
        matrix = self._new_matrix().merge(self.results)
        self.results.clear()
        if self.format_only:
            self._reset()
            return self.compute_metrics([])
        self._further = self._further or self._new_matrix()
        sum_over_processes(matrix)
        sum_over_processes(self._further)
        if matrix.images != size:
            get_logger().warning(
                '%d images were evaluated, but the data set has %d', matrix.images, size
            )
        found = self._everywhere(matrix)
        self._reset()
        return found

    def _reset(self) -> None:
        """Forget what belongs to one evaluation."""
        self._further: ConfusionMatrix | None = None
        self._names: UniqueNames | None = None

    def _everywhere(self, matrix: ConfusionMatrix) -> dict[str, float]:
        """All processes hold the same sums; only the first one prints and writes files."""
        if is_main_process():
            metrics = self.compute_metrics([matrix])
        else:
            columns = [name for metric in self.iou_metrics for name in COLUMNS[metric]]
            metrics = self._summary(matrix, columns)
        return {f'{self.prefix}/{key}' if self.prefix else key: v for key, v in metrics.items()}

    def _log(self, matrix: ConfusionMatrix) -> None:
        """Print the table of the evaluation whose report has just been made."""
        get_logger().info('per class results:\n%s', self.report.class_table())

    def _summary(self, matrix: ConfusionMatrix, columns: Sequence[str]) -> dict[str, float]:
        per_class = scores(matrix.total, self.beta)
        summary = {'aAcc': float(per_class['aAcc'])}
        for name in columns:
            summary[f'm{name}'] = mean_score(per_class[name], self.nan_to_num)
        return {name: float(np.round(value * 100, 2)) for name, value in summary.items()}

    def _count(self, pred: Tensor, sample: dict) -> None:
        source = sample.get('seg_map_path') or sample.get('img_path', 'a sample without a path')
        if 'gt_sem_seg' not in sample:
            raise DataError(
                f'{source}: there is no label to compare with; load annotations in the test '
                'pipeline, or set format_only=True to write predictions only'
            )
        if not self.results:
            self.results.append(self._new_matrix())
        if self._further is None:
            self._further = self._new_matrix()
        for key in [key for key in sample if key.startswith('gt_sem_seg')]:
            label = _squeeze(sample[key]['data'])
            _check_sizes(pred, label, sample, source)
            name = key.removeprefix('gt_sem_seg').removeprefix('_')
            try:
                if name:
                    self._further.add(pred, label, further_key(name, whole=False))
                else:
                    self.results[0].add(pred, label, str(sample.get('group') or ''))
                if sample.get('own_part'):
                    own = _own_part(sample['own_part'])
                    self._further.add(pred[own], label[own], further_key(name, whole=True))
            except DataError as error:
                raise DataError(f'{source}: {error}') from error

    def _write_prediction(self, pred: Tensor, sample: dict) -> None:
        self._names = self._names or UniqueNames(self.names_root)
        name = self._names.stem(sample['img_path'])
        ids = pred.cpu().numpy().astype(np.int64)
        write_id_map(self.output_dir / f'{name}.png', ids + self.label_offset)

    def _new_matrix(self) -> ConfusionMatrix:
        return ConfusionMatrix(len(self._class_names()), self.ignore_index)

    def _class_names(self) -> Sequence[str]:
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise ConfigError(
                'dataset_meta must have classes before IoUMetric is used, got none; '
                'give the data set a metainfo with its class names'
            )
        if unknown := [name for name in self.left_out if name not in classes]:
            raise ConfigError(
                f'left_out must be some of {", ".join(classes)}; got {", ".join(unknown)} as well'
            )
        return classes


def _check_sizes(pred: Tensor, label: Tensor, sample: dict, source: str) -> None:
    if pred.shape != label.shape:
        raise DataError(
            f'{source}: label and prediction must be of one size, got label '
            f'{tuple(label.shape)} and prediction {tuple(pred.shape)}; is the mask as large '
            f'as its image {sample.get("img_path", "")}?'
        )
    shape = (sample.get('own_part') or {}).get('shape', tuple(pred.shape))
    if tuple(pred.shape) != tuple(shape):
        raise DataError(
            f'{source}: by its name the crop is {shape[0]}x{shape[1]} (height x width), but it is '
            f'{pred.shape[0]}x{pred.shape[1]}; name it after its place in the whole image'
        )


def _own_part(part: dict) -> tuple[slice, slice]:
    """The rows and columns of a crop that count where crops are merged."""
    return slice(*part['rows']), slice(*part['columns'])


def _squeeze(data: Tensor) -> Tensor:
    """(1, H, W) or (H, W) to (H, W)."""
    return data[0] if data.dim() == 3 else data
