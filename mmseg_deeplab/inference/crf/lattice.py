"""Gaussian filtering of scattered values in a few dimensions: the permutohedral lattice.

Adams, Baek, Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice", 2010.
A point of d dimensions lies in a simplex of d + 1 lattice points. Its values are spread over
these (splat), each lattice point exchanges values with its two neighbours along d + 1 directions
(blur, weights 1/4, 1/2, 1/4), and the point collects its share again (slice).

Legend: ``N`` points, ``d`` dimensions, ``K`` channels, ``M`` lattice points that any point
touches. Lattice points are of d + 1 kinds, by the remainder of their coordinates modulo d + 1;
every simplex has one of each kind, so each kind is looked up on its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# Results of this size and above come from fresh pages of the system each time, which costs more
# than the arithmetic (malloc's largest threshold for that is 32 MiB).
_PART_BYTES = 30 << 20
_VECTOR = 8  # float32 numbers in a register of AVX2


class _Sparse(NamedTuple):
    """A sparse matrix by rows: of row r the entries ``starts[r] .. starts[r + 1]``."""

    columns: Tensor  # (entries,) int32
    starts: Tensor  # (rows + 1,) int32
    weights: Tensor  # (entries,) float32

    def __matmul__(self, dense: Tensor) -> Tensor:
        return F.embedding_bag(
            self.columns,
            dense,
            self.starts,
            mode='sum',
            per_sample_weights=self.weights,
            include_last_offset=True,
        )


class PermutohedralLattice:
    """Approximate sums over all points, weighted by exp(-distance² / 2), up to one factor.

    Building costs O(N d²) and d + 1 sorts of N keys; filtering O((N + M) d K). M is between
    d + 1 and N (d + 1): for colour photos and d = 5 between one and two times N.

    Args:
        features: (d, N) float, coordinates in units of the Gaussian's standard deviation.

    Attributes:
        size: M.
    """

    def __init__(self, features: np.ndarray) -> None:
        corners = _Corners(features)
        self.size = len(corners.number)
        self._splat = corners.splat()
        self._blur = corners.blur()
        self._slice = corners.slice()

    def scale(self, factors: Tensor) -> None:
        """From now on multiply each point's values by its factor, before and after filtering.

        Args:
            factors: (N,) float32.
        """
        self._splat.weights.mul_(factors[self._splat.columns])
        self._slice.weights.view(len(factors), -1).mul_(factors[:, None])

    def filter(self, values: Tensor) -> Tensor:
        """The weighted sums.

        Args:
            values: (N, K) float32.

        Returns:
            (N, K) float32, new.
        """
        fitting = _PART_BYTES // (4 * max(self.size, len(values)))
        width = max(_VECTOR, fitting // _VECTOR * _VECTOR)
        sums = torch.empty_like(values)
        for some, into in zip(values.split(width, dim=1), sums.split(width, dim=1), strict=True):
            given = some.shape[1]
            padded = some.new_zeros(len(some), given + -given % _VECTOR)
            padded[:, :given] = some
            at_lattice = self._splat @ padded  # (M, width)
            for direction in self._blur:
                at_lattice = direction @ at_lattice
            into.copy_((self._slice @ at_lattice)[:, :given])
        return sums


class _Corners:
    """The corners of each point's simplex: which lattice points, and with what weights.

    A lattice point of kind r has the coordinates (d + 1) v + r with a whole vector v; its key is
    the first d numbers of v packed into one.
    """

    def __init__(self, features: np.ndarray) -> None:
        self.dims, self.points = features.shape
        elevated = _elevate(np.asarray(features, dtype=np.float32))
        cell, rank = _enclosing_simplex(elevated)
        self.weights = _barycentric(elevated, cell, rank)  # (d + 1, N)
        self._steps = _packing(cell[:-1])
        self._find(cell, rank)
        self.number = self._numbers()

    def _find(self, cell: np.ndarray, rank: np.ndarray) -> None:
        """The lattice points of each kind, in the order of their keys."""
        axis_by_rank = np.empty((self.dims + 1, self.points), dtype=np.int64)
        steps = np.append(self._steps, 0)
        np.put_along_axis(axis_by_rank, rank, np.broadcast_to(steps[:, None], rank.shape), axis=0)
        packed = np.tensordot(self._steps, cell[:-1], axes=1)  # (N,), keys of kind 0
        self.keys: list[np.ndarray] = []  # of each kind, rising
        self.ids: list[np.ndarray] = []  # (N,) which of these a point has
        self.orders: list[np.ndarray] = []  # (N,) points, those of one lattice point together
        self.counts: list[np.ndarray] = []  # of points at each lattice point
        for kind in range(self.dims + 1):
            if kind:
                packed = packed - axis_by_rank[self.dims + 1 - kind]
            order = np.argsort(packed)
            ordered = packed[order]
            first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
            ids = np.empty(self.points, dtype=np.int32)
            ids[order] = np.cumsum(first, dtype=np.int32) - 1
            self.keys.append(ordered[first])
            self.ids.append(ids)
            self.orders.append(order)
            self.counts.append(np.diff(np.flatnonzero(np.append(first, True))))
        self._first = np.cumsum([0, *map(len, self.keys)])  # place of each kind's first one

    def _numbers(self) -> np.ndarray:
        """(M,) the final number of each lattice point, by kind and key.

        They are numbered as the image's rows first touch them, so that memory that is used
        together lies together; filtering is twice as fast as in the order of the keys.
        """
        touched = [
            np.minimum.reduceat(order, np.cumsum(counts) - counts)
            for order, counts in zip(self.orders, self.counts, strict=True)
        ]
        numbers = np.empty(self._first[-1], dtype=np.int32)
        numbers[np.argsort(np.concatenate(touched))] = np.arange(len(numbers), dtype=np.int32)
        return numbers

    def splat(self) -> _Sparse:
        """(M, N): from points to lattice points."""
        ordered = [row[order] for row, order in zip(self.weights, self.orders, strict=True)]
        counts = np.concatenate(self.counts)
        starts = np.cumsum(counts) - counts
        by_number = np.empty(len(counts), dtype=np.int64)
        by_number[self.number] = np.arange(len(counts))
        counts, starts = counts[by_number], starts[by_number]
        shift = starts - (np.cumsum(counts) - counts)
        entries = np.arange(counts.sum()) + np.repeat(shift, counts)
        columns, weights = np.concatenate(self.orders), np.concatenate(ordered)
        return _sparse(columns[entries], counts, weights[entries])

    def slice(self) -> _Sparse:
        """(N, M): from lattice points to points."""
        numbers = np.empty((self.points, self.dims + 1), dtype=np.int32)
        for kind, ids in enumerate(self.ids):
            numbers[:, kind] = self.number[self._first[kind] + ids]
        return _sparse(numbers.ravel(), np.full(self.points, self.dims + 1), self.weights.T.ravel())

    def blur(self) -> list[_Sparse]:
        """One (M, M) for each of the d + 1 directions."""
        return [self._blur_along(axis) for axis in range(self.dims + 1)]

    def _blur_along(self, axis: int) -> _Sparse:
        size = len(self.number)
        above, below = np.full((2, size), -1, dtype=np.int32)
        own_step = self._steps[axis] if axis < self.dims else 0
        for kind, keys in enumerate(self.keys):
            after = (kind + 1) % (self.dims + 1)
            # the neighbour above has coordinates + 1, but - d along the axis
            wanted = keys - own_step + (self._steps.sum() if after == 0 else 0)
            found = np.searchsorted(self.keys[after], wanted)
            found[found == len(self.keys[after])] = 0
            here = np.flatnonzero(self.keys[after][found] == wanted)
            upper = self.number[self._first[after] + found[here]]
            lower = self.number[self._first[kind] + here]
            above[lower], below[upper] = upper, lower
        has_below, has_above = below >= 0, above >= 0
        counts = 1 + has_below.astype(np.int32) + has_above
        first = np.cumsum(counts) - counts
        itself = first + has_below
        columns = np.empty(counts.sum(), dtype=np.int32)
        columns[itself] = np.arange(size, dtype=np.int32)
        columns[first[has_below]] = below[has_below]
        columns[itself[has_above] + 1] = above[has_above]
        weights = np.full(len(columns), 0.25, dtype=np.float32)
        weights[itself] = 0.5
        return _sparse(columns, counts, weights)


def _elevate(features: np.ndarray) -> np.ndarray:
    """Points of d dimensions in the plane of d + 1 dimensions whose coordinates sum to 0.

    The lattice is scaled so that splat, blur and slice together have unit variance.

    Shape:
        - features: (d, N)
        - returned: (d + 1, N) float32
    """
    dims = len(features)
    axes = np.arange(1, dims + 1)
    factors = (np.sqrt(2 / 3) * (dims + 1) / np.sqrt(axes * (axes + 1))).astype(np.float32)
    scaled = features * factors[:, None]
    elevated = np.zeros((dims + 1, features.shape[1]), dtype=np.float32)
    below = np.zeros(features.shape[1], dtype=np.float32)  # sum of the coordinates beyond an axis
    for axis in range(dims, 0, -1):
        np.multiply(scaled[axis - 1], -axis, out=elevated[axis])
        elevated[axis] += below
        below += scaled[axis - 1]
    elevated[0] = below
    return elevated


def _enclosing_simplex(elevated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lattice point of kind 0 of each point's simplex, and the order of its corners.

    Returns:
        ``cell`` (d + 1, N) int32: its coordinates divided by d + 1; ``rank`` (d + 1, N) int64:
        the place of each coordinate among the point's distances to it, 0 the largest.
    """
    sides = len(elevated)
    cell = np.rint(elevated / sides).astype(np.int32)
    excess = cell.sum(axis=0)  # of the nearest such point over the plane
    offset = elevated - cell * sides
    rank = np.zeros(elevated.shape, dtype=np.int32)
    for axis in range(sides - 1):
        for other in range(axis + 1, sides):
            smaller = offset[axis] < offset[other]
            rank[axis] += smaller
            rank[other] += ~smaller
    rank += excess
    turn = (rank < 0).astype(np.int32)
    turn -= rank >= sides
    rank += turn * sides
    cell += turn
    return cell, rank.astype(np.int64)


def _barycentric(elevated: np.ndarray, cell: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Weights (d + 1, N) float32 of the corners of kind 0, 1, ...; each point's sum to 1."""
    sides = len(elevated)
    falling = np.empty_like(elevated)
    np.put_along_axis(falling, rank, elevated / sides - cell, axis=0)
    weights = np.empty_like(elevated)
    weights[0] = 1 + falling[-1] - falling[0]
    for kind in range(1, sides):
        np.subtract(falling[sides - kind - 1], falling[sides - kind], out=weights[kind])
    return weights


def _packing(cell: np.ndarray) -> np.ndarray:
    """Steps (d,) int64 that make one number of coordinates (d, N), neighbours included."""
    # neighbours lie at most 2 further on either side
    spans = (cell.max(axis=1) - cell.min(axis=1)).astype(np.int64) + 5
    return np.append(np.cumprod(spans[:0:-1])[::-1], 1).astype(np.int64)


def _sparse(columns: np.ndarray, counts: np.ndarray, weights: np.ndarray) -> _Sparse:
    starts = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=starts[1:])
    return _Sparse(
        torch.from_numpy(columns.astype(np.int32, copy=False)),
        torch.from_numpy(starts),
        torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32)),
    )
