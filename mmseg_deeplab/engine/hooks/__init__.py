"""Hooks: ours, under MMEngine's names where they take the place of MMEngine's."""

from mmseg_deeplab.engine.hooks.channels_last_hook import ChannelsLastHook
from mmseg_deeplab.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg_deeplab.engine.hooks.classes_only_hook import ClassesOnlyHook
from mmseg_deeplab.engine.hooks.early_stopping_hook import EarlyStoppingHook
from mmseg_deeplab.engine.hooks.half_life_ema_hook import HalfLifeEMAHook
from mmseg_deeplab.engine.hooks.logger_hook import LoggerHook
from mmseg_deeplab.engine.hooks.predictor_hook import PredictorHook
from mmseg_deeplab.engine.hooks.runtime_info_hook import RuntimeInfoHook
from mmseg_deeplab.engine.hooks.share_buffers_hook import ShareBuffersHook
from mmseg_deeplab.engine.hooks.time_to_train_hook import TimeToTrainHook
from mmseg_deeplab.engine.hooks.visualization_hook import SegVisualizationHook

__all__ = [
    'ChannelsLastHook',
    'CheckpointHook',
    'ClassesOnlyHook',
    'EarlyStoppingHook',
    'HalfLifeEMAHook',
    'LoggerHook',
    'PredictorHook',
    'RuntimeInfoHook',
    'SegVisualizationHook',
    'ShareBuffersHook',
    'TimeToTrainHook',
]
