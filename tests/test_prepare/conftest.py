"""Small archives in the layouts of the true ones, and what tests compare."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.make_archives import MAKERS
from mmseg_deeplab.apis.conversion import convert_dataset

# side factor, tiles a split, settings: crops that leave a few windows in each tile
SMALL = {
    'loveda': (1.0, 1, {}),
    'potsdam': (0.02, 12, {'clip_size': 50}),
    'vaihingen': (0.05, 3, {'clip_size': 40}),
    'isaid': (0.05, 3, {'patch_width': 64, 'patch_height': 48, 'overlap_area': 16}),
}


def tree_hash(folder: Path) -> str:
    """Of the names and contents of all files, hidden ones too."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob('*')):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b'\0')
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def names(folder: Path) -> list[str]:
    """All files below, relative."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file())


def stored(path: Path) -> np.ndarray:
    """A file as it is stored; colours as RGB."""
    array = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert array is not None, path
    return array if array.ndim == 2 else array[:, :, ::-1]


@pytest.fixture(scope='session')
def raw(tmp_path_factory) -> Path:
    """Archives of all four sets, each in a folder of its name; not to be changed."""
    root = tmp_path_factory.mktemp('raw')
    for name, (side, tiles, _) in SMALL.items():
        MAKERS[name](root / name, side, tiles)
    return root


@pytest.fixture
def convert(raw, tmp_path):
    """Convert a set's small archives into ``tmp_path / 'out'``."""

    def run(name: str, source: Path | None = None, out: str = 'out', **arguments):
        settings = {**SMALL[name][2], **arguments.pop('settings', {})}
        return convert_dataset(
            name, source or raw / name, out_dir=tmp_path / out, settings=settings, **arguments
        )

    return run
