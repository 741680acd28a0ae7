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

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

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
# Of the tiles, of the weights and of their products that are in memory at a time. With 8 MiB a
# forward pass takes a quarter longer; 64 MiB are no faster than 32.
_SCRATCH_BYTES = 32 << 20


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
        (N, O, H, W), in the memory format of ``maps``.

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
    """How many tiles a map (H, W) has, and the share of their results that lie in it (0 to 1)."""
    grid = _grid(1, height, width, dilation, tile)
    count = grid.rows * grid.columns * dilation**2
    return count, height * width / (count * tile**2)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps: Tensor, weight: Tensor, dilation: int, tile: int) -> Tensor:
        ctx.save_for_backward(maps, weight)  # tiles are made anew: they are larger than the maps
        ctx.dilation, ctx.tile = dilation, tile
        grid = _grid(len(maps), *maps.shape[2:], dilation, tile)
        return _convolve(maps, weight, grid)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        maps, weight = ctx.saved_tensors
        of_maps, of_weight = ctx.needs_input_grad[:2]
        if torch.is_grad_enabled():  # to be differentiated again: PyTorch's own can be
            around = [ctx.dilation] * 2
            settings = [1, 1], around, around, False, [0, 0], 1, [of_maps, of_weight, False]
            backward = torch.ops.aten.convolution_backward
            return *backward(gradient, maps, weight, None, *settings)[:2], None, None
        grid = _grid(len(maps), *maps.shape[2:], ctx.dilation, ctx.tile)
        with torch.autocast('cpu', enabled=False):
            back = weight.transpose(0, 1)
            return (
                _convolve(gradient, back, grid, turned=True) if of_maps else None,
                _weight_gradient(maps, gradient, weight, grid) if of_weight else None,
                None,
                None,
            )


def _convolve(maps: Tensor, weight: Tensor, grid: _Grid, *, turned: bool = False) -> Tensor:
    """Results of all tiles: (N, C, H, W) and (O, C, 3, 3), or those turned -> (N, O, H, W)."""
    outside, inside = weight.shape[:2]
    shape = (len(maps), outside, grid.rows * grid.step, grid.columns * grid.step)
    whole = torch.empty(shape, dtype=maps.dtype, memory_format=torch.channels_last)
    pixels = whole.permute(0, 2, 3, 1)
    parts, blocks = _pieces(grid, outside, inside, maps.element_size())
    matrices = _of_weights(weight, grid.tile, turned) if len(blocks) == 1 else None
    for part in parts:
        products = None  # added up over the blocks, so that nothing is transformed twice
        for block in blocks:
            tiles = _input_tiles(maps[:, block], grid, part)
            chosen = (
                _of_weights(weight[:, block], grid.tile, turned) if matrices is None else matrices
            )
            products = _add_products(products, tiles, chosen.transpose(1, 2))
        _write_results(products, grid, part, pixels)
    if shape[2:] != (grid.height, grid.width):
        whole = whole[:, :, : grid.height, : grid.width]
    last = maps.is_contiguous(memory_format=torch.channels_last) and not maps.is_contiguous()
    return whole.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def _weight_gradient(maps: Tensor, gradient: Tensor, weight: Tensor, grid: _Grid) -> Tensor:
    """(O, C, 3, 3), of maps (N, C, H, W) and the gradient (N, O, H, W) of the results."""
    outside, inside = weight.shape[:2]
    found = torch.empty_like(weight)
    parts, blocks = _pieces(grid, outside, inside, maps.element_size())
    only = _gradient_tiles(gradient, grid, parts[0]) if len(parts) == 1 else None
    for block in blocks:
        products = None
        for part in parts:
            tiles = _gradient_tiles(gradient, grid, part) if only is None else only
            inputs = _input_tiles(maps[:, block], grid, part)
            products = _add_products(products, tiles.transpose(1, 2), inputs)
        spread = products.flatten(1).t() @ _kernel_matrix(grid.tile, weight.dtype)
        found[:, block] = spread.view(outside, -1, 3, 3)
    return found


def _add_products(sums: Tensor | None, one: Tensor, other: Tensor) -> Tensor:
    return torch.bmm(one, other) if sums is None else sums.baddbmm_(one, other)


def _pieces(
    grid: _Grid, outside: int, inside: int, itemsize: int
) -> tuple[list[_Part], list[slice]]:
    """Parts of the tiles, and blocks of the channels in, that fit into the scratch memory.

    A part's tiles with all channels out fit, if a row of tiles does; a block's channels in fit
    with those tiles and with the channels out, if one channel does.
    """
    number = grid.side**2 * itemsize  # bytes of a tile's or a kernel's numbers in one channel
    row = grid.dilation**2 * grid.columns
    rows = _even(grid.rows, _SCRATCH_BYTES // (number * row * outside))
    images = _even(grid.images, _SCRATCH_BYTES // (number * row * grid.rows * outside))
    parts = [_Part(image, r.start, r.stop - r.start) for image in images for r in rows]
    tiles = images[0].stop * rows[0].stop * row
    return parts, _even(inside, _SCRATCH_BYTES // (number * max(outside, tiles)))


def _even(length: int, most: int) -> list[slice]:
    """As few slices of nearly one length as there must be, none above ``most`` (at least 1)."""
    count = -(-length // max(1, most))
    size = -(-length // count)
    return [slice(i, min(i + size, length)) for i in range(0, length, size)]


def _grid(images: int, height: int, width: int, dilation: int, tile: int) -> _Grid:
    step = tile * dilation
    return _Grid(images, height, width, -(-height // step), -(-width // step), tile, dilation)


def _pixels(maps: Tensor, grid: _Grid, part: _Part, border: int) -> Tensor:
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


def _of_weights(weight: Tensor, tile: int, turned: bool) -> Tensor:
    """G (3x3 taps) G^T of every pair of channels: (O, C, 3, 3) -> (a * a, O, C)."""
    matrix = _kernel_matrix(tile, weight.dtype)
    if turned:  # by half a turn: the last tap first
        matrix = matrix.flip(1)
    return (matrix @ weight.reshape(-1, 9).t()).view(-1, *weight.shape[:2])


@cache
def _kernel_matrix(tile: int, dtype: torch.dtype) -> Tensor:
    """G x G (Kronecker), (a * a, 9)."""
    matrix = torch.tensor(_MATRICES[tile][1], dtype=torch.float64, device='cpu')
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
