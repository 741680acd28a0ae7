"""Learning-rate schedules in closed form, beside those of MMEngine; importing registers them.

One module for each kind of schedule: a pure function and a thin class over :class:`FactorLR`.
"""

from mmseg_deeplab.engine.schedulers.base import FactorLR
from mmseg_deeplab.engine.schedulers.decay import CosineDecayLR, PolynomialDecayLR
from mmseg_deeplab.engine.schedulers.stepwise_poly import StepwisePolyLR
from mmseg_deeplab.engine.schedulers.warmup_cosine import WarmupCosineLR
from mmseg_deeplab.engine.schedulers.warmup_poly import WarmupPolyLR

__all__ = [
    'CosineDecayLR',
    'FactorLR',
    'PolynomialDecayLR',
    'StepwisePolyLR',
    'WarmupCosineLR',
    'WarmupPolyLR',
]
