"""A small project as its author wrote it for MMSegmentation 1.x."""

from .datasets import FarmDataset
from .heads import FieldHead
from .hooks import CountHook
from .losses import SmoothCrossEntropy
from .transforms import RandomHaze

__all__ = ['CountHook', 'FarmDataset', 'FieldHead', 'RandomHaze', 'SmoothCrossEntropy']
