"""The data loader: resumable by position, the same numbers whatever the number of workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch
from torch.utils.data import DataLoader, get_worker_info

from mmseg_deeplab.engine import seeding
from mmseg_deeplab.engine.sampling import ResumableBatchSampler, SampleIndex
from mmseg_deeplab.utils.allocation import WORKER_BYTES, keep_freed_memory
from mmseg_deeplab.utils.errors import SegError, TrainingError, plain_message


class SeededDataset:
    """A data set whose sample depends on (seed, position, index) and on nothing else.

    Every attribute, read or set, is that of the data set inside, so hooks that look at or
    change ``dataloader.dataset`` work as before.

    Args:
        dataset: Any map-style data set.
    """

    _inner: Any

    def __init__(self, dataset: Any) -> None:
        object.__setattr__(self, '_inner', dataset)

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, item: SampleIndex | int) -> Any:
        if not isinstance(item, SampleIndex):
            return self._inner[item]
        words = (item.seed, seeding.SAMPLE, item.position)
        if get_worker_info() is not None:  # a worker's generators are nobody else's
            seeding.seed_generators(*words)
            return self._inner[item.index]
        with seeding.borrowed_generators(*words):
            return self._inner[item.index]

    def __getattr__(self, name: str) -> Any:
        # Without the guard, unpickling in a spawned worker would look for `_inner` for ever.
        if name == '_inner' or (name.startswith('__') and name.endswith('__')):
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {'_inner': self._inner}

    def __setstate__(self, state: dict[str, Any]) -> None:
        object.__setattr__(self, '_inner', state['_inner'])


class SegDataLoader(DataLoader):
    """A ``DataLoader`` that starts late without loading, and whose errors are plain.

    Workers start with the first batch that is asked for, so a position can be set on
    ``batch_sampler`` after an iterator was made.
    """

    _live: Any = None

    def __iter__(self) -> Iterator[Any]:
        return _guarded(self._start, has_workers=self.num_workers > 0)

    def _start(self) -> Iterator[Any]:
        self._live = super().__iter__()
        return self._live

    def shutdown(self) -> None:
        """End the workers now.

        Left to Python's garbage collector, an iterator can find its queues gone, and then
        waits many seconds for each worker.
        """
        end_workers = getattr(self._live, '_shutdown_workers', None)
        if end_workers is not None:
            end_workers()
        self._live = self._iterator = None


class WorkerInit:
    """Runs at the start of every worker process.

    Ctrl-C and SIGTERM are often sent to a whole process group; the main process then still
    needs batches to reach a point where it can save, so workers sit the signal out.

    Args:
        then: Called afterwards with the worker's number, e.g. the config's own function.
    """

    def __init__(self, then: Callable[[int], None] | None = None) -> None:
        self._then = then

    def __call__(self, worker_id: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _leave_at_second_call())
        keep_freed_memory(*WORKER_BYTES)
        try:
            import cv2

            cv2.setNumThreads(0)  # a spawned worker does not inherit the setting
        except ImportError:
            pass
        if self._then is not None:
            self._then(worker_id)


def make_resumable(loader: DataLoader, seed: int) -> SegDataLoader:
    """Build the resumable twin of a loader.

    Args:
        loader: Not yet iterated; its data set, samplers and settings are taken over.
        seed: The run's seed, >= 0.
    """
    batch_sampler = ResumableBatchSampler(loader.batch_sampler, seed)
    return SegDataLoader(
        SeededDataset(loader.dataset),
        batch_sampler=batch_sampler,
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=WorkerInit(loader.worker_init_fn),
        multiprocessing_context=loader.multiprocessing_context,
        # Its own generator: a loader must not draw from the one that dropout uses.
        generator=torch.Generator().manual_seed(seed),
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=loader.persistent_workers,
    )


def _leave_at_second_call() -> Callable[[int, FrameType | None], None]:
    calls: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        # The first may be meant for the main process; the next is the loader's clean-up.
        calls.append(number)
        if len(calls) > 1:
            os._exit(0)

    return handler


def _guarded(start: Callable[[], Iterator[Any]], has_workers: bool) -> Iterator[Any]:
    """Iterate; turn a worker's death and a worker's error into one clear message each."""
    try:
        yield from start()
    except SegError as error:
        raise type(error)(plain_message(error)) from None
    except (RuntimeError, ConnectionError, EOFError) as error:
        # The last two: it died while its batch was being handed over.
        death = worker_death(error, broke_off=has_workers and not isinstance(error, RuntimeError))
        if death is None:
            raise
        raise death from error


def worker_death(error: Exception, broke_off: bool = False) -> TrainingError | None:
    """What to tell the user where PyTorch says that a loader worker died, else None.

    Args:
        error: PyTorch raises it while a batch is awaited or, by a signal, at any other time.
        broke_off: The error can only be that of a broken connection to a worker.
    """
    text = str(error)
    if (
        isinstance(error, SegError)
        or 'Original Traceback' in text
        or not (broke_off or 'DataLoader worker' in text)
    ):
        return None
    reason = (text or type(error).__name__).splitlines()[0].rstrip('. ')
    return TrainingError(
        f'a loader worker died: {reason}. Too little memory is the usual '
        'cause: lower num_workers or batch_size; num_workers=0 shows an error of the data set '
        'itself. Training goes on from its last checkpoint with --resume'
    )
