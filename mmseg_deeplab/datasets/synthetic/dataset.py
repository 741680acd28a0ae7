"""A whole data set of drawn scenes on disk, in LoveDA's layout."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from mmseg_deeplab.datasets.synthetic.scene import draw_scene
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import write_id_map, write_image, write_text

STAMP = 'scenes.json'  # written last into a finished set: what it was drawn from
_SPLITS = ('train', 'val')


def write_loveda_scenes(
    root: str | PathLike,
    n_train: int,
    n_val: int,
    size: int = 160,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> bool:
    """Draw scenes into ``img_dir/{train,val}`` and ``ann_dir/{train,val}`` below a folder.

    The folder appears when the last scene is drawn; until then the files lie in a folder beside
    it, ``NAME.partial``, where a later call finds them and goes on. A finished set that was
    drawn from the same arguments by the same code is left as it is, one drawn from others is
    replaced.

    Args:
        root: Folder of the data set, to be a ``data_root``.
        n_train: Number of training scenes.
        n_val: Number of validation scenes; no scene is in both.
        size: Height and width of the scenes in pixels.
        seed: Another seed gives other scenes.
        on_progress: Called with the number of scenes drawn and their total.

    Returns:
        Whether anything was drawn.

    Raises:
        DataError: The folder holds something that was not drawn by this function, or a file
            cannot be written.
    """
    root = Path(root)
    stamp = _stamp(n_train, n_val, size, seed)
    if _is_finished(root, stamp):
        return False
    if root.exists() and not (root / STAMP).is_file():
        raise DataError(
            f'{root}: holds no scenes drawn by this program; move it away or name another folder'
        )
    partial = root.with_name(f'{root.name}.partial')
    if not _is_finished(partial, stamp):
        shutil.rmtree(partial, ignore_errors=True)
        write_text(partial / STAMP, stamp)
    total = n_train + n_val
    for number in range(total):
        split, index = (0, number) if number < n_train else (1, number - n_train)
        _draw_one(partial, number, split, [seed, split, index], size)
        if on_progress is not None:
            on_progress(number + 1, total)
    shutil.rmtree(root, ignore_errors=True)
    partial.rename(root)
    return True


def _draw_one(folder: Path, number: int, split: int, seed: list[int], size: int) -> None:
    name = f'{_SPLITS[split]}/{number}.png'
    image_path, label_path = folder / 'img_dir' / name, folder / 'ann_dir' / name
    if image_path.is_file() and label_path.is_file():  # each was written whole or not at all
        return
    image, label = draw_scene(seed, size)
    write_image(image_path, image)
    write_id_map(label_path, label)


def _is_finished(folder: Path, stamp: str) -> bool:
    path = folder / STAMP
    return path.is_file() and path.read_text(encoding='utf-8') == stamp


def _stamp(n_train: int, n_val: int, size: int, seed: int) -> str:
    """What decides the pixels: the arguments, and the code that draws."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob('*.py')):
        code.update(path.read_bytes())
    facts = dict(n_train=n_train, n_val=n_val, size=size, seed=seed, code=code.hexdigest()[:16])
    return json.dumps(facts, indent=2) + '\n'
