"""Scores as tables, files and plain numbers."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.evaluation.confusion import ConfusionMatrix, mean_score, scores
from mmseg_deeplab.evaluation.protocols import Protocol, protocols
from mmseg_deeplab.utils.files import write_bytes, write_text

PER_CLASS = ('IoU', 'Acc', 'Dice', 'Fscore', 'Precision', 'Recall')


@dataclass(frozen=True)
class SegReport:
    """The result of one evaluation.

    Args:
        matrix: The counts.
        class_names: One per class.
        columns: Scores that the table shows, some of IoU, Acc, Dice, Fscore, Precision, Recall.
        beta: Weight of recall in Fscore.
        nan_to_num: Score of a class that has none; None leaves it out of means.
        further: Counts of other protocols; see :func:`~.protocols.protocols`.
        label_set: What to call the labels.
        left_out: Classes that further protocols leave out.
    """

    matrix: ConfusionMatrix
    class_names: Sequence[str]
    columns: Sequence[str] = ('IoU', 'Acc')
    beta: float = 1.0
    nan_to_num: float | None = None
    further: ConfusionMatrix | None = None
    label_set: str = ''
    left_out: Sequence[str] = ()
    _scores: dict[str, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, '_scores', scores(self.matrix.total, self.beta))

    def class_table(self) -> str:
        """The familiar table: one row per class, percent, and the means below."""
        from terminaltables import AsciiTable

        rows = [['Class', *self.columns]]
        for index, name in enumerate(self.class_names):
            rows.append([name, *(_percent(self._scores[c][index]) for c in self.columns)])
        means = [
            ['Scope', 'aAcc', *(f'm{column}' for column in self.columns)],
            ['global', _percent(self._scores['aAcc']), *map(_percent, self._means(self.columns))],
        ]
        if len(self.matrix.groups) > 1:
            means += [self._group_row(name) for name in sorted(self.matrix.groups)]
        tables = [AsciiTable(rows).table, AsciiTable(means).table]
        others = self.protocols()
        if len(others) > 1:
            named = [['Protocol', 'Pixels', 'aAcc', *(f'm{column}' for column in self.columns)]]
            named += [[o.name, f'{o.pixels:,}', *map(_percent, self._shown(o))] for o in others]
            tables.append(AsciiTable(named).table)
        return '\n'.join(tables)

    def protocols(self) -> list[Protocol]:
        """The scores by every protocol, that of the other tables first."""
        return protocols(
            self.matrix.total,
            {} if self.further is None else self.further.groups,
            self.class_names,
            label_set=self.label_set,
            left_out=self.left_out,
            beta=self.beta,
            nan_to_num=self.nan_to_num,
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, fractions of 1 in full precision; None where NaN.

        Returns:
            ``images``, ``pixels``, ``aAcc``, the means ``mIoU`` ... ``mRecall``, ``per_class``
            (a list of dicts with the class's name and pixel counts), ``protocols`` (a list of
            dicts with a name, that of the figures before first) and, with more than one group,
            ``groups``.
        """
        total = self.matrix.total
        found: dict[str, Any] = {
            'images': self.matrix.images,
            'pixels': int(total.sum()),
            **_means_of(self._scores, self.nan_to_num),
            'per_class': [self._class_row(index, total) for index in range(len(total))],
            'protocols': [
                {'name': o.name, 'pixels': o.pixels, **{k: _plain(v) for k, v in o.scores.items()}}
                for o in self.protocols()
            ],
        }
        if len(self.matrix.groups) > 1:
            found['groups'] = {
                name: _means_of(scores(counts, self.beta), self.nan_to_num)
                for name, counts in sorted(self.matrix.groups.items())
            }
        return found

    def _means(self, columns: Sequence[str]) -> list[float]:
        return [mean_score(self._scores[column], self.nan_to_num) for column in columns]

    def _shown(self, protocol: Protocol) -> list[float]:
        return [protocol.scores[name] for name in ('aAcc', *(f'm{c}' for c in self.columns))]

    def _group_row(self, name: str) -> list[str]:
        of_group = scores(self.matrix.groups[name], self.beta)
        means = [mean_score(of_group[column], self.nan_to_num) for column in self.columns]
        return [name or '(no group)', _percent(of_group['aAcc']), *map(_percent, means)]

    def _class_row(self, index: int, total: np.ndarray) -> dict[str, Any]:
        return {
            'name': self.class_names[index],
            **{name: _plain(self._scores[name][index]) for name in PER_CLASS},
            'label_pixels': int(total[index].sum()),
            'predicted_pixels': int(total[:, index].sum()),
        }


