"""Predictions as files: raw masks, colour masks, overlays, panels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmseg_deeplab.utils.files import write_id_map, write_image
from mmseg_deeplab.visualization.panels import (
    Palette,
    colorize,
    ignored_colour,
    overlay,
    panel,
)

KINDS = ('masks', 'colors', 'overlays')


def write_rgb(path: str | Path, picture: np.ndarray) -> Path:
    """Write a picture.

    Args:
        path: ``.png``, ``.jpg``, ...
        picture: (H, W, 3) uint8, RGB.

    Raises:
        DataError: It cannot be written.
    """
    return write_image(path, picture[:, :, ::-1])


def write_prediction(
    folder: str | Path,
    name: str,
    ids: np.ndarray,
    *,
    palette: Palette,
    image: np.ndarray | None = None,
    opacity: float = 0.5,
    kinds: Sequence[str] = KINDS,
) -> dict[str, Path]:
    """Write one image's prediction as ``folder/KIND/name.png`` for each kind asked for.

    Args:
        folder: Made if missing.
        name: File name without suffix; it may hold sub-folders.
        ids: (H, W) predicted class ids, 0 to 65535.
        palette: K colours, RGB.
        image: (H, W, 3) uint8 RGB, for ``overlays``.
        opacity: Of the colours over the image, 0 to 1.
        kinds: Some of ``'masks'`` (class ids), ``'colors'``, ``'overlays'``.

    Returns:
        The path by kind.

    Raises:
        DataError: A file cannot be written.
        ValueError: An unknown kind, or ``overlays`` without an image.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f'kinds must be some of {", ".join(KINDS)}, got {unknown}')
    if 'overlays' in kinds and image is None:
        raise ValueError('overlays need an image, got None')
    makers = {
        'masks': lambda path: write_id_map(path, ids),
        'colors': lambda path: write_rgb(path, colorize(ids, palette)),
        'overlays': lambda path: write_rgb(path, overlay(image, ids, palette, opacity)),
    }
    return {kind: makers[kind](Path(folder) / kind / f'{name}.png') for kind in kinds}


def comparison(
    image: np.ndarray,
    prediction: np.ndarray,
    label: np.ndarray | None = None,
    *,
    class_names: Sequence[str],
    palette: Palette,
) -> np.ndarray:
    """Input, label (if there is one) and prediction side by side, with a legend.

    Args:
        image: (H, W, 3) uint8, RGB.
        prediction: (H, W) class ids.
        label: (H, W) class ids, 255 = ignored.
        class_names: K names.
        palette: K colours, RGB.

    Returns:
        A picture, uint8 RGB.
    """
    pictures = [('input', image)]
    if label is not None:
        pictures.append(('label', colorize(label, palette)))
        class_names, palette = _with_ignored(label, class_names, palette)
    pictures.append(('prediction', colorize(prediction, palette)))
    return panel(pictures, class_names, palette)


def sample_picture(
    image: np.ndarray,
    label: np.ndarray | None,
    *,
    class_names: Sequence[str],
    palette: Palette,
) -> np.ndarray:
    """A sample of a data set: image, label, and the label over the image, with a legend.

    Args:
        image: (H, W, 3) uint8, RGB.
        label: (H, W) class ids, 255 = ignored; None draws the image alone.
        class_names: K names.
        palette: K colours, RGB.

    Returns:
        A picture, uint8 RGB.
    """
    if label is None:
        return panel([('image', image)])
    both = overlay(image, label, palette)
    pictures = [('image', image), ('label', colorize(label, palette)), ('both', both)]
    return panel(pictures, *_with_ignored(label, class_names, palette))


def _with_ignored(
    label: np.ndarray, class_names: Sequence[str], palette: Palette
) -> tuple[Sequence[str], Palette]:
    """The legend's names and colours: with ``ignored`` where the label has such pixels."""
    if not (np.asarray(label) >= len(palette)).any():
        return class_names, palette
    return [*class_names, 'ignored'], [*palette, ignored_colour(palette)]
