"""The tiles of a convolution by Winograd's filtering, and the sums that go into and out of them.

What is computed with them is in ``winograd.py``, whose legend of shapes holds here too: N batch,
C channels in, O channels out, H, W map, m results along a tile's side, a = m + 2 inputs along it,
d dilation, P tiles of all images and grids.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

Rows = tuple[tuple[float, ...], ...]

# m: (B^T of the inputs, a x a; G of the weights, a x 3; A^T of the results, m x a)
MATRICES: dict[int, tuple[Rows, Rows, Rows]] = {
    2: (
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        ((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    4: (
        (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    ),
}
TILES = tuple(MATRICES)
# Of the tiles, of the weights and of their products that are in memory at a time. With 8 MiB a
# forward pass takes a tenth to a quarter longer; 64 MiB are no faster than 32.
SCRATCH_BYTES = 32 << 20


class Grid(NamedTuple):
    """Tiles of a map: ``rows`` x ``columns`` in each of the d x d grids of each image."""

    images: int
    height: int
    width: int
    rows: int
    columns: int
    tile: int
    dilation: int

    @property
    def side(self) -> int:
        """a."""
        return self.tile + 2

    @property
    def step(self) -> int:
        """Pixels from one tile of a grid to the next."""
        return self.tile * self.dilation


class Part(NamedTuple):
    """Some images' tile rows ``first`` to ``first + count``, computed together."""

    images: slice
    first: int
    count: int


