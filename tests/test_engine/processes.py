"""Starting toy runs as processes, alone or under torchrun."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def train_toy(work_dir, *, processes=0, new_group=False, **options) -> subprocess.CompletedProcess:
    """Run ``train_toy`` to its end.

    Args:
        work_dir: Of the run.
        processes: Under torchrun with so many; 0 for a plain process.
        new_group: Give it a process group of its own, so that signals to it stay there.
        options: See ``train_toy``.
    """
    command = [sys.executable, '-W', 'ignore']
    if processes:
        options['launcher'] = 'pytorch'
        command += ['-m', 'torch.distributed.run', f'--nproc_per_node={processes}',
                    '--master_port', str(_free_port())]  # fmt: skip
    command += ['-m', 'tests.test_engine.train_toy', str(work_dir), json.dumps(options)]
    environment = dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(REPO))
    return subprocess.run(
        command, cwd=REPO, env=environment, capture_output=True, text=True, timeout=300,
        start_new_session=new_group, check=False,
    )  # fmt: skip


def scores_of(process: subprocess.CompletedProcess) -> dict:
    """The scores that a test printed."""
    line = next(line for line in process.stdout.splitlines() if line.startswith('SCORES '))
    return json.loads(line.removeprefix('SCORES '))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
