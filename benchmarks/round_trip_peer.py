"""The half of round_trip.py that MMSegmentation's own interpreter runs; it uses nothing of ours.

Usage: PEER_PYTHON round_trip_peer.py logits CONFIG CHECKPOINT OUT
       PEER_PYTHON round_trip_peer.py train CONFIG WORK_DIR
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class AbsentOps(MetaPathFinder, Loader):
    """``mmcv.ops`` where mmcv-lite cannot import its own: names to import and not to use.

    MMSegmentation imports them for models that are not DeepLab's.
    """

    def find_spec(self, name, path=None, target=None):
        """Answer for ``mmcv.ops`` and what is below it."""
        return ModuleSpec(name, self, is_package=True) if name.startswith('mmcv.ops') else None

    def create_module(self, spec):
        """A module that has every name."""
        module = ModuleType(spec.name)
        module.__getattr__ = _any_class
        return module

    def exec_module(self, module):
        """Nothing is run."""


def _any_class(name: str) -> type:
    if name.startswith('__'):  # Python asks modules for such names, and would believe the answer
        raise AttributeError(name)
    return type(name, (), {})


def logits(config: str, checkpoint: str, out: str) -> None:
    """Load a checkpoint as MMSegmentation's users do, and write what the model answers."""
    import torch
    from mmseg.apis import init_model

    model = init_model(config, checkpoint, device='cpu')
    images = torch.load(out)['images']
    answers = {}
    with torch.no_grad():
        for dtype in (torch.float32, torch.float64):
            model.to(dtype)
            answers[str(dtype)] = model.encode_decode(
                images.to(dtype), [{'img_shape': images.shape[2:]}] * len(images)
            )
    meta = {key: model.dataset_meta[key] for key in ('classes', 'palette')}
    torch.save({'logits': answers, 'meta': meta}, f'{out}.peer')


def train(config: str, work_dir: str) -> None:
    """Train with MMSegmentation's own runner."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    loaded = Config.fromfile(config)
    loaded.work_dir = work_dir
    Runner.from_cfg(loaded).train()


if __name__ == '__main__':
    sys.meta_path.insert(0, AbsentOps())
    {'logits': logits, 'train': train}[sys.argv[1]](*sys.argv[2:])
