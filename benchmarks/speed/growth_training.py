"""The config of the training that is run in several processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.speed import inputs


def training_config(folder: Path, params: dict[str, Any]) -> tuple[Path, Path]:
    """A short training of R-18 on crops of 64.

    Args:
        folder: For the files.
        params: With ``processes`` and ``steps``.

    Returns:
        The config's path, and that of the log that the training will write.
    """
    model = inputs.model_config(18, 7)
    inputs.weights(folder, model)
    crops = inputs.crops_for_training(folder, 64)
    config = inputs.train_config('mmseg_deeplab', model, crops, 64)
    config['train_cfg'] |= {'max_iters': params['steps']}
    config['default_hooks']['logger']['interval'] = 1
    config['audit'] = False
    path = folder / f'processes-{params["processes"]}.py'
    return inputs.write_config(path, config), folder / path.stem / 'log.jsonl'
