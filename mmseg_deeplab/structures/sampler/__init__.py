"""Choosing the pixels that a head trains on."""

from mmseg_deeplab.structures.sampler.base_pixel_sampler import BasePixelSampler
from mmseg_deeplab.structures.sampler.builder import PIXEL_SAMPLERS, build_pixel_sampler
from mmseg_deeplab.structures.sampler.ohem_pixel_sampler import OHEMPixelSampler

__all__ = ['PIXEL_SAMPLERS', 'BasePixelSampler', 'OHEMPixelSampler', 'build_pixel_sampler']
