"""The parent's end of a worker."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.speed.side import NotAvailable
from benchmarks.speed.worker import MARK

ROOT = Path(__file__).resolve().parents[2]


class WorkerFailed(RuntimeError):
    """The measurement failed; the message is the worker's traceback."""


class Worker:
    """A process of one side.

    Args:
        python: Its interpreter.
        package: The side.
        folder: With the inputs; results are written there.
        threads: Of torch and OpenMP; the peer and we have the same number.
        use_torch: Whether torch is imported first; not where imports are measured.
    """

    def __init__(
        self, python: str, package: str, folder: Path, *, threads: int, use_torch: bool = True
    ) -> None:
        self.package = package
        self.log = folder / f'worker-{package}-{os.getpid()}.log'
        command = [python, '-m', 'benchmarks.speed.worker', package, str(folder)]
        command.append(str(threads if use_torch else 0))
        environment = {
            **os.environ,
            'OMP_NUM_THREADS': str(threads),
            'PYTHONWARNINGS': 'ignore',
            'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
        }
        with self.log.open('a', encoding='utf-8') as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=environment,
            )

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request; its answer is read later."""
        try:
            self._process.stdin.write(json.dumps(request) + '\n')
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerFailed(self._ended()) from error

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the oldest request.

        Raises:
            NotAvailable: This side cannot do it; the message says why.
            WorkerFailed: It broke off.
        """
        for line in self._process.stdout:
            if not line.startswith(MARK):
                continue  # what a library prints
            reply = json.loads(line.removeprefix(MARK))
            if 'not_available' in reply:
                raise NotAvailable(reply['not_available'])
            if 'error' in reply:
                raise WorkerFailed(f'{self.package}:\n{reply["error"]}')
            return reply
        raise WorkerFailed(self._ended())

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            try:
                self._process.stdin.close()
                self._process.wait(timeout=20)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()

    def _ended(self) -> str:
        code = self._process.wait()
        last = self.log.read_text(encoding='utf-8', errors='replace').splitlines()[-8:]
        killed = ' (killed: too little memory?)' if code == -9 else ''
        return '\n'.join([f'the process of {self.package} ended with code {code}{killed}', *last])
