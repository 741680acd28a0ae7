"""Drawing images, labels, predictions and training curves."""

from mmseg_deeplab.visualization.curves import read_events, write_curves
from mmseg_deeplab.visualization.files import (
    comparison,
    sample_picture,
    write_prediction,
    write_rgb,
)
from mmseg_deeplab.visualization.local_visualizer import SegLocalVisualizer, has_display
from mmseg_deeplab.visualization.panels import (
    colorize,
    legend,
    name_regions,
    overlay,
    panel,
    to_display,
)

__all__ = [
    'SegLocalVisualizer',
    'colorize',
    'comparison',
    'has_display',
    'legend',
    'name_regions',
    'overlay',
    'panel',
    'read_events',
    'sample_picture',
    'to_display',
    'write_curves',
    'write_prediction',
    'write_rgb',
]
