"""The two pairwise terms of the dense CRF as filters, exact and fast.

Both sum over all pairs of pixels, a pixel with itself included, with the weight
exp(-d² / 2) / sqrt(n_i n_j), where n_i is the sum of exp(-d² / 2) over all j: the symmetric
normalisation of Krähenbühl and Koltun's code. Legend: ``H, W`` pixels, ``N`` = H W, ``K`` classes.
"""

from __future__ import annotations

import math
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.inference.crf.lattice import PermutohedralLattice

_KEPT_BYTES = 1 << 30  # of kernel that the exact form may keep from one step to the next
_BLOCK_BYTES = 4 << 20  # of kernel that is made at once: what a cache holds
_SMALLEST = 1e-20  # keeps a norm above 0, far below any that occurs
_RADIUS = 5  # standard deviations that the fast Gaussian reaches; beyond lies 4e-6 of its peak


class PairwiseTerm(Protocol):
    """Messages of all pixels to each pixel."""

    def __call__(self, beliefs: Tensor) -> Tensor:
        """Messages (N, K) of beliefs (N, K), of the same type."""
        ...


class ExactGaussian:
    """Neighbourhood in the picture: d² = (distance in pixels / std)². Float64.

    Args:
        size: H, W.
        std: Pixels.
    """

    def __init__(self, size: tuple[int, int], std: float) -> None:
        self.size = size
        self._kernels = [_normalized_toeplitz(length, std) for length in size]

    def __call__(self, beliefs: Tensor) -> Tensor:
        """See :class:`PairwiseTerm`."""
        down, across = self._kernels
        maps = beliefs.view(*self.size, -1)
        return torch.einsum('ab,bck,cd->adk', down, maps, across).reshape(beliefs.shape)


class FastGaussian:
    """:class:`ExactGaussian` in float32, cut off after five standard deviations.

    Args:
        size: H, W.
        std: Pixels.
    """

    def __init__(self, size: tuple[int, int], std: float) -> None:
        self.size = size
        radius = math.ceil(_RADIUS * std)
        offsets = np.arange(-radius, radius + 1)
        self._taps = np.exp(-0.5 * (offsets / std) ** 2).astype(np.float32)
        ones = self._filter(np.ones((*size, 1), dtype=np.float32))
        self._scale = torch.from_numpy(1 / np.sqrt(ones)).reshape(-1, 1)

    def __call__(self, beliefs: Tensor) -> Tensor:
        """See :class:`PairwiseTerm`."""
        messages = torch.empty_like(beliefs)
        for first in range(0, beliefs.shape[1], 16):  # OpenCV limits the channels of an image
            part = slice(first, first + 16)
            scaled = beliefs[:, part] * self._scale
            filtered = self._filter(scaled.view(*self.size, -1).numpy())
            torch.mul(torch.from_numpy(filtered).view_as(scaled), self._scale,
                      out=messages[:, part])  # fmt: skip
        return messages

    def _filter(self, maps: np.ndarray) -> np.ndarray:
        filtered = cv2.sepFilter2D(maps, -1, self._taps, self._taps, borderType=cv2.BORDER_CONSTANT)
        return filtered.reshape(maps.shape)


class ExactBilateral:
    """Nearness in place and colour, every pixel against every pixel. Float64.

    Time and, up to N = 11,585, memory are of order N² (then 1 GiB); larger images compute the
    kernel anew in every step.

    Args:
        features: (d, N) coordinates in units of their standard deviations.
    """

    def __init__(self, features: np.ndarray) -> None:
        self._points = torch.from_numpy(features.T.astype(np.float64))  # (N, d)
        count = len(self._points)
        rows = max(1, _BLOCK_BYTES // (8 * count))
        self._rows = [slice(first, first + rows) for first in range(0, count, rows)]
        keep = 8 * count**2 <= _KEPT_BYTES
        self._kept = [self._kernel(rows) for rows in self._rows] if keep else None
        self._scale = torch.ones(count, 1, dtype=torch.float64)
        self._scale = self(self._scale).rsqrt()

    def __call__(self, beliefs: Tensor) -> Tensor:
        """See :class:`PairwiseTerm`."""
        scaled = beliefs * self._scale
        kernels = self._kept if self._kept is not None else map(self._kernel, self._rows)
        return torch.cat([kernel @ scaled for kernel in kernels]) * self._scale

    def _kernel(self, rows: slice) -> Tensor:
        # differences, not the product form of the square, which loses digits
        near = torch.zeros(len(self._points[rows]), len(self._points), dtype=torch.float64)
        for column in self._points.T:
            near.sub_((column[rows, None] - column).square_())
        return near.mul_(0.5).exp_()


class FastBilateral:
    """:class:`ExactBilateral` by a :class:`PermutohedralLattice`, float32.

    Args:
        features: (d, N) coordinates in units of their standard deviations.
    """

    def __init__(self, features: np.ndarray) -> None:
        self._lattice = PermutohedralLattice(features)
        sums = self._lattice.filter(torch.ones(features.shape[1], 1))
        self._lattice.scale((sums[:, 0] + _SMALLEST).rsqrt())

    def __call__(self, beliefs: Tensor) -> Tensor:
        """See :class:`PairwiseTerm`."""
        return self._lattice.filter(beliefs)


def bilateral_features(image: np.ndarray, xy_std: float, rgb_std: float) -> np.ndarray:
    """Place and colour of each pixel in units of the standard deviations.

    Args:
        image: (H, W, 3) uint8.
        xy_std: Pixels.
        rgb_std: Grey levels.

    Returns:
        (5, N) float64: column, row, three colours.
    """
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].reshape(2, -1) / xy_std
    return np.concatenate([[columns, rows], image.reshape(-1, 3).T / rgb_std])


def _normalized_toeplitz(length: int, std: float) -> Tensor:
    places = torch.arange(length, dtype=torch.float64) / std
    kernel = torch.exp(-0.5 * (places[:, None] - places) ** 2)
    scale = kernel.sum(dim=1).rsqrt()
    return scale[:, None] * kernel * scale
