"""deeplab-pytorch's networks beside the original's: keys and logits."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmseg_deeplab.config import load_config
from mmseg_deeplab.hub.foreign import deeplab_pytorch
from mmseg_deeplab.registry import MODELS
from tests.golden import recipe

Row = tuple[str, str, float, float]

V2 = 'deeplabv2_r101-d8-msc_voc12-321x321'
# file of outputs -> config, changes of it, side lengths of the image, key list
MODELS_OF = {
    'v1': ('deeplabv1_r101-d8_coco', (97, 129), 'v1'),
    'v2_msc': (V2, (97, 129), 'v2_msc'),
    'v2s_msc': ('deeplabv2s_r101-d8-msc_voc12-321x321', (97, 129), 'v2s_msc'),
    'v3_msc_os16': ('deeplabv3_r101-d16-msc_voc12-321x321', (97, 129), 'v3_msc'),
    'v3_msc_os8': ('deeplabv3_r101-d8-msc_voc12-321x321', (97, 129), 'v3_msc'),
    'v3plus_msc_os16': ('deeplabv3plus_r101-d16-msc_voc12-321x321', (65, 97), 'v3plus_msc'),
    'v3plus_msc_os8': ('deeplabv3plus_r101-d8-msc_voc12-321x321', (65, 97), 'v3plus_msc'),
}
EVEN = (92, 124)
CLOSE = 1e-5  # of the largest value: what another convolution backend already changes


def relative(ours: object, golden: np.ndarray) -> float:
    """The largest difference, over the largest value.

    Args:
        ours: Array, tensor or number of the same shape.
        golden: Array.
    """
    ours, golden = np.asarray(ours, np.float64), np.asarray(golden, np.float64)
    if ours.shape != golden.shape:
        return float('inf')
    return float(np.abs(ours - golden).max() / max(np.abs(golden).max(), 1e-300))


def recipe_state(folder: Path, keys: str, tame: bool = False) -> dict[str, Tensor]:
    """The recipe's weights under the original's names.

    Args:
        folder: Of the golden files.
        keys: Name of the key list.
        tame: Damp the sums of residuals.
    """
    state = recipe.weights(recipe.read_keys(folder / f'keys_{keys}.txt'))
    for key, value in state.items() if tame else ():
        part = key.rsplit('.', 3)[1:]
        if part[:2] == ['increase', 'bn'] and part[2] == 'weight':
            value *= np.float32(1 / 4)
        last_sum = '.layer5.' in key and part[0] in ('increase', 'shortcut') and part[1] == 'bn'
        if last_sum and part[2] in ('weight', 'bias'):
            value *= np.float32(1 / 32)
    return {key: torch.as_tensor(value) for key, value in state.items()}


def empty_model(config: str) -> nn.Module:
    """A config's model on the device ``meta``: names and shapes, no numbers."""
    with torch.device('meta'):
        return MODELS.build(dict(load_config(config).model, pretrained=None))


def build(config: str, state: dict[str, Tensor]) -> nn.Module:
    """A config's model with the original's weights; every key must have a place.

    Args:
        config: Name of a shipped config.
        state: Under the original's names.
    """
    model = empty_model(config).to_empty(device='cpu')
    model.load_state_dict(deeplab_pytorch.to_ours(state), strict=True)
    return model.eval()


def key_rows(folder: Path, files: Sequence[str] = tuple(MODELS_OF)) -> Iterator[Row]:
    """Names and shapes both ways, without memory; the count of keys that differ.

    Args:
        folder: Of the golden files.
        files: Of outputs, whose models are looked at.
    """
    for config, _, keys in (MODELS_OF[file] for file in files):
        wanted = recipe.read_keys(folder / f'keys_{keys}.txt')
        found = deeplab_pytorch.from_ours(empty_model(config).state_dict())
        shapes = {key: tuple(value.shape) for key, value in found.items()}
        differ = [
            key for key in wanted.keys() | shapes.keys() if wanted.get(key) != shapes.get(key)
        ]
        yield f'keys_{keys}.txt', f'{len(wanted)} keys of {config}', float(len(differ)), 0.0


@torch.no_grad()
def model_rows(folder: Path, files: Sequence[str] = tuple(MODELS_OF)) -> Iterator[Row]:
    """Logits in evaluation.

    Args:
        folder: Of the golden files.
        files: Those of outputs.
    """
    for file in files:
        config, sides, keys = MODELS_OF[file]
        golden = np.load(folder / f'{file}.npz')
        model = build(config, recipe_state(folder, keys))
        image = torch.as_tensor(recipe.image((1, 3, *sides)))
        if not hasattr(model, 'multi_scale'):
            yield f'{file}.npz', 'logits', relative(model(image), golden['logits']), CLOSE
        else:
            today = dataclasses.replace(model.multi_scale, recompute_scale_factor=False)
            published, model.multi_scale = model.multi_scale, today
            yield f'{file}.npz', 'logits', relative(model(image), golden['logits']), CLOSE
            model.multi_scale = published
        if 'logits_recomputed_scale' in golden:
            wanted = golden['logits_recomputed_scale']
            yield f'{file}.npz', 'logits_recomputed_scale', relative(model(image), wanted), CLOSE
        if 'logits_even' in golden:
            even = torch.as_tensor(recipe.image((1, 3, *EVEN)))
            yield f'{file}.npz', 'logits_even', relative(model(even), golden['logits_even']), CLOSE
        if 'logits_tame' in golden:
            tame = build(config, recipe_state(folder, keys, tame=True))
            tame.multi_scale = today
            yield f'{file}.npz', 'logits_tame', relative(tame(image), golden['logits_tame']), CLOSE
