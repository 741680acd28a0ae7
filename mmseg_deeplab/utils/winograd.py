"""3x3 convolutions with fewer multiplications: Winograd's minimal filtering.

A tile of m x m results needs (m + 2)^2 multiplications for each pair of channels in place of
9 m^2: 2.25 times fewer with m = 2, 4 times fewer with m = 4. The rest is additions, done along
the channels, which is what a CPU without matrix instructions is good at. The products are plain
matrix products, one for each place in the tile. Source: arXiv:1509.09308, section 4.

A dilated convolution is one of neighbours in each of d x d interleaved grids; the tiles are cut
from a view in which those grids are axes of their own, so nothing is rearranged for it.

Legend of shapes: N batch, C channels in, O channels out, H, W map, m results along a tile's side,
a = m + 2 inputs along it, d dilation, P tiles of all images and grids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Rows = tuple[tuple[float, ...], ...]

# m: (B^T of the inputs, a x a; G of the weights, a x 3; A^T of the results, m x a)
_MATRICES: dict[int, tuple[Rows, Rows, Rows]] = {
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
TILES = tuple(_MATRICES)


_SCRATCH_BYTES = 64 << 20  # of the tiles that are in memory at a time


class _Grid(NamedTuple):
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


class _Part(NamedTuple):
    """Some images' tile rows ``first`` to ``first + count``, computed together."""

    images: slice
    first: int
    count: int


def winograd_conv2d(maps: Tensor, weight: Tensor, *, dilation: int = 1, tile: int = 2) -> Tensor:
    """``F.conv2d(maps, weight, padding=dilation, dilation=dilation)``, with fewer products.

    Rounding differs from the plain sum's: with tiles of 2 the error is that of other ways to add
    up, with tiles of 4 several times as large (a few 1e-6 of the result's norm in float32).

    Args:
        maps: (N, C, H, W) float32 or float64.
        weight: (O, C, 3, 3) of the same dtype.
        dilation: Distance of the taps, pixels; also the zeros on each side.
        tile: m, one of ``TILES``.

    Returns:
        (N, O, H, W), in the memory format of ``maps``. It can be differentiated once.

    Raises:
        ValueError: Another tile, or a kernel that is not 3x3.
    """
    if tile not in _MATRICES:
        raise ValueError(f'tile must be one of {TILES}, got {tile!r}')
    if tuple(weight.shape[2:]) != (3, 3) or weight.shape[1] != maps.shape[1]:
        raise ValueError(
            f'weight must be (O, {maps.shape[1]}, 3, 3) for these maps, got {tuple(weight.shape)}'
        )
    return _Convolution.apply(maps, weight, dilation, tile)


def tiles_of(height: int, width: int, *, dilation: int, tile: int) -> tuple[int, float]:
    """How many tiles a map has, and the share of their results that lie in it (0 to 1).

    Args:
        height: H.
        width: W.
        dilation: d.
        tile: m.
    """
    grid = _grid(1, height, width, dilation, tile)
    count = grid.rows * grid.columns * dilation**2
    return count, height * width / (count * tile**2)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps: Tensor, weight: Tensor, dilation: int, tile: int) -> Tensor:
        ctx.save_for_backward(maps, weight)  # tiles are made anew: they are larger than the maps
        ctx.dilation, ctx.tile = dilation, tile
        grid = _grid(len(maps), *maps.shape[2:], dilation, tile)
        return _convolve(maps, _of_weights(weight, tile).transpose(1, 2), grid)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        maps, weight = ctx.saved_tensors
        grid = _grid(len(maps), *maps.shape[2:], ctx.dilation, ctx.tile)
        of_maps = of_weight = None
        if ctx.needs_input_grad[0]:  # a convolution with the taps turned round
            of_maps = _convolve(gradient, _of_weights(weight, ctx.tile, turned=True), grid)
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(maps, gradient, weight, grid)
        return of_maps, of_weight, None, None


def _convolve(maps: Tensor, matrices: Tensor, grid: _Grid) -> Tensor:
    """Results of all tiles: (N, C, H, W) and (a * a, C, O) -> (N, O, H, W)."""
    shape = (grid.rows * grid.step, grid.columns * grid.step, matrices.shape[2])
    whole = maps.new_empty(len(maps), *shape)
    for part in _parts(grid, max(matrices.shape[1:]), maps.element_size()):
        products = torch.bmm(_input_tiles(maps, grid, part), matrices)
        _write_results(products, grid, part, whole)
    found = whole[:, : grid.height, : grid.width].permute(0, 3, 1, 2)
    return _in_format_of(maps, found)


def _weight_gradient(maps: Tensor, gradient: Tensor, weight: Tensor, grid: _Grid) -> Tensor:
    """(O, C, 3, 3), of maps (N, C, H, W) and the gradient (N, O, H, W) of the results."""
    outside, inside = weight.shape[:2]
    products = maps.new_zeros(grid.side**2, outside, inside)
    for part in _parts(grid, max(outside, inside), maps.element_size()):
        tiles = _gradient_tiles(gradient, grid, part).transpose(1, 2)
        products.baddbmm_(tiles, _input_tiles(maps, grid, part))
    spread = products.flatten(1).t() @ _kernel_matrix(grid.tile, weight.dtype)
    return _in_format_of(weight, spread.view(weight.shape))


