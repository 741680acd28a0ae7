"""What an audit found: as text, as JSON, as an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from mmseg_deeplab.datasets.audit import ERROR, Finding, SplitAudit, class_weights
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import write_text

_SHOWN = 5  # findings of one kind that the text names; JSON has all
_RED, _YELLOW, _GREEN, _BOLD, _PLAIN = '\033[31m', '\033[33m', '\033[32m', '\033[1m', '\033[0m'


@dataclass
class AuditReport:
    """The result of an audit.

    Attributes:
        config: Name of the config.
        splits: One for each data set that was looked at.
        findings: What is wrong or odd, those between splits included.
        quick: Whether only a sample of the files was opened.
        seconds: How long it took.
    """

    config: str
    splits: list[SplitAudit]
    findings: list[Finding]
    quick: bool
    seconds: float

    @property
    def errors(self) -> list[Finding]:
        """What training would stop at or learn wrong labels from."""
        return [finding for finding in self.findings if finding.severity == ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """What is odd, but may be meant so."""
        return [finding for finding in self.findings if finding.severity != ERROR]

    @property
    def class_weights(self) -> list[float]:
        """Weights for the loss from the pixel counts of the first split, mostly ``train``."""
        return class_weights(self.splits[0].counts) if self.splits else []

    def lines(self, colour: bool | None = None) -> list[str]:
        """The report as text; after a quick look without the table of classes.

        Args:
            colour: Whether to colour it; None does so on a terminal unless ``NO_COLOR`` is set.
        """
        if colour is None:
            colour = sys.stdout.isatty() and not os.environ.get('NO_COLOR')
        text = [self._heading()]
        if not self.quick:
            for split in self.splits:
                text += _class_table(split)
        for group in self._groups():
            text += _group_lines(group)
        text.append(self._summary())
        if not self.quick and self.splits and self.splits[0].counts.any():
            text += ['', 'For the loss, weights by median frequency of the classes in '
                     f'{self.splits[0].name}:', f'class_weight={self.class_weights}']  # fmt: skip
        return text if colour else [_without_colour(line) for line in text]

    def to_dict(self) -> dict[str, Any]:
        """The whole report as JSON can hold it."""
        return {
            'config': self.config,
            'quick': self.quick,
            'seconds': round(self.seconds, 3),
            'errors': len(self.errors),
            'warnings': len(self.warnings),
            'findings': [finding.to_dict() for finding in self.findings],
            'splits': [_split_dict(split) for split in self.splits],
            'class_weights': self.class_weights,
        }

    def write_json(self, path: str | PathLike) -> Path:
        """Write :meth:`to_dict` to a file.

        Raises:
            DataError: It cannot be written.
        """
        return write_text(Path(path), json.dumps(self.to_dict(), indent=2) + '\n')

    def raise_errors(self) -> None:
        """Raise if there is an error among the findings.

        Raises:
            DataError: Its message is that of the first errors, with their number if there are
                several.
        """
        errors = self.errors
        if len(errors) == 1:
            raise DataError(errors[0].message)
        if errors:
            shown = ''.join(f'\n  {error.message}' for error in errors[:_SHOWN])
            more = f'\n  ... and {len(errors) - _SHOWN} more' if len(errors) > _SHOWN else ''
            raise DataError(f'{len(errors)} errors in the data:{shown}{more}')

    def _groups(self) -> Iterator[list[Finding]]:
        """Findings of one kind and split together, errors first."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in [*self.errors, *self.warnings]:
            groups.setdefault((finding.kind, finding.split), []).append(finding)
        yield from groups.values()

    def _heading(self) -> str:
        parts = []
        for split in self.splits:
            whole = split.examined == split.images
            opened = '' if whole else f' ({split.examined} of them opened)'
            parts.append(f'{split.name} {split.images} images{opened}')
        return f'{_BOLD}Data of {Path(self.config).name}{_PLAIN}: {", ".join(parts)}'

    def _summary(self) -> str:
        took = f'in {self.seconds:.1f} s'
        if not self.findings:
            return f'{_GREEN}nothing wrong found{_PLAIN} {took}'
        errors, warnings = _count(self.errors, 'error'), _count(self.warnings, 'warning')
        tint = _RED if self.errors else _YELLOW
        return f'{tint}{errors}, {warnings}{_PLAIN} {took}'


def _count(findings: list[Finding], noun: str) -> str:
    return f'{len(findings)} {noun}{"" if len(findings) == 1 else "s"}'


def _group_lines(group: list[Finding]) -> list[str]:
    first = group[0]
    tint = _RED if first.severity == ERROR else _YELLOW
    number = f' ({len(group)})' if len(group) > 1 else ''
    lines = [f'{tint}{first.severity}{_PLAIN} {first.split}: {first.heading}{number}']
    lines += [f'    {finding.message}' for finding in group[:_SHOWN]]
    if len(group) > _SHOWN:
        lines.append(f'    ... and {len(group) - _SHOWN} more; --json FILE lists all')
    return lines


def _class_table(split: SplitAudit) -> list[str]:
    total = int(split.counts.sum()) + split.ignored
    if not total:
        return []
    width = max(len(name) for name in (*split.classes, '(ignored)'))
    rows = [*zip(split.classes, split.counts, strict=True), ('(ignored)', split.ignored)]
    lines = [f'  {split.name}: pixels of each class']
    for name, count in rows:
        share = 100 * count / total
        lines.append(f'    {name:<{width}} {count:>14,} {share:6.2f} % {"#" * round(share / 2)}')
    return lines


def _split_dict(split: SplitAudit) -> dict[str, Any]:
    return {
        'name': split.name,
        'images': split.images,
        'examined': split.examined,
        'pixels': dict(zip(split.classes, map(int, split.counts), strict=True)),
        'ignored': split.ignored,
    }


def _without_colour(line: str) -> str:
    for code in (_RED, _YELLOW, _GREEN, _BOLD, _PLAIN):
        line = line.replace(code, '')
    return line
