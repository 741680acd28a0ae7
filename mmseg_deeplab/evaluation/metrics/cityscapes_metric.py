"""The Cityscapes benchmark's scores as a metric that a config can name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric

from mmseg_deeplab.evaluation.cityscapes import (
    LABEL_IDS,
    CityscapesCounts,
    CityscapesScores,
    cityscapes_scores,
    count_cityscapes,
)
from mmseg_deeplab.evaluation.processes import sum_array_over_processes
from mmseg_deeplab.registry import METRICS
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import UniqueNames, write_id_map
from mmseg_deeplab.utils.log import get_logger

_TRAIN_IDS = '_labelTrainIds.png'


@METRICS.register_module()
class CityscapesMetric(BaseMetric):
    """IoU and iIoU of the 19 classes and their categories, of label ids, as the benchmark does.

    iIoU weighs each thing (person, car, ...) by its size, so that small ones count as much as
    large ones. Returned keys, in percent, are Detectron2's: ``IoU``, ``iIoU``, ``IoU_sup`` and
    ``iIoU_sup`` (of categories).

    It reads ``*_labelIds.png`` and ``*_instanceIds.png`` of the published labels beside each
    ``*_labelTrainIds.png``.

    Args:
        output_dir: Predictions are written there as label ids, ``NAME_pred.png``, which the
            benchmark's server and scripts take.
        ignore_index: Kept for configs written for MMSegmentation; the benchmark's label ids say
            what counts.
        format_only: Write predictions and compute nothing; needs ``output_dir``, and no labels.
        keep_results: Kept for such configs as well; what is written stays.
        collect_device: Kept for such configs as well.
        prefix: Put before each returned key, with a slash.

    Raises:
        ConfigError: ``format_only`` without ``output_dir``.
    """

    def __init__(
        self,
        output_dir: str | None = None,
        ignore_index: int = 255,
        format_only: bool = False,
        keep_results: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        # MMEngine warns where there is no prefix; for this metric that is the normal case
        super().__init__(collect_device=collect_device, prefix=prefix or 'none')
        self.prefix = prefix
        if format_only and output_dir is None:
            raise ConfigError(
                'output_dir must be given when format_only is True, got None; '
                'name the folder for the predicted PNGs'
            )
        self.output_dir = None if output_dir is None else Path(output_dir)
        self.format_only = format_only
        self._names = UniqueNames()

    @staticmethod
    def score_names(iou_metrics: str | Sequence[str]) -> set[str]:
        """The names of the scores, without a prefix.

        Args:
            iou_metrics: Has no meaning here.
        """
        return {'IoU', 'iIoU', 'IoU_sup', 'iIoU_sup'}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count a batch of predictions.

        Args:
            data_batch: Not used.
            data_samples: Each with ``pred_sem_seg``, training ids (1, H, W), ``img_path`` and,
                unless ``format_only``, ``seg_map_path``.

        Raises:
            DataError: A label file is missing or of another size, or a prediction is none of
                the 19 classes.
        """
        for sample in data_samples:
            train_ids = np.asarray(sample['pred_sem_seg']['data'].cpu()).squeeze()
            if train_ids.size and int(train_ids.max()) >= len(LABEL_IDS):
                raise DataError(
                    f'{sample["img_path"]}: predictions must be training ids 0 to 18 of '
                    f'Cityscapes, got {train_ids.max()}'
                )
            ids = self._convert_to_label_id(train_ids)
            if self.output_dir is not None:
                name = self._names.stem(sample['img_path'])
                write_id_map(self.output_dir / f'{name}_pred.png', ids)
            if not self.format_only:
                self._count(ids, sample)

    def compute_metrics(self, results: list[CityscapesCounts]) -> dict[str, float]:
        """Scores of the counts, logged as a table.

        Args:
            results: Counts to add up.

        Returns:
            Percent by name.
        """
        if self.format_only:
            get_logger().info('predictions were written to %s', self.output_dir)
            return {}
        total = CityscapesCounts.empty()
        for counts in results:
            total = total.plus(counts)
        scores = cityscapes_scores(total)
        if is_main_process():
            get_logger().info('Cityscapes results:\n%s', class_table(scores))
        return {name: 100 * value for name, value in scores.means().items()}

    def evaluate(self, size: int) -> dict[str, float]:
        """Add up the counts of all processes and score them.

        Args:
            size: Images in the data set; not used.

        Returns:
            As :meth:`compute_metrics`, the same in every process.
        """
        counts = self.results[0] if self.results else CityscapesCounts.empty()
        self.results.clear()
        self._names = UniqueNames()
        total = CityscapesCounts(*(sum_array_over_processes(part) for part in counts))
        found = self.compute_metrics([total])
        return {f'{self.prefix}/{key}' if self.prefix else key: v for key, v in found.items()}

    @staticmethod
    def _convert_to_label_id(result: np.ndarray) -> np.ndarray:
        """Training ids to label ids; MMSegmentation's name, for subclasses that replace it."""
        return LABEL_IDS[result]

    def _count(self, ids: np.ndarray, sample: dict) -> None:
        path = str(sample.get('seg_map_path') or '')
        if not path.endswith(_TRAIN_IDS):
            raise DataError(
                f"{sample['img_path']}: CityscapesMetric needs the label's path, which must end in "
                f'{_TRAIN_IDS}, got {path or None}; load annotations in the test pipeline'
            )
        start = path.removesuffix(_TRAIN_IDS)
        labels = [_read_ids(f'{start}_{kind}.png') for kind in ('labelIds', 'instanceIds')]
        try:
            counts = count_cityscapes(ids, *labels)
        except ValueError as error:
            raise DataError(f'{path}: {error}') from error
        if self.results:
            counts = self.results.pop().plus(counts)
        self.results.append(counts)


def class_table(scores: CityscapesScores) -> str:
    """A row per class, a row per category, and their means, percent.

    Args:
        scores: Of a data set.
    """
    from terminaltables import AsciiTable

    means = scores.means()
    rows = [['Class', 'IoU', 'iIoU']]
    rows += [_row(name, iou, scores.things) for name, iou in scores.classes.items()]
    rows.append(['mean', _percent(means['IoU']), _percent(means['iIoU'])])
    above = [['Category', 'IoU', 'iIoU']]
    above += [_row(name, iou, scores.thing_categories) for name, iou in scores.categories.items()]
    above.append(['mean', _percent(means['IoU_sup']), _percent(means['iIoU_sup'])])
    return f'{AsciiTable(rows).table}\n{AsciiTable(above).table}'


def _row(name: str, iou: float, things: dict[str, float]) -> list[str]:
    return [name, _percent(iou), _percent(things[name]) if name in things else '']


def _percent(value: float) -> str:
    return f'{100 * value:.2f}'


def _read_ids(path: str) -> np.ndarray:
    array = cv2.imread(path, cv2.IMREAD_UNCHANGED) if Path(path).is_file() else None
    if array is None or array.ndim != 2:
        raise DataError(
            f'{path}: must be a readable PNG of one channel for the benchmark scores; unpack '
            'gtFine_trainvaltest.zip, or leave CityscapesMetric out of test_evaluator'
        )
    return array
