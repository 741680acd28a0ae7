"""Testing with the dense CRF behind the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.runner import TestLoop
from mmengine.runner.amp import autocast

from mmseg_deeplab.engine.crf import object_threshold, refine_sample
from mmseg_deeplab.inference import DenseCRF, in_order
from mmseg_deeplab.registry import LOOPS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.cores import usable_cores
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.visualization import to_display

_Step = tuple[int, dict, list[SegDataSample]]  # number and content of a batch, its predictions


@LOOPS.register_module()
class CRFTestLoop(TestLoop):
    """MMEngine's test loop with a dense CRF between model and metrics.

    The CRF of one batch is computed in a thread while the model predicts the next ones; metrics
    and hooks see the batches in their order. The CRF looks at the image as its file holds it,
    read again by the first transform of the data set's pipeline.

    Args:
        runner: As in MMEngine.
        dataloader: As in MMEngine.
        evaluator: As in MMEngine.
        fp16: As in MMEngine.
        crf: Attributes of :class:`mmseg_deeplab.inference.DenseCRF`.
        jobs: Batches whose CRF is computed at a time; None: one for each core, shared among the
            processes of a distributed test.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        fp16: bool = False,
        crf: Mapping[str, Any] | None = None,
        jobs: int | None = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        self.crf = DenseCRF.from_cfg(crf)
        self.jobs = jobs or max(1, usable_cores() // runner.world_size)
        self._load = _image_loader(self.dataloader.dataset)

    def run(self) -> dict[str, float]:
        """Test; returns the scores by name."""
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        threshold = object_threshold(self.runner.model)

        def refine(step: _Step) -> _Step:
            for sample in step[2]:
                refine_sample(self.crf, self._picture(sample), sample, threshold)
            return step

        for index, batch, samples in in_order(refine, self._predicted(), jobs=self.jobs):
            self.evaluator.process(data_samples=samples, data_batch=batch)
            self.runner.call_hook(
                'after_test_iter', batch_idx=index, data_batch=batch, outputs=samples
            )
        metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics

    def _predicted(self) -> Iterator[_Step]:
        for index, batch in enumerate(self.dataloader):
            self.runner.call_hook('before_test_iter', batch_idx=index, data_batch=batch)
            with torch.no_grad(), autocast(enabled=self.fp16):
                samples = self.runner.model.test_step(batch)
            yield index, batch, [sample.cpu() for sample in samples]

    def _picture(self, sample: SegDataSample) -> np.ndarray:
        return to_display(self._load({'img_path': sample.img_path})['img'])


def _image_loader(dataset: Any) -> Any:
    """The first transform of a data set's pipeline, or of the first of several data sets."""
    while hasattr(dataset, 'dataset') or hasattr(dataset, 'datasets'):  # wrappers
        dataset = dataset.dataset if hasattr(dataset, 'dataset') else dataset.datasets[0]
    transforms: Sequence[Any] = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    first = type(transforms[0]).__name__ if transforms else 'an empty pipeline'
    if 'Load' not in first:
        raise ConfigError(
            f'--crf needs a test pipeline that begins with the transform that loads the image, '
            f'got {first}; put LoadImageFromFile first'
        )
    return transforms[0]