def pieces(grid: Grid, outside: int, inside: int, itemsize: int) -> tuple[list[Part], list[slice]]:
    """Parts of the tiles, and blocks of the channels in, that fit into the scratch memory.

    A part's tiles with all channels out fit, if a row of tiles does; a block's channels in fit
    with those tiles and with the channels out, if one channel does.
    """
    number = grid.side**2 * itemsize  # bytes of a tile's or a kernel's numbers in one channel
    row = grid.dilation**2 * grid.columns
    rows = _even(grid.rows, SCRATCH_BYTES // (number * row * outside))
    images = _even(grid.images, SCRATCH_BYTES // (number * row * grid.rows * outside))
    parts = [Part(image, r.start, r.stop - r.start) for image in images for r in rows]
    tiles = images[0].stop * rows[0].stop * row
    return parts, _even(inside, SCRATCH_BYTES // (number * max(outside, tiles)))


def _even(length: int, most: int) -> list[slice]:
    """As few slices of nearly one length as there must be, none above ``most`` (at least 1)."""
    count = -(-length // max(1, most))
    size = -(-length // count)
    return [slice(i, min(i + size, length)) for i in range(0, length, size)]


def grid_of(images: int, height: int, width: int, dilation: int, tile: int) -> Grid:
    """The tiles that cover so many maps of this size."""
    step = tile * dilation
    return Grid(images, height, width, -(-height // step), -(-width // step), tile, dilation)


def _pixels(maps: Tensor, grid: Grid, part: Part, border: int) -> Tensor:
    """The pixels of a part's tiles with zeros around the map: (images, rows, columns, C).

    Args:
        maps: (N, C, H, W).
        grid: Of all tiles.
        part: Of them.
        border: Pixels on each side.
    """
    maps = maps[part.images]
    top = part.first * grid.step - border
    height = part.count * grid.step + 2 * border
    width = grid.columns * grid.step + 2 * border
    pixels = maps.new_zeros(len(maps), height, width, maps.shape[1])
    begin, end = max(top, 0), min(top + height, grid.height)
    pixels[:, begin - top : end - top, border : border + grid.width] = maps[
        :, :, begin:end
    ].permute(0, 2, 3, 1)
    return pixels


def input_tiles(maps: Tensor, grid: Grid, part: Part) -> Tensor:
    """B^T (tile of inputs) B of a part's tiles: (N, C, H, W) -> (a * a, P, C)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, maps.shape[1]
    rows, columns = part.count, grid.columns
    pixels = _pixels(maps, grid, part, border=d)
    images = len(pixels)
    pixels = pixels.view(images, tile * rows + 2, d, tile * columns + 2, d, channels)
    matrix = MATRICES[tile][0]
    across = maps.new_empty(side, images, rows, d, tile * columns + 2, d, channels)
    parts = [pixels[:, k : k + tile * (rows - 1) + 1 : tile] for k in range(side)]
    _combine(matrix, parts, across)
    del pixels, parts
    tiles = maps.new_empty(side, side, images, rows, d, columns, d, channels)
    parts = [across[:, :, :, :, k : k + tile * (columns - 1) + 1 : tile] for k in range(side)]
    _combine(matrix, parts, tiles.transpose(0, 1))
    return tiles.view(side**2, -1, channels)


def result_pixels(products: Tensor, grid: Grid, part: Part) -> Tensor:
    """A^T (products of a tile) A of a part's tiles: (a * a, P, O) -> (images, rows, columns, O)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, products.shape[2]
    products = products.view(side, side, -1, part.count, d, grid.columns, d, channels)
    images = products.shape[2]
    matrix = MATRICES[tile][2]
    across = products.new_empty(side, images, part.count, d, grid.columns, tile, d, channels)
    _combine(matrix, products.unbind(1), across.unbind(5))
    pixels = products.new_empty(images, part.count, tile, d, grid.columns, tile, d, channels)
    _combine(matrix, across, pixels.unbind(2))
    return pixels.view(images, part.count * grid.step, grid.columns * grid.step, channels)


def gradient_tiles(gradient: Tensor, grid: Grid, part: Part) -> Tensor:
    """A (tile of gradients) A^T of a part's tiles: (N, O, H, W) -> (a * a, P, O)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, gradient.shape[1]
    pixels = _pixels(gradient, grid, part, border=0)
    images, rows, columns = len(pixels), part.count, grid.columns
    pixels = pixels.view(images, rows, tile, d, columns, tile, d, channels)
    matrix = tuple(zip(*MATRICES[tile][2], strict=True))
    across = gradient.new_empty(side, images, rows, d, columns, tile, d, channels)
    _combine(matrix, pixels.unbind(2), across)
    del pixels
    tiles = gradient.new_empty(side, side, images, rows, d, columns, d, channels)
    _combine(matrix, across.unbind(5), tiles.transpose(0, 1))
    return tiles.view(side**2, -1, channels)


def of_weights(weight: Tensor, tile: int, turned: bool) -> Tensor:
    """G (3x3 taps) G^T of every pair of channels: (O, C, 3, 3) -> (a * a, O, C)."""
    matrix = kernel_matrix(tile, weight.dtype)
    if turned:  # by half a turn: the last tap first
        matrix = matrix.flip(1)
    return (matrix @ weight.reshape(-1, 9).t()).view(-1, *weight.shape[:2])


@cache
def kernel_matrix(tile: int, dtype: torch.dtype) -> Tensor:
    """G x G (Kronecker), (a * a, 9)."""
    matrix = torch.tensor(MATRICES[tile][1], dtype=torch.float64, device='cpu')
    return torch.kron(matrix, matrix).to(dtype)


def _combine(matrix: Rows, parts: Sequence[Tensor], results: Sequence[Tensor]) -> None:
    """``results[i] = sum over j of matrix[i][j] * parts[j]``, written in place."""
    for row, result in zip(matrix, results, strict=True):
        terms = [(factor, part) for factor, part in zip(row, parts, strict=True) if factor]
        terms.sort(key=lambda term: term[0] != 1)  # with a factor of 1 first a pass is saved
        (factor, part), *more = terms
        if factor == 1 and more:
            second, other = more.pop(0)
            torch.add(part, other, alpha=second, out=result)
        else:
            torch.mul(part, factor, out=result)
        for factor, part in more:
            result.add_(part, alpha=factor)
