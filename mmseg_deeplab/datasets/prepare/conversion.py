"""Carrying out a plan: in several threads, resumable, with every fault named.

Threads, not processes: decompressing, decoding, encoding and writing all release Python's lock,
and a thread costs no second copy of the libraries.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmseg_deeplab.datasets.prepare.archives import MemberError
from mmseg_deeplab.datasets.prepare.journal import STAGE, Journal
from mmseg_deeplab.datasets.prepare.plan import Job, Plan
from mmseg_deeplab.hub.lock import exclusive
from mmseg_deeplab.utils.cores import usable_cores
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError, DataError
from mmseg_deeplab.utils.files import write_bytes

_LOGGER = logging.getLogger(__name__)
_MOST_WORKERS = 8  # each holds a decoded tile, up to 0.4 GB
_NAMED = 10  # faults in the message


@dataclass(frozen=True)
class Result:
    """What a conversion has made.

    Attributes:
        plan: What was to be done.
        counts: Files in each folder.
        notes: What the user should know.
        made: Jobs done in this run.
        kept: Jobs that an earlier run had done.
    """

    plan: Plan
    counts: dict[str, int]
    notes: list[str]
    made: int
    kept: int

    def lines(self) -> list[str]:
        """The result as text: counts beside the documented ones, then the notes."""
        documented = self.plan.documented
        shown: Counter[str] = Counter(dict.fromkeys(documented, 0))
        for folder, count in self.counts.items():
            above = [known for known in documented if f'{folder}/'.startswith(f'{known}/')]
            shown[above[0] if above else folder] += count
        texts = [f'{self.plan.name}: {self.plan.out_dir}']
        for folder, count in sorted(shown.items()):
            if not count and documented and folder not in documented:
                continue  # it is meant to be empty
            beside = f' (documented: {documented[folder]})' if folder in documented else ''
            warning = '  <-- differs' if documented.get(folder, count) != count else ''
            texts.append(f'  {folder or "."}: {count} files{beside}{warning}')
        return texts + [f'note: {note}' for note in self.notes]


def default_workers() -> int:
    """As many threads as this process has cores, at most eight."""
    return min(usable_cores(), _MOST_WORKERS)


def convert(
    plan: Plan,
    *,
    workers: int | None = None,
    resume: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Carry out a plan.

    A job that cannot be done for a fault of its source does not stop the others; the faults are
    reported together in the end, and what is done is kept for the next run.

    Args:
        plan: What to do; its archives are closed in the end.
        workers: Threads; None takes :func:`default_workers`.
        resume: Keep what an earlier, interrupted run has done; False discards that. A finished
            conversion is looked at and completed in both cases.
        on_progress: Called with ``(jobs done, jobs in all)``.

    Raises:
        DataError: Files of the archives are at fault, or the disk is.
        KeyboardInterrupt: Stopped; a later run goes on.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f'workers must be 1 or more, got {workers}')
    with closing(plan), _alone(plan.out_dir):
        journal = Journal(plan, resume)
        todo = [job for job in plan.jobs if not journal.has(job)]
        kept = len(plan.jobs) - len(todo)
        keys = [job.key for job in plan.jobs]
        if todo or not journal.is_finished(keys):
            _work(todo, journal, workers or default_workers(), kept, on_progress)
            journal.finish(keys)
    notes = [*plan.notes, *journal.notes()]
    return Result(plan, journal.counts(), notes, len(todo), kept)


def dry_run(plan: Plan) -> Result:
    """What a plan would make, from the headers of the images; nothing is written.

    Raises:
        DataError: An image of the archives cannot be read.
    """
    with closing(plan):
        return Result(plan, plan.count(), list(plan.notes), 0, 0)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process converts into the folder, then keep others waiting."""

    def say() -> None:
        _LOGGER.warning('%s: waiting for another conversion into this folder', folder)

    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(folder / f'{STAGE}.lock', say))
        except CheckpointError as error:
            raise DataError(
                f'{folder}: cannot be written ({error.__cause__}); choose another output folder '
                '(-o)'
            ) from error
        yield


def _work(
    todo: Sequence[Job],
    journal: Journal,
    workers: int,
    kept: int,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    journal.start()
    faults: list[str] = []
    done, total = kept, kept + len(todo)
    with _pool(workers) as (pool, stop):
        futures: dict[Future, Job] = {pool.submit(_do, job, journal, stop): job for job in todo}
        for future in as_completed(futures):
            try:
                files, notes = future.result()
                journal.note(futures[future], files, notes)
            except MemberError as error:
                faults.append(str(error))
            done += 1
            if on_progress is not None:
                on_progress(done, total)
    if faults:
        shown = '\n  '.join(sorted(faults)[:_NAMED])
        more = f'\n  and {len(faults) - _NAMED} more' if len(faults) > _NAMED else ''
        raise DataError(
            f'{len(faults)} of {total} parts could not be converted:\n  {shown}{more}\n'
            f'{total - len(faults)} are done and kept in {journal.stage}; mend the sources and '
            'run the same command again'
        )


@contextmanager
def _pool(workers: int) -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """A pool that is stopped, not waited for, when something goes wrong."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(workers, thread_name_prefix='convert')
    try:
        yield pool, stop
    except BaseException:
        stop.set()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


class _Stopped(Exception):
    """Another job has failed, or the user has stopped the run."""


def _do(job: Job, journal: Journal, stop: threading.Event) -> tuple[dict[str, int], list[str]]:
    files: dict[str, int] = {}
    notes: list[str] = []
    if stop.is_set():
        raise _Stopped
    try:
        for path, content in job.make(notes.append):
            if stop.is_set():
                raise _Stopped
            write_bytes(journal.stage / path, content)
            files[path] = len(content)
    except MemberError:
        raise  # a fault of this source; the other jobs go on
    except BaseException:
        stop.set()  # here, before this thread takes the next job
        raise
    return files, notes
