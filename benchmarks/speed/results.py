"""The file of results: one for each kind of machine and day, rows added as they are measured."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.speed.machine import kind_of
from benchmarks.speed.processes import ROOT

FOLDER = ROOT / 'benchmarks' / 'results'
_PACKAGES = ('torch', 'numpy', 'opencv-python', 'mmengine', 'mmcv-lite', 'mmcv', 'mmsegmentation',
             'mmseg_deeplab', 'openvino', 'onnxruntime', 'nncf')  # fmt: skip
_VERSIONS = """
import json, platform
from importlib.metadata import PackageNotFoundError, version
found = {'python': platform.python_version()}
for name in %r:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class Results:
    """Rows, kept in a file after each one.

    Args:
        path: JSON; an existing file of the same kind of machine is gone on with.
        machine: From ``machine.describe``.

    Raises:
        ValueError: The file's figures are of another kind of machine.
    """

    def __init__(self, path: Path, machine: dict[str, Any]) -> None:
        self.path = path
        self.content: dict[str, Any] = {'date': date.today().isoformat(), 'rows': {}}
        if path.is_file():
            self.content = read(path)
            there = kind_of(self.content['machine'])
            if there != kind_of(machine):
                raise ValueError(
                    f'{path}: has figures of {there}, this machine is {kind_of(machine)}; '
                    'figures of different machines must not be mixed, name another --results'
                )
        self.content['machine'] = machine

    def add(self, section: str, rows: dict[str, dict[str, Any]]) -> None:
        """Put rows into the file, over older ones of their names.

        Args:
            section: ``'rows'`` or ``'growth'``.
            rows: By name.
        """
        stamp = {'commit': commit(), 'date': date.today().isoformat()}
        merged = self.content.get(section, {})
        merged |= {name: {**row, **stamp} for name, row in rows.items()}
        self.content[section] = merged
        self.write()

    def done(self, name: str, form: str) -> bool:
        """Whether a row was measured in this form by the present commit.

        Args:
            name: Of the row.
            form: ``'quick'`` or ``'full'``.
        """
        row = self.content['rows'].get(name, {})
        return row.get('form') == form and row.get('commit') == commit()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix('.partial')
        partial.write_text(json.dumps(self.content, indent=1) + '\n', encoding='utf-8')
        partial.rename(self.path)


def default_path(machine: dict[str, Any]) -> Path:
    """Where this machine's figures of today go."""
    return FOLDER / f'{kind_of(machine)}_{date.today().isoformat()}.json'


def read(path: Path) -> dict[str, Any]:
    """A file of results."""
    return json.loads(path.read_text(encoding='utf-8'))


def newest(paths: Iterable[Path]) -> list[Path]:
    """Of each kind of machine the file of the latest day, by name."""
    latest: dict[str, Path] = {}
    for path in sorted(paths):
        latest[path.stem.rpartition('_')[0]] = path
    return [latest[kind] for kind in sorted(latest)]


def versions(python: str) -> dict[str, str]:
    """Versions in an environment, by package.

    Args:
        python: Its interpreter.
    """
    command = [python, '-c', _VERSIONS % (_PACKAGES,)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def commit() -> str:
    """The commit that is checked out, with ``+`` where the package was changed since."""

    def git(*words: str) -> str:
        run = subprocess.run(['git', *words], capture_output=True, text=True, cwd=ROOT)
        return run.stdout.strip()

    changed = '+' if git('status', '--porcelain', '--', 'mmseg_deeplab') else ''
    return git('rev-parse', '--short=10', 'HEAD') + changed
