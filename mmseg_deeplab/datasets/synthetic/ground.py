"""Land cover: regions of the ground, each with its colours and its relief.

Relief is what tells classes apart: rows in fields, crowns in forest, rough ground where it is
barren, nearly nothing on water. Colour says little (see ``terrain.CLASS_TONES``).
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg_deeplab.datasets.synthetic.noise import (
    scattered_distance,
    smooth_noise,
    warped_coordinates,
)
from mmseg_deeplab.datasets.synthetic.terrain import (
    AGRICULTURAL,
    BACKGROUND,
    BARREN,
    FOREST,
    WATER,
    Terrain,
    class_colour,
)


def paint(terrain: Terrain, region: np.ndarray, class_id: int, contrast: float) -> None:
    """Colour a region: a base colour, blotches over tens of metres, and fine grain.

    Args:
        terrain: The scene; its albedo and label change inside the region.
        region: (size, size) bool.
        class_id: A raw LoveDA id.
        contrast: Relative strength of the blotches and the grain, about 0.02 to 0.2.
    """
    rng, size = terrain.rng, terrain.size
    blotches = smooth_noise(rng, size, terrain.metres(12, 30), octaves=3)
    grain = rng.standard_normal((size, size), dtype=np.float32)
    colour = class_colour(rng, class_id)
    other = class_colour(rng, class_id)
    mix = np.clip(0.5 + 0.35 * blotches[region], 0, 1)[:, None] * 0.35
    painted = (1 - mix) * colour + mix * other
    painted *= 1 + contrast * (0.5 * blotches[region] + 0.5 * grain[region])[:, None]
    terrain.albedo[region] = painted
    terrain.label[region] = class_id


def grow_meadow(terrain: Terrain, region: np.ndarray) -> None:
    """Background: grass and open ground, nearly flat, softly mottled."""
    paint(terrain, region, BACKGROUND, 0.05)
    mottle = smooth_noise(terrain.rng, terrain.size, terrain.metres(4, 7), octaves=2)
    terrain.height[region] = 0.10 * mottle[region]


def strew_barren(terrain: Terrain, region: np.ndarray) -> None:
    """Barren: rough bare ground with stones and heaps."""
    paint(terrain, region, BARREN, 0.16)
    rough = smooth_noise(terrain.rng, terrain.size, terrain.metres(2.0, 3.0), octaves=2)
    heaps = np.maximum(smooth_noise(terrain.rng, terrain.size, terrain.metres(9, 14)), 0)
    terrain.height[region] = (0.45 * rough + 0.8 * heaps)[region]


def plant_forest(terrain: Terrain, region: np.ndarray) -> None:
    """Forest: crowns beside crowns, each a dome of its own height and shade."""
    spacing = terrain.metres(5.0, 7.5)
    distance, index = scattered_distance(terrain.rng, terrain.size, spacing)
    trees = int(index.max()) + 1
    radius = spacing * terrain.rng.uniform(0.5, 0.85, trees)[index]
    tall = terrain.rng.uniform(5, 9, trees)[index]
    dome = np.sqrt(np.maximum(1 - (distance / radius) ** 2, 0))
    paint(terrain, region, FOREST, 0.10)
    shade = terrain.rng.uniform(0.8, 1.2, trees)[index] * (0.55 + 0.45 * (dome > 0.05))
    terrain.albedo[region] *= shade[region][:, None]
    terrain.height[region] = (tall * (0.35 + 0.65 * dome) * (dome > 0.05))[region]


def plough_field(terrain: Terrain, region: np.ndarray) -> None:
    """Agricultural: a parcel with straight rows of crop or furrows."""
    y, x = np.mgrid[: terrain.size, : terrain.size].astype(np.float32)
    angle = terrain.rng.uniform(0, np.pi)
    bend = 0.4 * smooth_noise(terrain.rng, terrain.size, terrain.metres(40, 60))
    along = (x * np.cos(angle) + y * np.sin(angle)) / terrain.metres(4.2, 6.4)
    rows = np.sin(2 * np.pi * along + bend)
    paint(terrain, region, AGRICULTURAL, 0.05)
    terrain.albedo[region] *= (1 + terrain.rng.uniform(0.18, 0.3) * rows)[region][:, None]
    terrain.height[region] = (terrain.rng.uniform(0.2, 0.35) * rows)[region]


def fill_water(terrain: Terrain, region: np.ndarray) -> None:
    """Water: smooth, darker in the middle, with faint ripples and a wet rim."""
    paint(terrain, region, WATER, 0.015)
    depth = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5)
    depth = 1 - np.exp(-depth / terrain.metres(4, 10))
    terrain.albedo[region] *= (0.95 - 0.3 * depth)[region][:, None]
    terrain.height[region] = -0.3


FILLS = {
    BACKGROUND: grow_meadow,
    BARREN: strew_barren,
    FOREST: plant_forest,
    AGRICULTURAL: plough_field,
    WATER: fill_water,
}


def split_into_parcels(terrain: Terrain, region: np.ndarray) -> list[np.ndarray]:
    """Cut a region into rectangles on one tilted grid, as farmland is.

    Returns:
        Regions, each (size, size) bool, that together make up ``region``.
    """
    y, x = np.mgrid[: terrain.size, : terrain.size].astype(np.float32)
    angle = terrain.rng.uniform(0, np.pi)
    u = (x * np.cos(angle) + y * np.sin(angle)) / terrain.metres(35, 70)
    v = (y * np.cos(angle) - x * np.sin(angle)) / terrain.metres(50, 110)
    parcel = np.floor(u).astype(int) * 64 + np.floor(v).astype(int)
    return [region & (parcel == number) for number in np.unique(parcel[region])]


def lay_out_ground(terrain: Terrain, deck: tuple[int, ...], cell: float) -> None:
    """Divide the whole scene into regions of land cover and fill each.

    Args:
        terrain: The scene; everything in it is overwritten.
        deck: Raw ids, all in :data:`FILLS`; shuffled and dealt one to a region, so that a
            small scene still holds most of them.
        cell: Typical width of a region in working pixels.
    """
    rng, size = terrain.rng, terrain.size
    x, y = warped_coordinates(rng, size, cell, 0.09 * cell)
    count = max(3, round((size / cell) ** 2))
    points = rng.uniform(0, size, (count, 2)).astype(np.float32)
    squared = [(x - px) ** 2 + (y - py) ** 2 for px, py in points]
    nearest = np.argmin(squared, axis=0)
    ids = np.resize(rng.permutation(deck), count)
    for class_id in np.unique(ids):
        region = np.isin(nearest, np.flatnonzero(ids == class_id))
        if not region.any():
            continue
        parts = split_into_parcels(terrain, region) if class_id == AGRICULTURAL else [region]
        for part in parts:
            FILLS[int(class_id)](terrain, part)


def flood(terrain: Terrain) -> None:
    """Add one river or one lake."""
    rng, size = terrain.rng, terrain.size
    x, y = warped_coordinates(rng, size, terrain.metres(40, 80), terrain.metres(4, 9))
    angle = rng.uniform(0, np.pi)
    u = (x - rng.uniform(0.2, 0.8) * size) * np.cos(angle)
    u += (y - rng.uniform(0.2, 0.8) * size) * np.sin(angle)
    v = (y - size / 2) * np.cos(angle) - (x - size / 2) * np.sin(angle)
    if rng.random() < 0.5:
        region = np.abs(u) < terrain.metres(8, 18)
    else:
        region = (u / terrain.metres(18, 35)) ** 2 + (v / terrain.metres(25, 50)) ** 2 < 1
    if region.any():
        fill_water(terrain, region)
