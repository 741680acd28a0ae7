"""Configs in the form of MMSegmentation 0.x, converted to today's."""

from mmseg_deeplab.config.legacy.convert import convert_legacy
from mmseg_deeplab.config.legacy.detect import idle_sections, is_legacy, is_legacy_key

__all__ = ['convert_legacy', 'idle_sections', 'is_legacy', 'is_legacy_key']
