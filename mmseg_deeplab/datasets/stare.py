"""STARE, at the place that MMSegmentation has it."""

from mmseg_deeplab.datasets.retina import STAREDataset

__all__ = ['STAREDataset']
