"""Hooks: ours, under MMEngine's names where they take the place of MMEngine's."""

from mmseg_deeplab.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg_deeplab.engine.hooks.early_stopping_hook import EarlyStoppingHook
from mmseg_deeplab.engine.hooks.logger_hook import LoggerHook
from mmseg_deeplab.engine.hooks.runtime_info_hook import RuntimeInfoHook
from mmseg_deeplab.engine.hooks.share_buffers_hook import ShareBuffersHook
from mmseg_deeplab.engine.hooks.visualization_hook import SegVisualizationHook

__all__ = [
    'CheckpointHook',
    'EarlyStoppingHook',
    'LoggerHook',
    'RuntimeInfoHook',
    'SegVisualizationHook',
    'ShareBuffersHook',
]
