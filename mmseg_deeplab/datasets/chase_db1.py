"""CHASE DB1, at the place that MMSegmentation has it."""

from mmseg_deeplab.datasets.retina import ChaseDB1Dataset

__all__ = ['ChaseDB1Dataset']
