"""One prediction engine: a source of windows, batches, a predictor, a blending sink; a CRF."""

from mmseg_deeplab.inference.crf import DenseCRF
from mmseg_deeplab.inference.engine import (
    PredictionCancelled,
    Source,
    TensorSource,
    predict_windows,
    slide_classes,
    slide_logits,
)
from mmseg_deeplab.inference.parallel import check_jobs, in_order
from mmseg_deeplab.inference.predictor import Predictor, TorchPredictor
from mmseg_deeplab.inference.sinks import AverageSink, ClassMap, LogitMap, Sink
from mmseg_deeplab.inference.tta import (
    ProbabilityMean,
    View,
    log_probabilities,
    merge_probabilities,
    probabilities,
    tta_views,
)
from mmseg_deeplab.inference.windows import Window, check_slide, grid_windows

__all__ = [
    'AverageSink',
    'ClassMap',
    'DenseCRF',
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
    'check_jobs',
    'check_slide',
    'grid_windows',
    'in_order',
    'log_probabilities',
    'merge_probabilities',
    'predict_windows',
    'slide_classes',
    'slide_logits',
    'probabilities',
    'tta_views',
]