def _grid(images: int, height: int, width: int, dilation: int, tile: int) -> _Grid:
    step = tile * dilation
    return _Grid(images, height, width, -(-height // step), -(-width // step), tile, dilation)


def _parts(grid: _Grid, channels: int, itemsize: int) -> Iterator[_Part]:
    """Parts whose tiles of so many channels fit into the scratch memory, if a row does."""
    row = grid.side**2 * grid.dilation**2 * grid.columns * channels * itemsize
    count = min(grid.rows, max(1, _SCRATCH_BYTES // row))
    images = max(1, _SCRATCH_BYTES // (row * grid.rows))
    for image in range(0, grid.images, images):
        for first in range(0, grid.rows, count):
            yield _Part(slice(image, image + images), first, min(count, grid.rows - first))


def _pixels(maps: Tensor, grid: _Grid, part: _Part, border: int) -> Tensor:
    """The pixels of a part's tiles with zeros around the map, channels last.

    Args:
        maps: (N, C, H, W).
        grid: Of all tiles.
        part: Of them.
        border: Pixels on each side.

    Returns:
        (images of the part, rows, columns, C).
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


def _input_tiles(maps: Tensor, grid: _Grid, part: _Part) -> Tensor:
    """B^T (tile of inputs) B of a part's tiles: (N, C, H, W) -> (a * a, P, C)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, maps.shape[1]
    rows, columns = part.count, grid.columns
    pixels = _pixels(maps, grid, part, border=d)
    images = len(pixels)
    pixels = pixels.view(images, tile * rows + 2, d, tile * columns + 2, d, channels)
    matrix = _MATRICES[tile][0]
    across = maps.new_empty(side, images, rows, d, tile * columns + 2, d, channels)
    parts = [pixels[:, k : k + tile * (rows - 1) + 1 : tile] for k in range(side)]
    _combine(matrix, parts, across)
    del pixels, parts
    tiles = maps.new_empty(side, side, images, rows, d, columns, d, channels)
    parts = [across[:, :, :, :, k : k + tile * (columns - 1) + 1 : tile] for k in range(side)]
    _combine(matrix, parts, tiles.transpose(0, 1))
    return tiles.view(side**2, -1, channels)


def _write_results(products: Tensor, grid: _Grid, part: _Part, whole: Tensor) -> None:
    """A^T (products of a tile) A of a part's tiles: (a * a, P, O) into (N, rows, columns, O)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, products.shape[2]
    target = whole[part.images, part.first * grid.step : (part.first + part.count) * grid.step]
    images = len(target)
    target = target.view(images, part.count, tile, d, grid.columns, tile, d, channels)
    shape = (images, part.count, d, grid.columns)
    products = products.view(side, side, *shape, d, channels)
    matrix = _MATRICES[tile][2]
    across = products.new_empty(side, *shape, tile, d, channels)
    _combine(matrix, products.unbind(1), across.unbind(5))
    _combine(matrix, across, target.unbind(2))


def _gradient_tiles(gradient: Tensor, grid: _Grid, part: _Part) -> Tensor:
    """A (tile of gradients) A^T of a part's tiles: (N, O, H, W) -> (a * a, P, O)."""
    tile, side, d, channels = grid.tile, grid.side, grid.dilation, gradient.shape[1]
    pixels = _pixels(gradient, grid, part, border=0)
    images, rows, columns = len(pixels), part.count, grid.columns
    pixels = pixels.view(images, rows, tile, d, columns, tile, d, channels)
    matrix = tuple(zip(*_MATRICES[tile][2], strict=True))
    across = gradient.new_empty(side, images, rows, d, columns, tile, d, channels)
    _combine(matrix, pixels.unbind(2), across)
    del pixels
    tiles = gradient.new_empty(side, side, images, rows, d, columns, d, channels)
    _combine(matrix, across.unbind(5), tiles.transpose(0, 1))
    return tiles.view(side**2, -1, channels)


def _of_weights(weight: Tensor, tile: int, *, turned: bool = False) -> Tensor:
    """G (3x3 taps) G^T of every pair of channels: (O, C, 3, 3) -> (a * a, O, C).

    Args:
        weight: Taps.
        tile: m.
        turned: Of the taps turned by half a turn.
    """
    matrix = _kernel_matrix(tile, weight.dtype)
    if turned:
        matrix = matrix.flip(1)
    outside, inside = weight.shape[:2]
    return (matrix @ weight.reshape(-1, 9).t()).view(-1, outside, inside)


@cache
def _kernel_matrix(tile: int, dtype: torch.dtype) -> Tensor:
    """G x G (Kronecker), (a * a, 9)."""
    matrix = torch.tensor(_MATRICES[tile][1], dtype=torch.float64)
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


def _in_format_of(model: Tensor, tensor: Tensor) -> Tensor:
    last = model.is_contiguous(memory_format=torch.channels_last) and not model.is_contiguous()
    return tensor.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
