"""Drawn aerial-like scenes with exact labels, for the demo and for tests."""

from mmseg_deeplab.datasets.synthetic.dataset import write_loveda_scenes
from mmseg_deeplab.datasets.synthetic.scene import draw_scene

__all__ = ['draw_scene', 'write_loveda_scenes']
