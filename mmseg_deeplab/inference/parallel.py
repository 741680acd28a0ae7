"""Several images at a time, results in the order in which the images came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from mmseg_deeplab.utils.cores import usable_cores
from mmseg_deeplab.utils.errors import ConfigError

T = TypeVar('T')
R = TypeVar('R')


def check_jobs(jobs: int | None) -> None:
    """Refuse a number of jobs below 1.

    Raises:
        ConfigError: It is.
    """
    if jobs is not None and jobs < 1:
        raise ConfigError(f'the number of jobs must be 1 or more, got {jobs}')


def in_order(
    function: Callable[[T], R], items: Iterable[T], *, jobs: int | None = None
) -> Iterator[R]:
    """``map`` in threads, for work that PyTorch, NumPy and OpenCV do without Python's lock.

    At most ``jobs`` items are worked on and as many wait, so ``items`` may be a generator of
    images larger together than memory. While an item waits for its turn the caller's own work
    between two items (a network's forward pass) goes on.

    Args:
        function: Called in a thread, in which PyTorch uses one core.
        items: Taken one after the other, in the calling thread.
        jobs: Threads, 1 or more; None takes one for each core. With 1 there is no thread, and
            PyTorch uses all its cores for one item.

    Yields:
        The results, in the order of ``items``.

    Raises:
        ConfigError: ``jobs`` is below 1.
    """
    check_jobs(jobs)
    jobs = usable_cores() if jobs is None else jobs
    return map(function, items) if jobs == 1 else _in_threads(function, items, jobs)


def _in_threads(function: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(jobs, 'image', initializer=torch.set_num_threads, initargs=(1,))
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) == 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        # the number set in a thread is also what threads that start later begin with
        torch.set_num_threads(threads)
