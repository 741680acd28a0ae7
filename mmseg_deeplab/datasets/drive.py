"""DRIVE, at the place that MMSegmentation has it."""

from mmseg_deeplab.datasets.retina import DRIVEDataset

__all__ = ['DRIVEDataset']
