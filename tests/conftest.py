"""What every test may use, which tests are left out of a run, and the account of those."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

REPO = Path(__file__).resolve().parent.parent

# Tests compare numbers bit by bit and may run anywhere: the fast ways, which a machine chooses by
# its own measurement, have tests of their own.
os.environ.setdefault('MMSEG_DEEPLAB_SPEED', 'plain')

# marker -> (what it needs, why a run leaves it out)
NEEDS = {
    'slow': 'takes long: run by `make test-all`',
    'gpu': 'needs a CUDA device',
    'slurm': 'needs a Slurm cluster: tools/slurm_one_node.sh makes one',
    'windows': 'needs Windows',
    'macos': 'needs macOS',
    'openvino': "needs OpenVINO and onnx: pip install '.[fast]'",
    'onnxruntime': "needs onnxruntime and onnx: pip install '.[fast]'",
    'nncf': "needs nncf: pip install '.[int8]'",
}


def pytest_addoption(parser):
    parser.addoption('--run-slow', action='store_true', help='run the tests marked slow as well')


def _is_here(marker: str, config) -> bool:
    import platform
    import shutil
    from importlib.util import find_spec

    return {
        'slow': lambda: config.getoption('--run-slow'),
        'gpu': torch.cuda.is_available,
        'slurm': lambda: shutil.which('srun') is not None,
        'windows': lambda: platform.system() == 'Windows',
        'macos': lambda: platform.system() == 'Darwin',
        'openvino': lambda: find_spec('openvino') and find_spec('onnx'),
        'onnxruntime': lambda: find_spec('onnxruntime') and find_spec('onnx'),
        'nncf': lambda: find_spec('nncf'),
    }[marker]()


def pytest_collection_modifyitems(config, items):
    present = {marker: _is_here(marker, config) for marker in NEEDS}
    for item in items:
        for marker, why in NEEDS.items():
            if item.get_closest_marker(marker) and not present[marker]:
                item.add_marker(pytest.mark.skip(reason=why))
                break


@pytest.fixture(autouse=True)
def _loggers_have_an_open_stream():
    """A logger that was made under ``capsys`` would write into that test's stream, now closed."""
    if 'mmengine.logging' not in sys.modules:
        return
    from mmengine.logging import MMLogger

    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            if getattr(getattr(handler, 'stream', None), 'closed', False):
                handler.stream = sys.stdout  # not setStream, which flushes the closed one


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get('skipped', [])
    reasons = Counter(str(report.longrepr[2]).removeprefix('Skipped: ') for report in skipped)
    terminalreporter.write_line(f'left out: {len(skipped)} tests')
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f'  {count:4d}  {reason}')


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


@pytest.fixture(scope='session')
def golden() -> Path:
    """The folder of reference outputs of the original systems, or a skip that says how to set it.

    It has a folder for each system: composer, deeplab_pytorch, detectron2, mindcv.
    """
    root = Path(os.environ.get('MMSEG_DEEPLAB_GOLDEN', REPO.parent / 'shared' / 'golden'))
    if not root.is_dir():
        pytest.skip('no reference outputs: set MMSEG_DEEPLAB_GOLDEN to the folder that holds them')
    return root


@pytest.fixture(scope='session')
def small_golden() -> Path:
    """The small reference outputs that come with the tests, a folder for each system."""
    return REPO / 'tests' / 'golden'
