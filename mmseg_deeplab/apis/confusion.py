"""A confusion matrix from predictions that were saved."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.apis.prediction import progress_bar
from mmseg_deeplab.apis.run_config import ConfigLike, iou_metrics, load_with_loader
from mmseg_deeplab.datasets import read_image, read_label
from mmseg_deeplab.engine.result_names import names_root
from mmseg_deeplab.evaluation import ConfusionMatrix, SegReport, write_report
from mmseg_deeplab.registry import DATASETS, nearest_names
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import UniqueNames
from mmseg_deeplab.utils.log import get_logger
from mmseg_deeplab.visualization import SegLocalVisualizer, to_display


def confusion_matrix(
    config: ConfigLike,
    prediction_path: str | PathLike,
    save_dir: str | PathLike,
    *,
    title: str = 'Normalized Confusion Matrix',
    color_theme: str = 'winter',
    label_offset: int = 0,
    show: bool = False,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> SegReport:
    """Compare saved predictions with the labels of a config's test set.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed. The
            ``ignore_index`` of its ``test_evaluator`` is the label that does not count.
        prediction_path: Folder of PNGs of class ids, each with its image's name (below its
            sub-folder, where images of two folders have one name), as ``test --out`` writes
            them; or the ``confusion_matrix.csv`` of an earlier test.
        save_dir: ``confusion_matrix.png`` and ``.csv``, ``metrics.json`` and
            ``per_class.csv`` are written there.
        title: Of the picture.
        color_theme: A Matplotlib colour map.
        label_offset: What was added to the class ids in the PNGs: MMSegmentation's own
            ``IoUMetric`` adds 1 where ``reduce_zero_label`` is set.
        show: Open the picture in a window as well.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder of the data, if not the config's.
        on_progress: Called with ``(images done, images in all)``; None draws a bar.

    Returns:
        The counts and their scores.

    Raises:
        ConfigError: The config or the colour theme is wrong.
        DataError: A prediction is missing, broken, of another size than its label, or holds
            ids outside the classes.
    """
    _check_theme(color_theme)
    loaded = load_with_loader(
        config, 'test_dataloader', cfg_options=cfg_options, data_root=data_root
    )
    source = Path(prediction_path)
    if source.is_file():
        matrix, names = read_counts(source)
    else:
        dataset = DATASETS.build(loaded.test_dataloader.dataset)
        names = list(dataset.metainfo['classes'])
        matrix = ConfusionMatrix(len(names), _ignore_index(loaded.get('test_evaluator')))
        files = _find_predictions(dataset, source)
        report = on_progress or progress_bar(len(files))
        _count(matrix, dataset, files, label_offset, report)
    found = SegReport(matrix, names)
    write_report(found, save_dir, title=title, color_theme=color_theme)
    if show:
        picture, _ = read_image(Path(save_dir) / 'confusion_matrix.png')
        SegLocalVisualizer().show(to_display(picture), win_name=title)
    return found


def read_counts(path: str | PathLike) -> tuple[ConfusionMatrix, list[str]]:
    """Counts and class names from a ``confusion_matrix.csv``.

    Args:
        path: The file.

    Raises:
        DataError: It is something else.
    """
    try:
        with open(path, encoding='utf-8', newline='') as file:
            header, *rows = list(csv.reader(file))
        counts = np.array([[int(cell) for cell in row[1:]] for row in rows], dtype=np.int64)
        matrix = ConfusionMatrix(len(header) - 1)
        matrix.add_counts(counts)
    except (OSError, ValueError) as error:
        raise DataError(
            f'{path}: not a confusion_matrix.csv ({error}); give the one that `test` wrote, or '
            'the folder of predicted PNGs'
        ) from error
    return matrix, header[1:]


def _check_theme(name: str) -> None:
    import matplotlib

    if name not in matplotlib.colormaps:
        near = nearest_names(name, matplotlib.colormaps)
        hint = f'did you mean {" or ".join(near)}?' if near else 'for example Blues'
        raise ConfigError(f'color_theme {name!r} is not a colour map of Matplotlib; {hint}')


def _ignore_index(evaluator: Any) -> int:
    """That of the evaluator's ``IoUMetric``."""
    settings = next(iou_metrics(evaluator), {})
    return settings.get('ignore_index', 255)


def _find_predictions(dataset: Any, folder: Path) -> list[Path]:
    """The prediction of each image, in the data set's order."""
    if not folder.is_dir():
        raise DataError(
            f'{folder}: no such folder of predictions; make it with `test ... --out DIR`'
        )
    images = [dataset.get_data_info(index)['img_path'] for index in range(len(dataset))]
    root = names_root(images)
    names = UniqueNames(root)
    files = [folder / f'{names.stem(image)}.png' for image in images]
    there = set(folder.glob('*.png' if root is None else '**/*.png'))
    missing = [pair for pair in zip(files, images, strict=True) if pair[0] not in there]
    if missing:
        file, image = missing[0]
        raise DataError(
            f'{folder}: {len(missing)} of {len(images)} images have no prediction, the first is '
            f'{file.relative_to(folder)} for {image}; are they of this data set?'
        )
    if left := there.difference(files):
        get_logger().warning(f'{folder}: {len(left)} PNGs belong to no image')
    return files


def _count(
    matrix: ConfusionMatrix,
    dataset: Any,
    files: list[Path],
    label_offset: int,
    report: Callable[[int, int], None],
) -> None:
    for index, path in enumerate(files):
        # by the data set's own pipeline, so that a loader of the user's is used as in a test
        sample = dataset[index]['data_samples']
        if 'gt_sem_seg' not in sample:
            raise ConfigError('the test pipeline loads no labels; put LoadAnnotations into it')
        label = sample.gt_sem_seg.data.squeeze(0)
        ids = read_label(str(path)).astype(np.int64) - label_offset
        if ids.shape != tuple(label.shape):
            raise DataError(
                f'{path}: {ids.shape[0]} x {ids.shape[1]} pixels, but its label has '
                f'{label.shape[0]} x {label.shape[1]}'
            )
        try:
            matrix.add(ids, label)
        except DataError as error:
            raise DataError(f'{path}: {error}') from error
        report(index + 1, len(files))
