"""One side's process: does what it is asked for, one line of JSON at a time.

Usage: python -m benchmarks.speed.worker mmseg|mmseg_deeplab FOLDER THREADS
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.speed.clock import measure, peak_mb, reset_peak, resident_mb
from benchmarks.speed.side import NotAvailable, Side, Work

MARK = 'speed: '


class Server:
    """Reads requests and answers them; work that has a loop of its own is served from inside.

    Args:
        side: The package.
        folder: Where inputs lie and results are written.
    """

    def __init__(self, side: Side, folder: Path) -> None:
        self.side = side
        self.folder = folder
        self.work: Work | None = None
        self.base_mb = 0.0

    def requests(self) -> Iterator[dict[str, Any]]:
        """What the parent asks, until it closes the pipe."""
        for line in sys.stdin:
            yield json.loads(line)

    def reply(self, answer: dict[str, Any]) -> None:
        """Send one answer."""
        print(MARK + json.dumps(answer), flush=True)

    def prepare(self, request: dict[str, Any]) -> None:
        """Build what is to be measured, and run it without counting.

        Work that is a loop of another program (a training) calls :meth:`ready` and
        :meth:`next_run` from inside and does not return here.
        """
        module, name = request['work'].split('.')
        function = getattr(importlib.import_module(f'benchmarks.speed.{module}'), name)
        self.work = None
        work = function(self.side, self.folder, dict(request['params']), self)
        self.base_mb = resident_mb()
        for _ in range(request['warm']):
            work.run()
        self.work = work
        self.reply({'base_mb': self.base_mb, **work.facts})

    def answer(self, request: dict[str, Any]) -> None:
        """Do one request; a failure is an answer as well."""
        try:
            if 'work' in request:
                self.prepare(request)
            elif 'runs' in request:
                self.reply(self.measured(request['runs']))
            else:
                self.reply(self.saved(request['save']))
        except NotAvailable as error:
            self.reply({'not_available': str(error)})
        except Exception:  # the parent shows it and goes on with the next row
            self.reply({'error': traceback.format_exc()})

    def measured(self, runs: int) -> dict[str, Any]:
        """Time the prepared work."""
        work = self.work
        if work is None:
            raise RuntimeError('nothing is prepared')
        found = measure(work.run, runs, per=work.per)
        return {**found, 'peak_mb': peak_mb(), 'base_mb': self.base_mb, **work.facts}

    def saved(self, name: str) -> dict[str, Any]:
        """Write the last result to a file."""
        import torch

        path = self.folder / name
        torch.save(self.work.result(), path)
        return {'file': str(path)}


def main() -> None:
    """Serve until the standard input ends."""
    package, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if threads:  # 0 leaves torch unimported, for the rows that measure imports
        import torch

        torch.set_num_threads(threads)
    reset_peak()
    server = Server(Side(package), folder)
    for request in server.requests():
        server.answer(request)


if __name__ == '__main__':
    main()
