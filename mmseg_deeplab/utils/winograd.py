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

import torch
from torch import Tensor

from mmseg_deeplab.utils.winograd_tiles import (
    TILES,
    Grid,
    gradient_tiles,
    grid_of,
    input_tiles,
    kernel_matrix,
    of_weights,
    pieces,
    result_pixels,
)


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
        ValueError: Another tile, a kernel that is not 3x3, or maps without a pixel.
    """
    if tile not in TILES:
        raise ValueError(f'tile must be one of {TILES}, got {tile!r}')
    if tuple(weight.shape[2:]) != (3, 3) or weight.shape[1] != maps.shape[1]:
        raise ValueError(
            f'weight must be (O, {maps.shape[1]}, 3, 3) for these maps, got {tuple(weight.shape)}'
        )
    if not maps.numel():
        raise ValueError(f'maps must have pixels, got shape {tuple(maps.shape)}')
    return _Convolution.apply(maps, weight, dilation, tile)


def tiles_of(height: int, width: int, *, dilation: int, tile: int) -> tuple[int, float]:
    """How many tiles a map (H, W) has, and the share of their results that lie in it (0 to 1)."""
    grid = grid_of(1, height, width, dilation, tile)
    count = grid.rows * grid.columns * dilation**2
    return count, height * width / (count * tile**2)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps: Tensor, weight: Tensor, dilation: int, tile: int) -> Tensor:
        ctx.save_for_backward(maps, weight)  # tiles are made anew: they are larger than the maps
        ctx.dilation, ctx.tile = dilation, tile
        grid = grid_of(len(maps), *maps.shape[2:], dilation, tile)
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
        grid = grid_of(len(maps), *maps.shape[2:], ctx.dilation, ctx.tile)
        with torch.autocast('cpu', enabled=False):
            back = weight.transpose(0, 1)
            return (
                _convolve(gradient, back, grid, turned=True) if of_maps else None,
                _weight_gradient(maps, gradient, weight, grid) if of_weight else None,
                None,
                None,
            )


def _convolve(maps: Tensor, weight: Tensor, grid: Grid, *, turned: bool = False) -> Tensor:
    """Results of all tiles: (N, C, H, W) and (O, C, 3, 3), or those turned -> (N, O, H, W)."""
    outside, inside = weight.shape[:2]
    last = maps.is_contiguous(memory_format=torch.channels_last) and not maps.is_contiguous()
    found = torch.empty(
        (grid.images, outside, grid.height, grid.width),
        dtype=maps.dtype,
        device=maps.device,
        memory_format=torch.channels_last if last else torch.contiguous_format,
    )
    parts, blocks = pieces(grid, outside, inside, maps.element_size())
    matrices = of_weights(weight, grid.tile, turned) if len(blocks) == 1 else None
    for part in parts:
        products = None  # added up over the blocks, so that nothing is transformed twice
        for block in blocks:
            tiles = input_tiles(maps[:, block], grid, part)
            chosen = (
                of_weights(weight[:, block], grid.tile, turned) if matrices is None else matrices
            )
            products = _add_products(products, tiles, chosen.transpose(1, 2))
        rows = slice(part.first * grid.step, (part.first + part.count) * grid.step)
        pixels = result_pixels(products, grid, part)[:, : grid.height - rows.start, : grid.width]
        found[part.images, :, rows] = pixels.permute(0, 3, 1, 2)
    return found


def _weight_gradient(maps: Tensor, gradient: Tensor, weight: Tensor, grid: Grid) -> Tensor:
    """(O, C, 3, 3), of maps (N, C, H, W) and the gradient (N, O, H, W) of the results."""
    outside, inside = weight.shape[:2]
    found = torch.empty_like(weight)
    parts, blocks = pieces(grid, outside, inside, maps.element_size())
    only = gradient_tiles(gradient, grid, parts[0]) if len(parts) == 1 else None
    for block in blocks:
        products = None
        for part in parts:
            tiles = gradient_tiles(gradient, grid, part) if only is None else only
            inputs = input_tiles(maps[:, block], grid, part)
            products = _add_products(products, tiles.transpose(1, 2), inputs)
        spread = products.flatten(1).t() @ kernel_matrix(grid.tile, weight.dtype)
        found[:, block] = spread.view(outside, -1, 3, 3)
    return found


def _add_products(sums: Tensor | None, one: Tensor, other: Tensor) -> Tensor:
    return torch.bmm(one, other) if sums is None else sums.baddbmm_(one, other)
