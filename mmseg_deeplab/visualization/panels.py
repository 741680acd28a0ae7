"""Pictures of images, labels and predictions, as arrays: no framework, no window, no files.

All colours are RGB, all pictures uint8. Legend: ``H, W`` pixels, ``K`` classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Palette = Sequence[Sequence[int]]

_PAPER = (255, 255, 255)
_INK = (30, 30, 30)
_EDGE = (120, 120, 120)
_GAP = 8  # pixels between the parts of a panel
_STRIP = 26  # height of a line of text
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.5
_STRETCH = (2, 98)  # percentiles shown as black and white where the data is not 8-bit
_SAMPLE = 512  # rows and columns looked at for the stretch


def to_display(image: np.ndarray, *, bgr: bool = True) -> np.ndarray:
    """Any image as something to look at.

    Args:
        image: (H, W), or (H, W, C) of any type and number of bands. Of more than three bands
            the first three are shown; one or two bands are shown as grey.
        bgr: Whether three bands are in BGR order, as OpenCV and the loaders have them.

    Returns:
        (H, W, 3) uint8, RGB. Data of other types than uint8 is stretched, each band from its
        2nd to its 98th percentile; but three bands that a loader turned from uint8 to float
        are shown as they were.
    """
    if image.ndim == 2:
        image = image[:, :, None]
    bands = image[:, :, :3] if image.shape[2] >= 3 else image[:, :, :1].repeat(3, axis=2)
    if image.shape[2] == 3 and _was_uint8(bands):
        bands = bands.astype(np.uint8)
    if bands.dtype != np.uint8:
        bands = np.stack([_stretch(bands[:, :, band]) for band in range(3)], axis=2)
    if bgr and image.shape[2] == 3:
        bands = bands[:, :, ::-1]
    return np.ascontiguousarray(bands)


def ignored_colour(palette: Palette) -> tuple[int, int, int]:
    """Black, or grey where black is the colour of a class."""
    return (128, 128, 128) if any(not any(colour) for colour in palette) else (0, 0, 0)


def colorize(ids: np.ndarray, palette: Palette) -> np.ndarray:
    """Class ids in the colours of their classes; others as :func:`ignored_colour` says.

    Args:
        ids: (H, W), whole numbers.
        palette: K colours, RGB 0 to 255.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    colours = np.array([*palette, ignored_colour(palette)], dtype=np.uint8)
    known = (ids >= 0) & (ids < len(palette))
    return colours[np.where(known, ids, len(palette))]


