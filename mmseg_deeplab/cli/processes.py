"""A command in several processes of this machine, whose errors are told once."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from mmseg_deeplab.utils.errors import SegError, TrainingError

_STARTED_HERE = 'MMSEG_DEEPLAB_STARTED'  # in the environment of the processes
_ERROR_FILE = 'TORCHELASTIC_ERROR_FILE'  # where torchrun looks for why a process failed
_SIGNALLED = 128  # and the signal's number: how shells report it


def run_processes(place: Sequence[str], number: int, words: Sequence[str]) -> int:
    """Run this program in several processes and wait for them.

    Args:
        place: Arguments of torchrun that tell the machine and the address.
        number: Processes on this machine.
        words: The command and its arguments.

    Returns:
        The exit code: that of the first process to fail, which has said why.

    Raises:
        TrainingError: A process failed; the message is the one of :func:`tell_starter`.
    """
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ.setdefault('OMP_NUM_THREADS', '1')  # as torchrun does, with a warning
    os.environ[_STARTED_HERE] = '1'
    logging.getLogger('torch.distributed.elastic').setLevel(logging.CRITICAL)  # its own report
    start = [*place, '--nproc_per_node', str(number), '-m', 'mmseg_deeplab.cli', *words]
    try:
        torchrun.run(torchrun.parse_args(start))
    except ChildFailedError as error:
        rank, first = error.get_first_failure()
        if first.exitcode > 0 and not os.path.isfile(first.error_file):
            return first.exitcode
        raise TrainingError(
            first.message if first.exitcode > 0 else f'process {rank} died: {first.message}'
        ) from None
    except SignalException as error:
        return _SIGNALLED + int(error.sigval)
    finally:
        del os.environ[_STARTED_HERE]
    return 0


def tell_starter(error: SegError) -> bool:
    """Leave an error to the process that started this one, which tells it once for all.

    Args:
        error: What went wrong.

    Returns:
        Whether there is such a process.
    """
    file = os.environ.get(_ERROR_FILE)
    if not file or _STARTED_HERE not in os.environ:
        return False
    Path(file).write_text(json.dumps({'message': str(error), 'timestamp': int(time.time())}))
    return True
