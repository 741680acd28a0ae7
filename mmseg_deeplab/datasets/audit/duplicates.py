"""The same picture in two splits, exactly or nearly: such a val score promises too much."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmseg_deeplab.datasets.audit.findings import Finding

THUMB = 32  # side of the thumbnail that nearness is judged by
NEAR = 0.985  # correlation of two thumbnails from which pictures count as nearly identical
_FLAT = 0.02  # spread of a thumbnail relative to its mean, below which there is nothing to compare
_BLOCK = 1024  # rows of the comparison held in memory at a time


class Fingerprint(NamedTuple):
    """What is kept of an image to find it again.

    Attributes:
        path: Of the image.
        digest: Hash of the decoded pixels and the shape, so that re-compressing without loss
            or renaming does not hide a copy.
        thumb: (1024,) float32, a grey 32x32 thumbnail with mean 0 and norm 1, which JPEG,
            resizing, and changes of brightness and contrast leave nearly as it is; None where
            the image is too even to be told from others.
    """

    path: str
    digest: bytes
    thumb: np.ndarray | None


def fingerprint(path: str, image: np.ndarray) -> Fingerprint:
    """Take the fingerprint of an image.

    Args:
        path: Kept as a name.
        image: (H, W) or (H, W, C), any type.
    """
    hashed = hashlib.blake2b(repr((image.shape, image.dtype.str)).encode(), digest_size=16)
    hashed.update(np.ascontiguousarray(image).data)
    grey = image.reshape(*image.shape[:2], -1).mean(axis=2, dtype=np.float32)
    small = _shrink(_shrink(grey).T).ravel()
    centred = small - small.mean()
    norm = float(np.linalg.norm(centred))
    spread = norm / THUMB  # the standard deviation
    even = not np.isfinite(norm) or spread <= _FLAT * max(abs(float(small.mean())), 1e-6)
    return Fingerprint(path, hashed.digest(), None if even else centred / norm)


def compare_splits(
    first: Sequence[Fingerprint], second: Sequence[Fingerprint], names: tuple[str, str]
) -> list[Finding]:
    """Look for pictures that are in both of two splits.

    Args:
        first: Of the one split.
        second: Of the other.
        names: What the splits are called.

    Returns:
        A finding for each image of the second split that is in the first as well.
    """
    split = ' and '.join(names)
    by_digest = {print_.digest: print_.path for print_ in first}
    findings, rest = [], []
    for print_ in second:
        twin = by_digest.get(print_.digest)
        if twin is None:
            rest.append(print_)
            continue
        message = f'{print_.path} ({names[1]}) holds the same pixels as {twin} ({names[0]})'
        findings.append(Finding('identical', split, message, (twin, print_.path)))
    for print_, twin, likeness in _nearest(first, rest):
        message = (
            f'{print_.path} ({names[1]}) looks like {twin} ({names[0]}), correlation {likeness:.3f}'
        )
        findings.append(Finding('near-identical', split, message, (twin, print_.path)))
    return findings


def _nearest(
    first: Sequence[Fingerprint], second: Sequence[Fingerprint]
) -> Iterator[tuple[Fingerprint, str, float]]:
    known = [print_ for print_ in first if print_.thumb is not None]
    asked = [print_ for print_ in second if print_.thumb is not None]
    if not known:
        return
    thumbs = np.stack([print_.thumb for print_ in known])
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        likeness = np.stack([print_.thumb for print_ in block]) @ thumbs.T
        best = likeness.argmax(axis=1)
        for row, (print_, column) in enumerate(zip(block, best, strict=True)):
            if likeness[row, column] >= NEAR:
                yield print_, known[column].path, float(likeness[row, column])


def _shrink(array: np.ndarray) -> np.ndarray:
    """Average the rows of an array into 32; fewer rows are repeated.

    NumPy alone, because OpenCV's threads would not survive the forking of loader workers.
    """
    if len(array) < THUMB:
        array = array.repeat(-(-THUMB // len(array)), axis=0)
    edges = np.linspace(0, len(array), THUMB + 1).astype(int)
    return np.add.reduceat(array, edges[:-1], axis=0) / np.diff(edges)[:, None]
