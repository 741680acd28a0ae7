"""Masks that hold colours: from RGB to class ids, with no colour overlooked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from mmseg_deeplab.utils.errors import ConfigError, DataError

Color = str | Sequence[int]
IGNORE = 255
_STRAY = 254  # marks colours outside the table; class ids stay below
_KEYS = ('colors', 'ignore', 'stray')
_BLOCK = 1 << 16  # pixels that are looked up in one go


class ColorTable:
    """Which colour of a mask means which class.

    Args:
        ids: Colour, ``'#RRGGBB'`` or ``(red, green, blue)``, to class id 0 to 253 or 255
            (ignored). Several colours may mean one class.
        stray: What to do with a colour outside the table: ``'error'`` or ``'ignore'``.

    Raises:
        ConfigError: A colour, an id or ``stray`` is not as above.
    """

    def __init__(self, ids: Mapping[Color, int], stray: str = 'error') -> None:
        if stray not in ('error', 'ignore'):
            raise ConfigError(f"color_table.stray must be 'error' or 'ignore', got {stray!r}")
        for color, number in ids.items():
            if not (0 <= number < _STRAY or number == IGNORE):
                raise ConfigError(
                    f'color_table: id of {color} must be 0 to 253 or 255 (ignored), got {number}'
                )
        self.stray = stray
        self._ids = tuple(sorted((_code(parse_color(c)), int(n)) for c, n in ids.items()))

    @classmethod
    def from_setting(
        cls, setting: str | Mapping[str, Any], classes: Sequence[str], palette: Sequence[Color]
    ) -> ColorTable:
        """Build a table from a data set's ``color_table`` argument.

        Args:
            setting: ``'palette'``: masks are painted in the palette's colours. Else a dict with
                any of ``colors``: ``'palette'`` (the default) or a dict of colour to class name
                or id; ``ignore``: a list of colours that become 255; ``stray``: ``'error'``
                (the default) or ``'ignore'``, for colours that are not listed.
            classes: Class names in the order of ids.
            palette: Their colours.

        Raises:
            ConfigError: A key, colour or class name is unknown.
        """
        if isinstance(setting, str):
            setting = {'colors': setting}
        unknown = sorted(set(setting) - set(_KEYS))
        if unknown:
            raise ConfigError(
                f'color_table must have no keys but {", ".join(_KEYS)}, got {unknown}; colours '
                'of classes go under colors'
            )
        colors = setting.get('colors', 'palette')
        if colors == 'palette':
            ids = {tuple(parse_color(color)): index for index, color in enumerate(palette)}
        elif isinstance(colors, Mapping):
            ids = {color: _class_id(value, classes) for color, value in colors.items()}
        else:
            raise ConfigError(f"color_table.colors must be 'palette' or a dict, got {colors!r}")
        ids |= {_hashable(color): IGNORE for color in setting.get('ignore', ())}
        return cls(ids, setting.get('stray', 'error'))

    def look_up(self, rgb: np.ndarray, path: str | None = None) -> np.ndarray:
        """Translate a mask.

        Args:
            rgb: (H, W, 3) uint8, in the order red, green, blue.
            path: Named in errors.

        Returns:
            (H, W) uint8 of class ids and 255.

        Raises:
            DataError: The mask is not RGB, or has a colour outside the table.
        """
        ids, strays = self.look_up_all(rgb, path)
        if strays and self.stray == 'error':
            raise DataError(
                f'{path}: colours outside the color_table: {name_colors(strays)}; list them under '
                "color_table.ignore or color_table.colors, or set color_table.stray='ignore'"
            )
        return ids

    def look_up_all(
        self, rgb: np.ndarray, path: str | None = None
    ) -> tuple[np.ndarray, dict[str, int]]:
        """Translate a mask whatever its colours, and say which are not in the table.

        Args:
            rgb: (H, W, 3) uint8, in the order red, green, blue.
            path: Named in errors.

        Returns:
            (H, W) uint8 of class ids, 255 where the colour is not in the table; and the pixel
            count of each such colour, the most frequent first.

        Raises:
            DataError: The mask is not RGB.
        """
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise DataError(
                f'{path}: a mask of colours must be 8-bit RGB, got {rgb.dtype} of {rgb.shape}'
            )
        table = _lookup(self._ids)
        ids = np.empty(rgb.shape[:2], dtype=np.uint8)
        # in blocks that stay in the processor's cache: six times faster than all at once
        rows = max(1, _BLOCK // max(1, rgb.shape[1]))
        for top in range(0, rgb.shape[0], rows):
            block = rgb[top : top + rows]
            np.take(table, _codes(block), out=ids[top : top + rows], mode='clip')
        stray = ids == _STRAY
        if not stray.any():
            return ids, {}
        strays = _count_colors(rgb[stray])
        ids[stray] = IGNORE
        return ids, strays

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ColorTable):
            return NotImplemented
        return (self._ids, self.stray) == (other._ids, other.stray)

    def __hash__(self) -> int:
        return hash((self._ids, self.stray))

    def __repr__(self) -> str:
        shown = ', '.join(f'{_hex(code)}: {number}' for code, number in self._ids)
        return f'ColorTable({{{shown}}}, stray={self.stray!r})'


def parse_color(color: Color) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255.

    Args:
        color: ``'#RRGGBB'`` or three whole numbers.

    Raises:
        ConfigError: It is neither.
    """
    try:
        if isinstance(color, str):
            text = color.removeprefix('#')
            values = tuple(bytes.fromhex(text)) if len(text) == 6 else ()
        else:
            values = tuple(int(value) for value in color)
    except (TypeError, ValueError):
        values = ()
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ConfigError(f"a colour must be '#RRGGBB' or three numbers 0 to 255, got {color!r}")
    return values


