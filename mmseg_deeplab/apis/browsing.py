"""Pictures of what a data set gives the model, after augmentation."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.apis.prediction import progress_bar
from mmseg_deeplab.apis.run_config import ConfigLike, load_with_loader
from mmseg_deeplab.engine import seeding
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.visualization import (
    SegLocalVisualizer,
    has_display,
    sample_picture,
    to_display,
    write_rgb,
)

PHASES = ('train', 'val', 'test')


def browse_dataset(
    config: ConfigLike,
    output_dir: str | PathLike | None = None,
    *,
    show: bool = False,
    show_interval: float = 2,
    phase: str = 'train',
    show_number: int | None = None,
    seed: int = 0,
    cfg_options: Mapping[str, Any] | None = None,
    data_root: str | PathLike | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Draw each sample of a data set as the model gets it: image, label, both, and a legend.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        output_dir: Folder for the pictures, made if missing; None writes none.
        show: Open a window for each.
        show_interval: Seconds a window stays open; 0 waits for a key.
        phase: ``'train'``, ``'val'`` or ``'test'``: whose loader's data set.
        show_number: Only the first so many samples; all if None.
        seed: Of the random augmentations; the same seed draws the same pictures.
        cfg_options: Dotted keys and values that replace the config's.
        data_root: Folder of the data, if not the config's.
        on_progress: Called with ``(pictures done, pictures in all)``; None draws a bar.

    Returns:
        The files written, ``PNG``s named after the images; a name that comes again gets
        ``_2``, ``_3``, ..., the first that no other picture has.

    Raises:
        ConfigError: The config is wrong, or there is neither a folder nor a window to draw to.
        DataError: The data is missing or broken, or a picture cannot be written.
    """
    _check(output_dir, show, phase, show_number)
    name = f'{phase}_dataloader'
    loaded = load_with_loader(config, name, cfg_options=cfg_options, data_root=data_root)
    dataset = DATASETS.build(loaded[name].dataset)
    total = min(len(dataset), show_number or len(dataset))
    report = on_progress or progress_bar(total)
    visualizer = SegLocalVisualizer()
    written, used = [], set()
    for done, (name, picture) in enumerate(_pictures(dataset, total, seed), start=1):
        if output_dir is not None:
            file = _unused(name, used)
            used.add(file)
            written.append(write_rgb(Path(output_dir) / f'{file}.png', picture))
        if show:
            visualizer.show(picture, win_name=name, wait_time=show_interval)
        report(done, total)
    return written


def _check(
    output_dir: str | PathLike | None, show: bool, phase: str, show_number: int | None
) -> None:
    if phase not in PHASES:
        raise ConfigError(f'phase must be one of {", ".join(PHASES)}, got {phase!r}')
    if show_number is not None and show_number < 1:
        raise ConfigError(f'show_number must be at least 1, got {show_number}')
    if output_dir is None and not (show and has_display()):
        raise ConfigError(
            'the pictures have nowhere to go: give --output-dir DIR '
            + ('(there is no display to open windows on)' if show else 'or allow windows')
        )


def _unused(name: str, used: Container[str]) -> str:
    """The name, or the first of ``NAME_2``, ``NAME_3``, ... that is not used."""
    numbered = (f'{name}_{number}' for number in count(2))
    return name if name not in used else next(free for free in numbered if free not in used)


def _pictures(dataset: Any, total: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Name and picture of each sample, in the data set's order."""
    meta = dataset.metainfo
    for index in range(total):
        with seeding.borrowed_generators(seed, seeding.SAMPLE, index):
            item = dataset[index]
        sample = item['data_samples']
        image = to_display(np.asarray(item['inputs']).transpose(1, 2, 0))
        label = sample.gt_sem_seg.data.squeeze(0).numpy() if 'gt_sem_seg' in sample else None
        picture = sample_picture(image, label, class_names=meta['classes'], palette=meta['palette'])
        yield Path(str(sample.get('img_path') or index)).stem, picture
