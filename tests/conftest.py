"""Fixtures that every test may use: a fixed seed, two threads, the real tiles if they are there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def fixed_seed():
    """Each test starts from the same random state."""
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def data_root() -> Path:
    """The folder of real tiles, or a skip that says where they were looked for."""
    root = Path(os.environ.get('MMSEG_DEEPLAB_DATA', REPO.parent / 'shared' / 'data'))
    if not root.is_dir():
        pytest.skip('no real tiles: set MMSEG_DEEPLAB_DATA to the folder that holds them')
    return root
