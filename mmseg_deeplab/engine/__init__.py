"""Training and testing: the runner, its loops, loaders, hooks and checkpoints."""

from mmseg_deeplab.engine.checkpoint import find_latest, load_checkpoint, save_checkpoint
from mmseg_deeplab.engine.hooks import SegVisualizationHook
from mmseg_deeplab.engine.interrupt import TrainingInterrupted
from mmseg_deeplab.engine.load_state import load_state
from mmseg_deeplab.engine.runner import SegRunner

# Imported to be registered: configs name them.
from mmseg_deeplab.engine.balanced import ClassBalancedSampler  # isort: skip
from mmseg_deeplab.engine import schedulers  # isort: skip
from mmseg_deeplab.engine.block_shuffle import BlockShuffleSampler  # isort: skip
from mmseg_deeplab.engine.crf_loop import CRFTestLoop  # isort: skip
from mmseg_deeplab.engine.decoupled_sgdw import DecoupledSGDW  # isort: skip
from mmseg_deeplab.engine.optim import SegOptimWrapper  # isort: skip
from mmseg_deeplab.engine.sam import SAMOptimWrapper  # isort: skip

__all__ = [
    'BlockShuffleSampler',
    'CRFTestLoop',
    'ClassBalancedSampler',
    'DecoupledSGDW',
    'SAMOptimWrapper',
    'SegOptimWrapper',
    'SegRunner',
    'SegVisualizationHook',
    'TrainingInterrupted',
    'find_latest',
    'load_checkpoint',
    'load_state',
    'save_checkpoint',
    'schedulers',
]