def write_report(
    report: SegReport,
    folder: str | Path,
    *,
    title: str = 'Confusion matrix',
    color_theme: str = 'Blues',
) -> list[Path]:
    """Write the result's files, each whole or not at all.

    Args:
        report: The result.
        folder: Made if missing.
        title: Of the picture.
        color_theme: Of the picture, a Matplotlib colour map.

    Returns:
        The paths of ``metrics.json``, ``per_class.csv``, ``confusion_matrix.csv`` and
        ``confusion_matrix.png``.

    Raises:
        DataError: A file cannot be written.
    """
    folder = Path(folder)
    found = report.as_dict()
    counts = report.matrix.total
    names = list(report.class_names)
    confusion = [['label \\ prediction', *names]]
    confusion += [[name, *map(int, row)] for name, row in zip(names, counts, strict=True)]
    per_class = [list(found['per_class'][0])]
    per_class += [[_cell(value) for value in row.values()] for row in found['per_class']]
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + '\n'
    picture = confusion_png(counts, names, title, color_theme)
    return [
        write_text(folder / 'metrics.json', text),
        write_text(folder / 'per_class.csv', _csv(per_class)),
        write_text(folder / 'confusion_matrix.csv', _csv(confusion)),
        write_bytes(folder / 'confusion_matrix.png', picture),
    ]


def confusion_png(
    counts: np.ndarray,
    class_names: Sequence[str],
    title: str = 'Confusion matrix',
    color_theme: str = 'Blues',
) -> bytes:
    """A picture of the matrix, each row in percent of its label's pixels.

    Args:
        counts: int64 (K, K), rows labels, columns predictions.
        class_names: K names.
        title: Above the matrix.
        color_theme: A Matplotlib colour map.

    Returns:
        A PNG file.
    """
    # a Figure of its own, not pyplot: no global state, no display, safe in any thread
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = len(class_names)
    labelled = counts.sum(axis=1, keepdims=True)
    percent = np.full(counts.shape, np.nan)
    np.divide(counts * 100.0, labelled, out=percent, where=labelled > 0)
    side = min(3.2 + 0.62 * size, 40.0)  # inches
    figure = Figure(figsize=(side + 0.8, side), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(percent, cmap=color_theme, vmin=0, vmax=100)
    figure.colorbar(image, ax=axes, shrink=0.8, label='% of the label')
    axes.set_xticks(range(size), class_names, rotation=45, ha='right')
    axes.set_yticks(range(size), class_names)
    axes.set(xlabel='predicted', ylabel='label', title=title)
    if size <= 40:  # more would not be readable
        _write_cells(axes, percent, image.cmap)
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png')
    return buffer.getvalue()


def _write_cells(axes: Any, percent: np.ndarray, color_map: Any) -> None:
    for row, column in np.ndindex(*percent.shape):
        value = percent[row, column]
        if not np.isnan(value):
            luma = np.dot(color_map(value / 100)[:3], (0.299, 0.587, 0.114))  # BT.601
            colour = 'white' if luma < 0.5 else 'black'
            axes.text(
                column, row, f'{value:.1f}', ha='center', va='center', color=colour, fontsize=8
            )


def _means_of(found: dict[str, np.ndarray], nan_to_num: float | None) -> dict[str, float | None]:
    means = {f'm{name}': _plain(mean_score(found[name], nan_to_num)) for name in PER_CLASS}
    return {'aAcc': _plain(found['aAcc']), **means}


def _plain(value: float) -> float | None:
    value = float(value)
    return None if math.isnan(value) else value


def _percent(value: float) -> str:
    return f'{float(np.round(value * 100, 2)):.2f}'


def _cell(value: Any) -> Any:
    return '' if value is None else value


def _csv(rows: list[list[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator='\n').writerows(rows)
    return buffer.getvalue()
