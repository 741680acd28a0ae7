"""A copy of the repository with small data and short schedules, in which the docs are followed.

The commands are run as they stand in the docs. What is small is the data, the crop, and the
number of iterations of the copied configs; nothing of the package is replaced.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.test_docs.blocks import REPO, Block

COPIED = ('mmseg_deeplab', 'configs', 'tools', 'README.md', 'requirements', 'setup.py')
MAX_ITERS = 6
TIMEOUT = 600  # seconds for one block


class Workshop:
    """The folder in which one page is followed from its first block to its last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {'__name__': '__main__'}  # of the page's Python blocks
        self.output = ''
        for name in COPIED:
            source = REPO / name
            if source.is_dir():
                shutil.copytree(source, folder / name)
            else:
                shutil.copy2(source, folder / name)
        _shorten(folder / 'configs')
        self.commands = folder / '.commands'
        self.commands.mkdir()
        self._command('python', '')
        self._command('mmseg-deeplab', '-m mmseg_deeplab.cli ')

    def follow(self, block: Block) -> None:
        """Do what a reader does with a block."""
        if block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code + '\n', encoding='utf-8')
        elif block.is_output:
            self._compare(block)
        elif block.language == 'bash':
            self._shell(block)
        else:
            self._python(block)

    def _command(self, name: str, arguments: str) -> None:
        path = self.commands / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n', encoding='utf-8')
        path.chmod(0o755)

    def _shell(self, block: Block) -> None:
        environment = {
            **os.environ,
            'PATH': os.pathsep.join([str(self.commands), os.environ['PATH']]),
            'PYTHONPATH': str(self.folder),
            'OMP_NUM_THREADS': '1',
        }
        run = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', block.code],
            cwd=self.folder, env=environment, text=True, timeout=TIMEOUT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.output = run.stdout
        if run.returncode != block.exit_code:
            raise AssertionError(
                f'{block.place}: exit code {run.returncode}, the docs say {block.exit_code}\n'
                f'{block.code}\n{run.stdout[-4000:]}'
            )

    def _python(self, block: Block) -> None:
        # padded so that a traceback names the line of the page
        code = compile('\n' * block.line + block.code, str(block.page), 'exec')
        before = os.getcwd()
        os.chdir(self.folder)  # contextlib.chdir came with Python 3.11
        try:
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(code, self.names)
        finally:
            os.chdir(before)
        self.output = output.getvalue()

    def _compare(self, block: Block) -> None:
        printed = [line.rstrip() for line in self.output.splitlines()]
        for line in filter(None, map(str.rstrip, block.code.splitlines())):
            pattern = '.*'.join(map(re.escape, line.strip().split('...')))
            if not any(re.fullmatch(pattern, one.strip()) for one in printed):
                raise AssertionError(f'{block.place}: not printed: {line!r}\n{self.output[-4000:]}')


def _shorten(configs: Path) -> None:
    """Make the copied configs small enough for a test."""
    schedules = (
        (r'^max_iters = \d+', f'max_iters = {MAX_ITERS}'),
        (r'^warmup = \d+', 'warmup = 2'),
        (r'(begin|end)=50\b', r'\1=2'),
        (r'interval=max_iters // 10', 'interval=3'),
        (r'interval=(60|100)\b', 'interval=3'),
    )
    datasets = (
        (r'\((256|512|896|1024|2048), (256|512|896|1024)\)', '(64, 64)'),
        (r'num_workers=[1-9]', 'num_workers=0'),
        (r'persistent_workers=True', 'persistent_workers=False'),
        (r'batch_size=[48]', 'batch_size=2'),
    )
    for folder, changes in (('schedules', schedules), ('datasets', datasets)):
        for path in (configs / '_base_' / folder).glob('*.py'):
            text = path.read_text(encoding='utf-8')
            for old, new in changes:
                text = re.sub(old, new, text, flags=re.M)
            path.write_text(text, encoding='utf-8')
