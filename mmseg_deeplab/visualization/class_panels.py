"""One figure of a prediction: the image, then a panel for each class found in it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mmseg_deeplab.visualization.panels import Palette, colorize, panel


def found_classes(ids: np.ndarray, number: int) -> list[int]:
    """The classes that occur, in the order of their ids; ignored pixels are none.

    Args:
        ids: (H, W), whole numbers.
        number: Of classes.
    """
    return [int(index) for index in np.unique(ids) if 0 <= index < number]


def class_panels(
    image: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
    palette: Palette,
    *,
    opacity: float = 0.5,
    side: tuple[int, int] = (200, 512),
) -> np.ndarray:
    """The image and, for each class found, the image with that class in its colour.

    With n classes the n + 1 panels lie in floor(sqrt(n + 1)) rows, as in deeplab-pytorch's demo.

    Args:
        image: (H, W, 3) uint8, RGB.
        ids: (H, W), whole numbers.
        class_names: K names; the part before a comma is the title.
        palette: K colours, RGB.
        opacity: Of the class's colour, and of black on everything else, 0 to 1.
        side: Pixels between which the longer side of each panel is brought.

    Returns:
        A picture, uint8 RGB.
    """
    found = found_classes(ids, len(class_names))
    panels = [('input', image)]
    for index in found:
        title = class_names[index].split(',')[0]
        panels.append((title, _one(image, ids == index, palette[index], opacity)))
    rows = math.isqrt(len(panels))
    columns = math.ceil(len(panels) / rows)
    blank = ('', np.full_like(image, 255))
    panels += [blank] * (rows * columns - len(panels))
    lines = [panels[first : first + columns] for first in range(0, len(panels), columns)]
    return np.vstack([panel(line, side=side) for line in lines])


def _one(image: np.ndarray, mask: np.ndarray, colour: Sequence[int], opacity: float) -> np.ndarray:
    tint = colorize(np.where(mask, 0, 1), [colour, (0, 0, 0)])
    mixed = (1 - opacity) * image.astype(np.float32) + opacity * tint
    return np.rint(mixed).astype(np.uint8)
