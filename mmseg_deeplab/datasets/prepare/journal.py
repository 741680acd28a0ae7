"""Which parts of a conversion are done, so that an interrupted one goes on where it stopped.

While a conversion runs, all its files lie in ``OUT/.converting``; they are moved to their places
when the last is written, so that half a data set is never taken for a whole one. Beside them
lies a journal with one line for each job that is done. In the end it becomes
``OUT/conversion.json``, a receipt that is the same for every way in which the data set was made.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from mmseg_deeplab.datasets.prepare.plan import Job, Plan
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import write_text

STAGE = '.converting'
_LINES = 'journal.jsonl'


class Journal:
    """The state of one conversion on disk.

    Only one process at a time may work on a folder.

    Args:
        plan: The conversion.
        resume: Go on with what an interrupted run has left; otherwise discard it.

    Raises:
        DataError: The output folder holds another conversion or files from elsewhere.
    """

    def __init__(self, plan: Plan, resume: bool = True) -> None:
        self.out = plan.out_dir
        self.stage = plan.out_dir / STAGE
        self.receipt = plan.out_dir / (
            f'conversion_{plan.name}.json' if plan.merge else 'conversion.json'
        )
        self._head = {'converter': plan.name, 'settings': dict(plan.settings)}
        self._folders = plan.folders
        self.jobs: dict[str, dict[str, Any]] = {}
        self._read_receipt()
        self._in_receipt = dict(self.jobs)
        if resume:
            self._read_lines()
        elif self.stage.exists():
            shutil.rmtree(self.stage)
        if not self.jobs and not self.receipt.exists() and not plan.merge:
            self._refuse_foreign(plan)

    def has(self, job: Job) -> bool:
        """Whether a job is done: from the same sources, and all of its files are there."""
        entry = self.jobs.get(job.key)
        return (
            entry is not None
            and entry['sources'] == _marks(job)
            and all(self._is_there(path, size) for path, size in entry['files'].items())
        )

    def is_finished(self, keys: Collection[str]) -> bool:
        """Whether an earlier run has ended with exactly these jobs.

        Args:
            keys: Of the jobs that belong to the data set.
        """
        return (
            self.receipt.exists() and not self.stage.exists() and set(keys) == set(self._in_receipt)
        )

    def start(self) -> None:
        """Prepare the folder for files."""
        lines = [self._head, *({'job': key, **entry} for key, entry in self.jobs.items())]
        # written anew: a killed run may have left half a line, which must not swallow the next
        write_text(self.stage / _LINES, ''.join(json.dumps(line) + '\n' for line in lines))

    def note(self, job: Job, files: Mapping[str, int], notes: Sequence[str]) -> None:
        """Write down that a job is done.

        Args:
            job: Which.
            files: Path and size of each file.
            notes: What was said about it.
        """
        entry = {'sources': _marks(job), 'files': dict(files), 'notes': list(notes)}
        self.jobs[job.key] = entry
        line = json.dumps({'job': job.key, **entry}) + '\n'
        try:
            with open(self.stage / _LINES, 'a', encoding='utf-8') as file:
                file.write(line)
        except OSError as error:
            raise DataError(
                f'{self.stage / _LINES}: cannot be written ({error.strerror or error}); '
                'check the disk'
            ) from error

    def finish(self, keys: Sequence[str]) -> None:
        """Move the files to their places, remove those that are out of date, write the receipt.

        Args:
            keys: Of the jobs that belong to the data set.

        Raises:
            DataError: A file from elsewhere is in the place of one; nothing is moved then.
        """
        self.jobs = {key: self.jobs[key] for key in sorted(keys)}
        wanted = _files(self.jobs)
        earlier = _files(self._in_receipt)
        self._refuse_clashes(wanted - earlier)
        for folder in self._folders:
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        if self.stage.exists():
            self._sweep(wanted)
            for child in sorted(self.stage.iterdir()):
                if child.name != _LINES:
                    _move(child, self.out / child.name)
        for path in sorted(earlier - wanted):
            _remove(self.out / path)
        text = json.dumps({**self._head, 'jobs': self.jobs}, indent=0, sort_keys=True)
        write_text(self.receipt, text + '\n')
        shutil.rmtree(self.stage, ignore_errors=True)

    def counts(self) -> dict[str, int]:
        """Files in each folder."""
        found = Counter(dict.fromkeys(self._folders, 0))
        for entry in self.jobs.values():
            found.update(path.rpartition('/')[0] for path in entry['files'])
        return dict(found)

    def notes(self) -> list[str]:
        """What was said about the jobs, in the order of their keys."""
        return [note for key in sorted(self.jobs) for note in self.jobs[key]['notes']]

    def _is_there(self, path: str, size: int) -> bool:
        for root in (self.stage, self.out):
            with contextlib.suppress(OSError):
                if (root / path).stat().st_size == size:
                    return True
        return False

    def _read_receipt(self) -> None:
        if not self.receipt.exists():
            return
        try:
            whole = json.loads(self.receipt.read_text(encoding='utf-8'))
            self.jobs = {key: _checked(entry) for key, entry in whole.pop('jobs').items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f'{self.receipt}: not a receipt of a conversion ({error!r}); move it away'
            ) from error
        self._compare(whole, self.receipt, f'remove {self.receipt} and the files that it lists')

    def _read_lines(self) -> None:
        path = self.stage / _LINES
        if not path.exists():
            return
        lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
        for number, line in enumerate(lines):
            try:
                entry = json.loads(line)
                if number > 0:
                    self.jobs[entry.pop('job')] = _checked(entry)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # the last line of a killed run
            if number == 0:
                self._compare(entry, path, f'finish or remove {path.parent}')

    def _compare(self, found: Mapping[str, Any], path: Path, remedy: str) -> None:
        wanted = json.loads(json.dumps(self._head))
        if found != wanted:
            raise DataError(
                f'{path}: was made with {_describe(found)}, now {_describe(wanted)} is wanted; '
                f'choose another output folder (-o), or {remedy} first'
            )

    def _refuse_clashes(self, paths: Collection[str]) -> None:
        """Refuse to replace files that no conversion has made, unless they are the same."""
        pairs = [(self.stage / path, self.out / path) for path in sorted(paths)]
        clashes = [
            target
            for staged, target in pairs
            if target.is_file()
            and staged.is_file()
            and not filecmp.cmp(staged, target, shallow=False)
        ]
        if clashes:
            raise DataError(
                f'{clashes[0]}: this converter did not make it and would overwrite it with other '
                f'content ({len(clashes)} such files); move them away or choose another output '
                f'folder (-o). The new files are kept in {self.stage}'
            )

    def _sweep(self, wanted: Collection[str]) -> None:
        """Remove half-written files of killed runs, and files of sources that are gone."""
        for file in self.stage.rglob('*'):
            path = file.relative_to(self.stage).as_posix()
            if path != _LINES and path not in wanted and file.is_file():
                _remove(file)

    def _refuse_foreign(self, plan: Plan) -> None:
        for folder in sorted({name.partition('/')[0] for name in plan.folders}):
            path = self.out / folder
            if path.is_dir() and any(entry.is_file() for entry in path.rglob('*')):
                raise DataError(
                    f'{path}: holds files that this converter did not make; choose another output '
                    'folder (-o) or move it away'
                )


def _files(jobs: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {path for entry in jobs.values() for path in entry['files']}


def _checked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One job's entry as it is read; old files are removed by it, so paths must stay inside."""
    sources, files, notes = (entry[name] for name in ('sources', 'files', 'notes'))
    if not (isinstance(sources, list) and isinstance(files, dict) and isinstance(notes, list)):
        raise ValueError('sources, files or notes of a job are of the wrong type')
    for path in map(PurePosixPath, files):
        if path.is_absolute() or '..' in path.parts:
            raise ValueError(f'{path} is outside the folder')
    return {'sources': sources, 'files': files, 'notes': notes}


def _marks(job: Job) -> list[list[Any]]:
    own = [[job.key, job.mark]] if job.mark else []
    return own + [[member.name, member.size, member.mark] for member in job.sources]


def _describe(head: Mapping[str, Any]) -> str:
    settings = head.get('settings')
    shown = settings.items() if isinstance(settings, Mapping) else ()
    return ' '.join([str(head.get('converter')), *(f'{key}={value}' for key, value in shown)])


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f'{path}: is out of date and cannot be removed ({error.strerror or error})'
        ) from error


def _move(source: Path, target: Path) -> None:
    """Rename a tree into another; at once where the target is not there yet."""
    if source.is_dir() and target.is_dir():
        for child in sorted(source.iterdir()):
            _move(child, target / child.name)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
    except OSError as error:
        raise DataError(
            f'{source}: cannot be moved to {target} ({error.strerror or error})'
        ) from error
