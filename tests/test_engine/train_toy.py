"""A toy run as a process of its own: ``python -m tests.test_engine.train_toy WORK_DIR JSON``.

JSON holds ``toy_config``'s arguments; ``mode`` is ``train`` (the default), ``test`` with a
``checkpoint``, or ``train+test``; ``kill`` kills the process with signal 9, or another
``signal``, in a moment.
"""

from __future__ import annotations

import json
import os
import sys
import time

from mmseg_deeplab.engine import SegRunner, checkpoint, loops
from mmseg_deeplab.utils.errors import SegError
from tests.test_engine.toy import ToyDataset, ToyModel, toy_config

PLACES = {
    'fetch': (ToyDataset, '__getitem__'),
    'step': (ToyModel, 'forward'),
    'iteration': (loops.SegIterLoop, 'run_iter'),
    'write': (checkpoint.torch, 'save'),
    'sync': (os, 'fsync'),
    'rename': (os, 'replace'),
}


def kill_at(place, call, number, whole_group):
    owner, name = PLACES[place]
    original, calls, main = getattr(owner, name), [], os.getpid()

    def wrapped(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            if place == 'write':  # a torn file, as a kill in the middle of a write leaves it
                args[1].write(b'PK torn')
                args[1].flush()
            os.killpg(os.getpgrp(), number) if whole_group else os.kill(main, number)
            if number == 9:
                time.sleep(60)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def main() -> int:
    options = json.loads(sys.argv[2])
    kill = options.pop('kill', None)
    mode, path = options.pop('mode', 'train'), options.pop('checkpoint', None)
    if kill is not None:
        kill_at(kill['place'], kill['call'], kill.get('signal', 9), kill.get('group', False))
    try:
        runner = SegRunner.from_cfg(toy_config(sys.argv[1], load_from=path, **options))
        scores = runner.train() and None if mode.startswith('train') else runner.test()
        if mode == 'train+test':
            path = f'{sys.argv[1]}/iter_{runner.iter}.pth'
            scores = SegRunner.from_cfg(toy_config(sys.argv[1], load_from=path, **options)).test()
    except SegError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    if scores is not None and runner.rank == 0:
        print('SCORES', json.dumps(scores))
    return 0


if __name__ == '__main__':
    sys.exit(main())
