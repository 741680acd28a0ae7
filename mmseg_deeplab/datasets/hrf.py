"""HRF, at the place that MMSegmentation has it."""

from mmseg_deeplab.datasets.retina import HRFDataset

__all__ = ['HRFDataset']
