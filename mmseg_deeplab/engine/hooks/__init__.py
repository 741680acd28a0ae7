"""Hooks that a config can name."""

from mmseg_deeplab.engine.hooks.visualization_hook import SegVisualizationHook

__all__ = ['SegVisualizationHook']