def overlay(
    image: np.ndarray, ids: np.ndarray, palette: Palette, opacity: float = 0.5
) -> np.ndarray:
    """An image with its classes over it; ignored pixels show the bare image.

    Args:
        image: (H, W, 3) uint8, RGB.
        ids: (H, W), whole numbers.
        palette: K colours, RGB.
        opacity: 0 shows the image only, 1 the colours only.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        ValueError: The sizes differ, or ``opacity`` is outside 0 to 1.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f'opacity must be 0 to 1, got {opacity}')
    if image.shape[:2] != ids.shape:
        raise ValueError(
            f'image and classes must be of one size, got {image.shape[:2]} and {ids.shape}'
        )
    image = np.ascontiguousarray(image)
    mixed = cv2.addWeighted(image, 1 - opacity, colorize(ids, palette), opacity, 0)
    known = (ids >= 0) & (ids < len(palette))
    return np.where(known[:, :, None], mixed, image)


def name_regions(
    picture: np.ndarray, ids: np.ndarray, class_names: Sequence[str], palette: Palette
) -> np.ndarray:
    """Write the name of each class on its largest region.

    Args:
        picture: (H, W, 3) uint8, RGB.
        ids: (H, W), whole numbers.
        class_names: K names.
        palette: K colours, RGB; the background of the names.

    Returns:
        A new picture of the same size.
    """
    picture = np.ascontiguousarray(picture).copy()
    for index in np.unique(ids):
        if 0 <= index < len(class_names):
            centre = _inside_largest_region(ids == index)
            _write_label(picture, class_names[index], centre, palette[index])
    return picture


def legend(class_names: Sequence[str], palette: Palette, width: int) -> np.ndarray:
    """Colours and names of classes, in as many lines as the width needs.

    Args:
        class_names: K names.
        palette: K colours, RGB.
        width: Pixels, at least as wide as the longest entry to be readable.

    Returns:
        (lines * 26, width, 3) uint8, RGB, on white.
    """
    entries = [(name, colour, 30 + text_width(name) + 2 * _GAP)
               for name, colour in zip(class_names, palette, strict=True)]  # fmt: skip
    rows: list[list] = [[]]
    used = 0
    for entry in entries:
        if rows[-1] and used + entry[2] > width:
            rows.append([])
            used = 0
        rows[-1].append(entry)
        used += entry[2]
    picture = _paper(_STRIP * len(rows), width)
    for line, row in enumerate(rows):
        left = 0
        for name, colour, advance in row:
            _draw_entry(picture, name, colour, left, line * _STRIP)
            left += advance
    return picture


def panel(
    pictures: Sequence[tuple[str, np.ndarray]],
    class_names: Sequence[str] = (),
    palette: Palette = (),
    *,
    side: tuple[int, int] = (256, 768),
) -> np.ndarray:
    """Pictures side by side, each under its title, with a legend below.

    Args:
        pictures: Title and (H, W, 3) uint8 RGB of each; all of one size.
        class_names: Names for the legend; none leaves it out.
        palette: Their colours, RGB.
        side: The longer side of each picture is brought between these pixels: small ones
            are enlarged without smoothing, large ones are reduced.

    Returns:
        (height, width, 3) uint8, RGB, on white.

    Raises:
        ValueError: No picture, or pictures of different sizes.
    """
    sizes = {picture.shape[:2] for _, picture in pictures}
    if len(sizes) != 1:
        raise ValueError(f'a panel needs pictures of one size, got {sorted(sizes)}')
    scaled = [(title, _fit(picture, side)) for title, picture in pictures]
    height, width = scaled[0][1].shape[:2]
    total = len(scaled) * width + (len(scaled) + 1) * _GAP
    key = legend(class_names, palette, total - 2 * _GAP) if len(class_names) else None
    bottom = _GAP if key is None else key.shape[0] + 2 * _GAP
    page = _paper(_STRIP + height + bottom, total)
    for index, (title, picture) in enumerate(scaled):
        left = _GAP + index * (width + _GAP)
        _text(page, title, (left, _STRIP - _GAP))
        page[_STRIP : _STRIP + height, left : left + width] = picture
        # white classes need an edge against the paper
        corners = (left - 1, _STRIP - 1), (left + width, _STRIP + height)
        cv2.rectangle(page, *corners, _EDGE, 1)
    if key is not None:
        top = _STRIP + height + _GAP
        page[top : top + key.shape[0], _GAP : _GAP + key.shape[1]] = key
    return page


def text_width(text: str) -> int:
    """Width of a line of text in pixels, as it is drawn here."""
    return cv2.getTextSize(_ascii(text), _FONT, _FONT_SCALE, 1)[0][0]


def _was_uint8(bands: np.ndarray) -> bool:
    if bands.dtype.kind != 'f' or not bands.size:
        return False
    in_range = bands.min() >= 0 and bands.max() <= 255  # false for nan
    return bool(in_range and (bands == np.rint(bands)).all())


def _stretch(band: np.ndarray) -> np.ndarray:
    steps = [max(1, length // _SAMPLE) for length in band.shape]
    sample = band[:: steps[0], :: steps[1]].astype(np.float32)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return np.zeros(band.shape, dtype=np.uint8)
    low, high = np.percentile(sample, _STRETCH)
    scaled = (band.astype(np.float32) - low) * (255 / max(high - low, 1e-6))
    return np.nan_to_num(scaled, nan=0.0).clip(0, 255).astype(np.uint8)


def _fit(picture: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    height, width = picture.shape[:2]
    longer = max(height, width)
    wanted = min(max(longer, side[0]), side[1])
    size = (max(1, round(width * wanted / longer)), max(1, round(height * wanted / longer)))
    how = cv2.INTER_AREA if wanted < longer else cv2.INTER_NEAREST
    return cv2.resize(np.ascontiguousarray(picture), size, interpolation=how)


def _inside_largest_region(mask: np.ndarray) -> tuple[int, int]:
    """The point (x, y) of the mask's largest region that is farthest from its border."""
    _, regions, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    # a margin of zeros, so that the picture's edge counts as a border too
    region = np.pad((regions == largest).astype(np.uint8), 1)
    depth = cv2.distanceTransform(region, cv2.DIST_L2, 3)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x) - 1, int(y) - 1


def _write_label(
    picture: np.ndarray, text: str, centre: tuple[int, int], colour: Sequence[int]
) -> None:
    width, height = text_width(text), 12
    left = min(max(centre[0] - width // 2, 2), max(picture.shape[1] - width - 2, 2))
    base = min(max(centre[1] + height // 2, height + 2), picture.shape[0] - 3)
    box = (left - 3, base - height - 1), (left + width + 3, base + 4)
    cv2.rectangle(picture, *box, [int(value) for value in colour], cv2.FILLED)
    dark = np.dot(colour, (0.299, 0.587, 0.114)) < 128  # luma of BT.601
    _text(picture, text, (left, base), _PAPER if dark else _INK)


def _draw_entry(picture: np.ndarray, name: str, colour: Sequence[int], left: int, top: int) -> None:
    corners = (left, top + 5), (left + 22, top + _STRIP - 5)
    cv2.rectangle(picture, *corners, [int(value) for value in colour], cv2.FILLED)
    cv2.rectangle(picture, *corners, _EDGE, 1)
    _text(picture, name, (left + 30, top + _STRIP - 8))


def _text(
    picture: np.ndarray, text: str, origin: tuple[int, int], colour: Sequence[int] = _INK
) -> None:
    cv2.putText(picture, _ascii(text), origin, _FONT, _FONT_SCALE, colour, 1, cv2.LINE_AA)


def _ascii(text: str) -> str:
    """OpenCV's font has no other letters."""
    return text.encode('ascii', 'replace').decode('ascii')


def _paper(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), _PAPER, dtype=np.uint8)
