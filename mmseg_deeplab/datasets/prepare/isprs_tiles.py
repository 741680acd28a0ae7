"""What Potsdam and Vaihingen share: colours, the grid of crops, a tile with its labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from mmseg_deeplab.datasets.color_table import ColorTable, name_colors
from mmseg_deeplab.datasets.prepare.archives import (
    Member,
    MemberError,
    archives_in,
    by_key,
    where_packed,
)
from mmseg_deeplab.datasets.prepare.decoding import encode_png, picture_size, read_rgb
from mmseg_deeplab.datasets.prepare.grid import Window, check_crop, check_whole, padded, windows
from mmseg_deeplab.datasets.prepare.plan import Job, Output, Plan, Say, check_pairs
from mmseg_deeplab.utils.class_names import class_table
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

MOST_STRAY = 0.01  # share of a tile's pixels in other colours above which the file is refused
_STRAY = 255
_SURE = 87  # a channel up to here means 0, from 255 - 87 on 255; the defective tiles fit twice over


@cache
def color_table() -> ColorTable:
    """ISPRS's colours to stored ids: those of the classes plus one, 0 for the eroded boundary."""
    palette = class_table('isprs')['palette']
    ids = {tuple(color): index for index, color in enumerate(palette, start=1)}
    return ColorTable({(0, 0, 0): 0} | ids)


class Grid(NamedTuple):
    """How tiles are cut.

    Attributes:
        clip_size: Side of a crop in pixels.
        stride_size: From one crop to the next; the last one of a row ends at the edge.
    """

    clip_size: int
    stride_size: int

    @classmethod
    def from_arguments(cls, clip_size: int, stride_size: int | None) -> Grid:
        """The grid of ``--clip_size`` and ``--stride_size``.

        MMSegmentation's converters document a stride of 256 but step by the clip size whatever
        the stride. Its published data and scores come from that grid, so it is the default; a
        stride that is given is used.

        Raises:
            ConfigError: A number is not whole or not positive.
        """
        stride = clip_size if stride_size is None else stride_size
        check_whole(clip_size=clip_size, stride_size=stride)
        check_crop('clip_size', clip_size, 'stride_size', stride)
        return cls(clip_size, stride)

    def windows(self, height: int, width: int) -> list[Window]:
        """The crops of a tile."""
        return windows(height, width, (self.clip_size,) * 2, (self.stride_size,) * 2)


DOCUMENTED_GRID = Grid(512, 512)


class Tile(NamedTuple):
    """One orthophoto with its labels.

    Attributes:
        name: As output files begin.
        split: ``'train'`` or ``'val'``.
        image: The orthophoto.
        labels: Label files, each by the folder where its crops go.
        defective: The published labels have colours that are off; take the nearest.
    """

    name: str
    split: str
    image: Member
    labels: Mapping[str, Member]
    defective: bool = False

    def job(self, grid: Grid) -> Job:
        """Cut the tile."""

        def make(say: Say) -> Iterator[Output]:
            size = picture_size(self.image)
            # all label files are looked at before the first crop is written
            ids = {
                folder: _label_ids(member, size, self.image, self.defective, say)
                for folder, member in self.labels.items()
            }
            for folder in list(ids):
                yield from self._crops(folder, ids.pop(folder), grid)
            yield from self._crops('img_dir', read_rgb(self.image), grid)

        def count() -> dict[str, int]:
            number = len(grid.windows(*picture_size(self.image)))
            return {f'{folder}/{self.split}': number for folder in ('img_dir', *self.labels)}

        return Job(self.name, (self.image, *self.labels.values()), make, count)

    def _crops(self, folder: str, array: np.ndarray, grid: Grid) -> Iterator[Output]:
        array = padded(array, (grid.clip_size,) * 2, 0)
        for window in grid.windows(*array.shape[:2]):
            y0, y1, x0, x1 = window
            path = f'{folder}/{self.split}/{self.name}_{x0}_{y0}_{x1}_{y1}.png'
            yield Output(path, encode_png(window.cut(array)))


class TileSet(NamedTuple):
    """What is known of one data set.

    Attributes:
        name: Of the converter.
        splits: Tiles of ``'train'`` and ``'val'``.
        documented: Crops of each split in MMSegmentation's documentation.
        image_archive: File name of the archive of the images.
        label_archive: File name of the archive of the labels without boundaries.
        place: Of a file and its archive's name the kind (``'image'``, ``'eroded'``, ``'full'``)
            and the tile; None passes it over. What the user should know goes to the function.
        defective: Tiles whose label colours are known to be off.
    """

    name: str
    splits: Mapping[str, Collection[str]]
    documented: Mapping[str, int]
    image_archive: str
    label_archive: str
    place: Callable[[Member, str, Say], tuple[str, str] | None]
    defective: Collection[str] = ()


