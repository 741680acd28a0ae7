"""A runner for toy configs that leaves no files open and no settings changed."""

from __future__ import annotations

import logging

import pytest
import torch
from mmengine.logging import MMLogger

from mmseg_deeplab.engine import SegRunner
from mmseg_deeplab.utils import log
from tests.test_engine.toy import toy_config


class Crash(BaseException):
    """Stands for a kill: nothing in the package may catch it."""


def crash_in(monkeypatch, owner, name, call):
    """Let the ``call``-th call of a function raise as if the process were killed in it."""
    original, calls = getattr(owner, name), []

    def crashing(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            raise Crash
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, crashing)


@pytest.fixture
def run(tmp_path):
    """``run(name, **changes)`` trains a toy config in ``tmp_path / name``."""

    def train(name='run', **changes) -> SegRunner:
        runner = SegRunner.from_cfg(toy_config(tmp_path / name, **changes))
        runner.train()
        return runner

    return train


@pytest.fixture(autouse=True)
def clean_up():
    """Close log files, forget what was said once, and put global switches back."""
    threads = torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)
    log._SAID.clear()
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()


@pytest.fixture
def said(caplog):
    """The messages logged so far, as one text."""

    class Listener(logging.Handler):
        def __init__(self):
            super().__init__()
            self.text = ''

        def emit(self, record):
            self.text += record.getMessage() + '\n'

    listener = Listener()
    original = MMLogger.callHandlers

    def both(self, record):
        listener.emit(record)
        original(self, record)

    MMLogger.callHandlers = both
    yield listener
    MMLogger.callHandlers = original
