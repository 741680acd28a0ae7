"""Random fields that everything in a scene is made of."""

from __future__ import annotations

import cv2
import numpy as np


def smooth_noise(rng: np.random.Generator, size: int, cell: float, octaves: int = 1) -> np.ndarray:
    """Random values on a coarse grid, interpolated; each octave halves the grid and the weight.

    Args:
        rng: Where the values come from.
        size: Height and width of the field in pixels.
        cell: Width of the coarsest grid's cells in pixels.
        octaves: How many grids are summed, >= 1.

    Returns:
        (size, size) float32, mean 0, standard deviation 1.
    """
    field = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        nodes = min(size, int(np.ceil(size / max(cell / 2**octave, 1.0))) + 2)
        grid = rng.standard_normal((nodes, nodes), dtype=np.float32)
        field += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) / 2**octave
    return (field - field.mean()) / (field.std() + 1e-6)


def warped_coordinates(
    rng: np.random.Generator, size: int, cell: float, shift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates pushed about smoothly, so that straight borders become natural ones.

    Args:
        rng: Where the shifts come from.
        size: Height and width in pixels.
        cell: Distance in pixels over which the shift changes.
        shift: Standard deviation of the shift in pixels.

    Returns:
        x and y, each (size, size) float32.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32)
    x += shift * smooth_noise(rng, size, cell, octaves=3)
    y += shift * smooth_noise(rng, size, cell, octaves=3)
    return x, y


def scattered_distance(
    rng: np.random.Generator, size: int, spacing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest of many scattered points, and which point that is.

    Args:
        rng: Where the points come from: one in each cell of a grid, anywhere in its cell.
        size: Height and width of the field in pixels.
        spacing: Width of the grid's cells in pixels, at least 1.

    Returns:
        distance (size, size) float32 in pixels, and index (size, size) int32 >= 1.
    """
    nodes = int(np.ceil(size / spacing))
    corner = np.arange(nodes) * spacing
    x = corner[None, :] + rng.uniform(0, spacing, (nodes, nodes))
    y = corner[:, None] + rng.uniform(0, spacing, (nodes, nodes))
    empty = np.ones((size, size), np.uint8)
    empty[np.minimum(y, size - 1).astype(int), np.minimum(x, size - 1).astype(int)] = 0
    return cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
