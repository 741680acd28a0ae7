"""The dense CRF as a last step after any network."""

from mmseg_deeplab.inference.crf.dense_crf import DenseCRF

__all__ = ['DenseCRF']