def plan_tiles(
    known: TileSet,
    dataset_path: str | Path,
    out_dir: str | Path | None,
    clip_size: int,
    stride_size: int | None,
) -> Plan:
    """Plan the conversion of one data set; the arguments after ``known`` are those of ``plan``.

    Args:
        known: The data set.
        dataset_path: Folder with its archives.
        out_dir: Where to; ``data/NAME`` if None.
        clip_size: Side of a crop.
        stride_size: From one crop to the next; None steps by ``clip_size``.

    Raises:
        DataError: An archive is missing or damaged, a tile is unknown, or lacks its label.
        ConfigError: A size is not positive.
    """
    grid = Grid.from_arguments(clip_size, stride_size)
    archives = archives_in(Path(dataset_path))
    found: dict[str, list[tuple[str, Member]]] = {'image': [], 'eroded': [], 'full': []}
    notes: list[str] = []
    for archive in archives:
        for member in archive.members():
            place = known.place(member, archive.path.name, notes.append)
            if place is not None:
                kind, tile = place
                found[kind].append((tile, member))
    images = by_key(found['image'])
    labels, more = label_folders(by_key(found['eroded']), by_key(found['full']))
    if not images or not labels:
        what, archive_name = (
            ('labels', known.label_archive) if images else ('images', known.image_archive)
        )
        raise DatasetNotFoundError(
            f'{dataset_path}: no {known.name.title()} {what}; put {archive_name} into this folder, '
            f'not unpacked{where_packed(archive_name, archives)}'
        )
    folders = {f'{kind}/{split}': split for kind in ('img_dir', *labels) for split in known.splits}
    counts = {folder: known.documented[split] for folder, split in folders.items()}
    return Plan(
        name=known.name,
        out_dir=Path(out_dir or f'data/{known.name}'),
        settings=grid._asdict(),
        jobs=[t.job(grid) for t in match_tiles(images, labels, known.splits, known.defective)],
        archives=archives,
        folders=list(folders),
        documented=counts if grid == DOCUMENTED_GRID else {},
        notes=[*more, *dict.fromkeys(notes)],
    )


def label_folders(
    eroded: Mapping[str, Member], full: Mapping[str, Member]
) -> tuple[dict[str, Mapping[str, Member]], list[str]]:
    """Which label files go to which folder.

    Args:
        eroded: Labels without boundaries by tile, those on which scores are published.
        full: Labels with boundaries by tile.

    Returns:
        ``ann_dir`` and, where both sets are there, ``ann_dir_full``; and what to say about it.
    """
    if eroded and full:
        return {'ann_dir': eroded, 'ann_dir_full': full}, [
            'ann_dir holds the labels with eroded boundaries, ann_dir_full those with full ones'
        ]
    if full:
        return {'ann_dir': full}, ['ann_dir holds labels with full boundaries: no noBoundary files']
    return ({'ann_dir': eroded} if eroded else {}), []


def match_tiles(
    images: Mapping[str, Member],
    labels: Mapping[str, Mapping[str, Member]],
    splits: Mapping[str, Collection[str]],
    defective: Collection[str] = (),
) -> list[Tile]:
    """Put images and labels together.

    Args:
        images: By tile.
        labels: By output folder and tile.
        splits: Tiles of ``'train'`` and ``'val'``.
        defective: Tiles whose label colours are known to be off.

    Raises:
        DataError: A tile is in neither split, or lacks its image or a label.
    """
    split_of = {name: split for split, names in splits.items() for name in names}
    for name, member in images.items():
        if name not in split_of:
            raise DataError(
                f'{member}: tile {name} is neither in the train nor in the val list of the data '
                'set; take it out, or rename it if it is one of the known tiles'
            )
    for members in labels.values():
        check_pairs(images, members, 'tiles')
    return [
        Tile(
            name,
            split_of[name],
            images[name],
            {folder: members[name] for folder, members in labels.items()},
            name in defective,
        )
        for name in sorted(images)
    ]


def label_ids(rgb: np.ndarray, defective: bool = False) -> tuple[np.ndarray, dict[str, int]]:
    """Colours of an ISPRS label file to stored ids.

    Args:
        rgb: (H, W, 3) uint8.
        defective: Colours between those of the table become the nearest one.

    Returns:
        (H, W) uint8: 0 black or unknown, 1 to 6 the classes; and the pixel count of each unknown
        colour.
    """
    if defective:
        levels = np.arange(256, dtype=np.uint8)
        levels[: _SURE + 1], levels[255 - _SURE :] = 0, 255
        rgb = cv2.LUT(rgb, levels)
    ids, strays = color_table().look_up_all(rgb)
    if strays:
        ids[ids == _STRAY] = 0
    return ids, strays


def _label_ids(
    member: Member, size: tuple[int, int], image: Member, defective: bool, say: Say
) -> np.ndarray:
    rgb = read_rgb(member, grey=False)
    if rgb.shape[:2] != size:
        raise MemberError(
            f'{member}: {rgb.shape[1]}x{rgb.shape[0]} pixels, but its image {image} has '
            f'{size[1]}x{size[0]}'
        )
    ids, strays = label_ids(rgb, defective)
    unknown = sum(strays.values())
    if unknown > MOST_STRAY * ids.size:
        raise MemberError(
            f"{member}: {unknown / ids.size:.1%} of the pixels are not in ISPRS's colours: "
            f'{name_colors(strays)}; the file is damaged or is no label file'
        )
    if defective:
        off = int(np.count_nonzero((rgb != 0) & (rgb != 255)))
        if off:
            say(f'{member.base}: known to have wrong colours; the nearest ones were taken')
    if strays:
        say(f'{member.base}: {unknown} pixels are ignored, colours {name_colors(strays)}')
    return ids