def name_colors(counts: Mapping[str, int], most: int = 5) -> str:
    """``#RRGGBB (N pixels), ... and M more``, for messages.

    Args:
        counts: Pixels of each colour, in the order to be named.
        most: How many to name.
    """
    shown = ', '.join(f'{color} ({counts[color]} pixels)' for color in list(counts)[:most])
    return shown + (f' and {len(counts) - most} more' if len(counts) > most else '')


def _hashable(color: Color) -> Color:
    return color if isinstance(color, str) else tuple(color)


def _class_id(value: str | int, classes: Sequence[str]) -> int:
    if isinstance(value, str):
        if value == 'ignore':
            return IGNORE
        if value not in classes:
            raise ConfigError(
                f'color_table: {value!r} is not a class; classes are {", ".join(classes)}, and '
                "'ignore'"
            )
        return list(classes).index(value)
    if value != IGNORE and not 0 <= value < len(classes):
        raise ConfigError(f'color_table: ids must be 0 to {len(classes) - 1} or 255, got {value}')
    return value


def _code(rgb: Sequence[int]) -> int:
    return rgb[0] | rgb[1] << 8 | rgb[2] << 16


def _hex(code: int) -> str:
    return f'#{code & 255:02X}{code >> 8 & 255:02X}{code >> 16 & 255:02X}'


def _codes(rgb: np.ndarray) -> np.ndarray:
    """(H, W) int of 24 bits each, as :func:`_code` gives."""
    if not rgb.size:
        return np.zeros(rgb.shape[:2], dtype=np.uint32)
    four = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2RGBA)
    return four.view('<u4')[:, :, 0] & 0xFFFFFF


@lru_cache(maxsize=4)  # 16 MiB each, once per process
def _lookup(ids: tuple[tuple[int, int], ...]) -> np.ndarray:
    table = np.full(1 << 24, _STRAY, dtype=np.uint8)
    for code, number in ids:
        table[code] = number
    return table


def _count_colors(pixels: np.ndarray) -> dict[str, int]:
    """Pixel count of each colour of (N, 3), the most frequent first."""
    found, counts = np.unique(_codes(pixels[None]), return_counts=True)
    order = np.argsort(-counts, kind='stable')
    return {_hex(int(found[index])): int(counts[index]) for index in order}
