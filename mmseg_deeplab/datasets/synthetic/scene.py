"""One aerial-like scene from one seed."""

from __future__ import annotations

import numpy as np

from mmseg_deeplab.datasets.synthetic.ground import flood, lay_out_ground
from mmseg_deeplab.datasets.synthetic.objects import (
    build_road,
    plant_groves,
    road_course,
    settle,
)
from mmseg_deeplab.datasets.synthetic.sunlight import photograph, shine
from mmseg_deeplab.datasets.synthetic.terrain import (
    AGRICULTURAL,
    BACKGROUND,
    BARREN,
    FOREST,
    NO_DATA,
    Terrain,
)

SUPERSAMPLING = 2  # working pixels per pixel of the picture, for soft edges
LAND_COVER = (BACKGROUND, BARREN, FOREST, AGRICULTURAL)


def draw_scene(seed: int | list[int], size: int = 192) -> tuple[np.ndarray, np.ndarray]:
    """Draw one scene: land cover, water, roads, buildings, trees, light, camera, no-data.

    Args:
        seed: What the scene depends on, and nothing else does; an int or a list of ints >= 0.
        size: Height and width in pixels, at least 32.

    Returns:
        image (size, size, 3) uint8 BGR and label (size, size) uint8 with LoveDA's raw ids:
        0 no-data, 1 background, 2 building, 3 road, 4 water, 5 barren, 6 forest,
        7 agricultural.

    Raises:
        ValueError: The size is too small to draw anything in.
    """
    if size < 32:
        raise ValueError(f'size must be at least 32 pixels, got {size}')
    rng = np.random.default_rng(seed)
    metres_per_pixel = rng.uniform(0.5, 0.85)
    terrain = Terrain.flat(rng, size * SUPERSAMPLING, SUPERSAMPLING / metres_per_pixel)
    lay_out_ground(terrain, LAND_COVER, terrain.metres(44, 60))
    if rng.random() < 0.75:
        flood(terrain)
    courses = [road_course(terrain) for _ in range(rng.integers(1, 3))]
    widths = [build_road(terrain, course) for course in courses]
    for course, width in zip(courses, widths, strict=True):
        settle(terrain, course, width, rng.uniform(0.1, 0.8))
    plant_groves(terrain, rng.integers(0, 5))
    label = terrain.label[::SUPERSAMPLING, ::SUPERSAMPLING].copy()
    image = photograph(rng, shine(terrain), size)
    if rng.random() < 0.25:
        blank = no_data_wedge(rng, size)
        image[blank] = 0
        label[blank] = NO_DATA
    return image, label


def no_data_wedge(rng: np.random.Generator, size: int) -> np.ndarray:
    """A straight-edged corner or strip that the flight did not cover, (size, size) bool."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    return x * np.cos(angle) + y * np.sin(angle) > rng.uniform(0.28, 0.5)
