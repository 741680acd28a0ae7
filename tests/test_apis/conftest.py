"""One model for the tests of this folder."""

from __future__ import annotations

import pytest

from mmseg_deeplab.apis import init_model

from .tiny import NAMES, PALETTE, save_checkpoint, tiny_config


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory):
    """A checkpoint with class names."""
    meta = {'dataset_meta': {'classes': NAMES, 'palette': PALETTE}}
    return save_checkpoint(tmp_path_factory.mktemp('weights') / 'iter_1.pth', meta)


@pytest.fixture(scope='session')
def model(checkpoint):
    """The tiny model with its weights, on the CPU."""
    return init_model(tiny_config(), checkpoint, device='cpu')


@pytest.fixture
def told(caplog):
    """What the package logs; its logger does not pass messages on to pytest's handler."""
    from mmseg_deeplab.utils.log import get_logger

    logger = get_logger()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)
