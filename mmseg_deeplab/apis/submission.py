"""A submission to LoveDA's test server: predicted, verified, packed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.apis.prediction import predict, progress_bar
from mmseg_deeplab.apis.run_config import ConfigLike
from mmseg_deeplab.datasets.prepare.loveda import LARGEST_ID, SIZE
from mmseg_deeplab.utils.errors import DataError
from mmseg_deeplab.utils.files import write_bytes

# the whole data set is numbered through: 2522 images to train, 1669 to validate, then the test
LOVEDA_TEST_NAMES = tuple(f'{number}.png' for number in range(4191, 5987))
_LAST_ID = LARGEST_ID - 1  # labels count from 1, the server from 0
_SHOWN = 5


def submit_loveda(
    config: ConfigLike,
    checkpoint: str | PathLike,
    images: str | PathLike,
    out_dir: str | PathLike,
    *,
    aug_test: bool = False,
    device: str | None = None,
    batch_size: int = 1,
    cfg_options: Mapping[str, Any] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Predict LoveDA's test images and pack the result for the server.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping.
        checkpoint: Weights.
        images: Folder of the 1,796 test images.
        out_dir: ``masks/*.png`` and ``Results.zip`` are written there.
        aug_test: Mean over the views of the config's ``tta_pipeline``.
        device: ``'cpu'``, ``'cuda:0'``, ``'mps'``; None takes the best that is there.
        batch_size: Images in one pass.
        cfg_options: Dotted keys and values that replace those of the config.
        on_progress: Called with ``(images done, images in all)``; None draws a bar.

    Returns:
        The path of ``Results.zip``.

    Raises:
        DataError: The images are not those of the test set, before any is predicted; or a
            prediction is not as the server wants it.
    """
    folder = Path(images)
    found = _pngs(folder)
    _refuse(folder, _wrong_names(path.name for path in found), 'are these all test images?')
    predict(
        config,
        checkpoint,
        [str(path) for path in found],
        out_dir,
        aug_test=aug_test,
        device=device,
        batch_size=batch_size,
        kinds=('masks',),
        cfg_options=cfg_options,
        on_progress=on_progress,
    )
    return pack_loveda(Path(out_dir) / 'masks', Path(out_dir) / 'Results.zip')


def pack_loveda(
    masks: str | PathLike,
    target: str | PathLike = 'Results.zip',
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Verify predicted masks of LoveDA's test set and pack them as the server wants them.

    Every file is looked at: 1,796 names, ``4191.png`` to ``5986.png``; 8-bit PNG of one channel,
    1024x1024; values 0 to 6. Nothing is written unless all are right. The archive is flat, and is
    read back.

    Args:
        masks: Folder of the PNGs.
        target: The archive; one that is there is replaced.
        on_progress: Called with ``(masks done, masks in all)``; None draws a bar.

    Returns:
        The path of the archive.

    Raises:
        DataError: Masks are missing, too many or wrong; the message names them.
    """
    folder, target = Path(masks), Path(target)
    paths = _pngs(folder)
    _refuse(folder, _wrong_names(path.name for path in paths), 'predict all test images')
    report = on_progress or progress_bar(len(paths))
    faults: list[str] = []
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as archive:
        for done, path in enumerate(paths, start=1):
            content = _read(path)
            faults += [f'{path.name} {fault}' for fault in _faults(content)]
            # without dates, so that the same masks give the same archive; PNG is compressed
            archive.writestr(zipfile.ZipInfo(path.name), content)
            report(done, len(paths))
    _refuse(folder, _first(faults), 'the server would refuse them or score them wrongly')
    write_bytes(target, packed.getvalue())
    _read_back(target)
    return target


def _pngs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f'{folder}: there is no such folder; check the path')
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == '.png')


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror or error})') from error


def _wrong_names(names: Iterable[str]) -> list[str]:
    """What is missing and what does not belong, in words."""
    there, wanted = set(names), set(LOVEDA_TEST_NAMES)
    found = []
    if missing := sorted(wanted - there):
        found.append(f'{len(missing)} of {len(wanted)} are missing: {_some(missing)}')
    if more := sorted(there - wanted):
        found.append(f'{len(more)} not of the test set: {_some(more)}')
    return found


def _faults(content: bytes) -> list[str]:
    """What is wrong with a mask, in words."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            kind, mode, size = image.format, image.mode, image.size
            ids = np.asarray(image)
    except (OSError, SyntaxError, ValueError):
        return ['is damaged']
    if (kind, mode) != ('PNG', 'L'):
        return [f'is {kind} of mode {mode}, not an 8-bit grey PNG']
    if size != SIZE:
        return [f'is {size[0]}x{size[1]}, not {SIZE[0]}x{SIZE[1]}']
    if ids.max() > _LAST_ID:
        return [f'has values {ids.min()} to {ids.max()}, not 0 to {_LAST_ID}']
    return []


def _first(faults: Sequence[str]) -> list[str]:
    more = len(faults) - _SHOWN
    return [*faults[:_SHOWN], *([f'{more} more faults'] if more > 0 else [])]


def _refuse(folder: Path, faults: Sequence[str], hint: str) -> None:
    if faults:
        raise DataError(f'{folder}: {"; ".join(faults)}; {hint}; no archive was written')


def _read_back(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None or tuple(archive.namelist()) != LOVEDA_TEST_NAMES:
            raise DataError(f'{path}: what was written is not what is read; check the disk')


def _some(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN:
        return ', '.join(names)
    return f'{", ".join(names[: _SHOWN - 1])}, ... {names[-1]}'
