"""Scores over several processes whose shares of the images are unequal."""

from __future__ import annotations

from typing import Any

from mmengine.evaluator import BaseMetric, Evaluator

from mmseg_deeplab.engine.distributed import gather


class SegEvaluator(Evaluator):
    """MMEngine's ``Evaluator`` for shares of unequal size.

    MMEngine pads the samples so that all shares are equal; here none is counted twice.
    Metrics that collect one result per image by MMEngine's own way would lose the longer
    shares' last results, so the shorter lists are filled up; MMEngine cuts the filling off.

    Its argument is that of ``Evaluator``: ``metrics``.
    """

    def evaluate(self, size: int) -> dict[str, Any]:
        """Score everything that was processed.

        Args:
            size: Images in the data set.
        """
        for metric in self.metrics:
            if type(metric).evaluate is BaseMetric.evaluate:
                missing = max(gather(len(metric.results))) - len(metric.results)
                metric.results.extend(metric.results[-1:] * missing or [None] * missing)
        return super().evaluate(size)
