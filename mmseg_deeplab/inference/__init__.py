"""One prediction engine: a source of windows, batches, a predictor, a blending sink."""

from mmseg_deeplab.inference.engine import (
    PredictionCancelled,
    Source,
    TensorSource,
    predict_windows,
    slide_logits,
)
from mmseg_deeplab.inference.predictor import Predictor, TorchPredictor
from mmseg_deeplab.inference.sinks import AverageSink, ClassMap, LogitMap, Sink
from mmseg_deeplab.inference.tta import (
    ProbabilityMean,
    View,
    merge_probabilities,
    probabilities,
    tta_views,
)
from mmseg_deeplab.inference.windows import Window, check_slide, grid_windows

__all__ = [
    'AverageSink',
    'ClassMap',
    'LogitMap',
    'PredictionCancelled',
    'Predictor',
    'ProbabilityMean',
    'Sink',
    'Source',
    'TensorSource',
    'TorchPredictor',
    'View',
    'Window',
    'check_slide',
    'grid_windows',
    'merge_probabilities',
    'predict_windows',
    'slide_logits',
    'probabilities',
    'tta_views',
]
