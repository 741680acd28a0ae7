"""Colours of classes where a data set does not bring its own, and of subsets of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmseg_deeplab.datasets.color_table import Color, parse_color
from mmseg_deeplab.utils.errors import ConfigError

Palette = list[list[int]]
_SEED = 42  # MMSegmentation's, so that its users see the colours they know


def random_palette(num_classes: int) -> Palette:
    """The same colours for every run, values 0 to 254; no global generator is touched."""
    colors = np.random.RandomState(_SEED).randint(0, 255, size=(num_classes, 3))
    return colors.tolist()


def make_palette(
    classes: Sequence[str],
    given: Sequence[Color] | None,
    own: Sequence[Color] | None,
    label_map: Mapping[int, int] | None,
) -> Palette:
    """The palette for a data set's classes.

    Args:
        classes: The classes that are used.
        given: The user's palette, one colour for each of ``classes``.
        own: The data set's palette, one colour for each of its own classes.
        label_map: Old class id to new id, 255 for classes left out; None if ``classes`` are the
            data set's own.

    Returns:
        One [red, green, blue] for each of ``classes``: the given colours, else the data set's
        in the new order, else random ones.

    Raises:
        ConfigError: The number of colours is not that of the classes.
    """
    colors = given or own
    if not colors:
        return random_palette(len(classes))
    if not given and label_map is not None and len(colors) == len(label_map):
        old_of = {new: old for old, new in label_map.items()}
        colors = [colors[old_of[index]] for index in range(len(classes))]
    if len(colors) != len(classes):
        raise ConfigError(
            f'metainfo.palette must have one colour for each of {len(classes)} classes, '
            f'got {len(colors)}'
        )
    return [list(parse_color(color)) for color in colors]
