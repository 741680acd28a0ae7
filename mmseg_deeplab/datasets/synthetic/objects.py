"""What stands on the ground: roads, cars, buildings, single trees."""

from __future__ import annotations

import cv2
import numpy as np

from mmseg_deeplab.datasets.synthetic.ground import plant_forest
from mmseg_deeplab.datasets.synthetic.terrain import (
    BACKGROUND,
    BUILDING,
    ROAD,
    WATER,
    Terrain,
    class_colour,
)


def road_course(terrain: Terrain) -> np.ndarray:
    """The middle line of a road that crosses the scene in a gentle curve.

    Returns:
        (60, 2) float32, x and y in working pixels, in order along the road.
    """
    rng, size = terrain.rng, terrain.size
    angle = rng.uniform(0, 2 * np.pi)
    forward = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-forward[1], forward[0]])
    middle = rng.uniform(0.25, 0.75, 2) * size
    t = np.linspace(-1.1, 1.1, 60)
    swing = terrain.metres(0, 12) * np.sin(t * rng.uniform(1, 3) + rng.uniform(0, 6))
    return (middle + np.outer(t * size, forward) + np.outer(swing, aside)).astype(np.float32)


def _stroke(terrain: Terrain, course: np.ndarray, width: float) -> np.ndarray:
    mask = np.zeros((terrain.size, terrain.size), np.uint8)
    cv2.polylines(mask, [np.round(course).astype(np.int32)], False, 1, max(1, round(width)))
    return mask.astype(bool)


def build_road(terrain: Terrain, course: np.ndarray) -> float:
    """Lay a road along a course: even surface, pale edges, sometimes a dashed middle line, cars.

    Args:
        terrain: The scene; the road's pixels are overwritten.
        course: (N, 2) float32, x and y in working pixels.

    Returns:
        The road's width in working pixels.
    """
    rng = terrain.rng
    width = terrain.metres(7, 11)
    whole = _stroke(terrain, course, width)
    colour = class_colour(rng, ROAD)
    grain = rng.standard_normal((int(whole.sum()), 1), dtype=np.float32)
    terrain.albedo[whole] = colour * (1 + 0.03 * grain)
    terrain.label[whole] = ROAD
    terrain.height[whole] = 0.0
    rim = whole & ~_stroke(terrain, course, width - 2.4 * terrain.pixels_per_metre)
    terrain.albedo[rim] = 0.5 * terrain.albedo[rim] + 0.5 * rng.uniform(0.45, 0.75)
    if rng.random() < 0.6:
        for start in range(0, len(course) - 1, 2):
            dash = _stroke(terrain, course[start : start + 2], 0.9 * terrain.pixels_per_metre)
            terrain.albedo[dash & whole] = 0.75
    park_cars(terrain, course, width)
    return width


def park_cars(terrain: Terrain, course: np.ndarray, width: float) -> None:
    """Put a few cars on a road; they keep the road's label, as in LoveDA."""
    rng = terrain.rng
    for index in rng.integers(1, len(course) - 1, rng.integers(0, 4)):
        forward = course[index + 1] - course[index - 1]
        forward = forward / (np.linalg.norm(forward) + 1e-6)
        aside = np.array([-forward[1], forward[0]])
        middle = course[index] + aside * rng.choice([-0.22, 0.22]) * width
        length, breadth = 4.6 * terrain.pixels_per_metre, 2.0 * terrain.pixels_per_metre
        angle = float(np.degrees(np.arctan2(forward[1], forward[0])))
        corners = cv2.boxPoints((tuple(map(float, middle)), (length, breadth), angle))
        mask = np.zeros(terrain.label.shape, np.uint8)
        cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
        terrain.albedo[mask > 0] = rng.uniform(0.05, 0.9, 3)
        terrain.height[mask > 0] = 1.4


def roof_height(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, half: tuple[float, float]
) -> np.ndarray:
    """Height of a roof above its eaves as a share of half its short side: gable, hip or flat.

    Args:
        rng: Which kind of roof.
        u: Distance along the long axis from the middle, in any unit.
        v: Distance along the short axis.
        half: Half the long and half the short side, in the same unit.
    """
    kind = rng.random()
    gable = 1 - np.abs(v) / half[1]
    if kind < 0.5:
        return gable
    if kind < 0.75:
        return np.minimum(gable, (half[0] - np.abs(u)) / half[1])
    rim = (np.abs(u) > 0.88 * half[0]) | (np.abs(v) > 0.85 * half[1])
    return np.where(rim, 0.12, 0.0)


def raise_building(terrain: Terrain, x: float, y: float, angle: float) -> bool:
    """Put up one building, or do nothing where another, a road or water is in the way.

    Args:
        terrain: The scene.
        x: Middle of the building in working pixels.
        y: The same, downwards.
        angle: Direction of the long side in radians.

    Returns:
        Whether it was built.
    """
    rng, size = terrain.rng, terrain.size
    half = (terrain.metres(6.5, 12), terrain.metres(5, 8))
    reach = int(np.hypot(*half)) + 2
    if not (-reach < x < size + reach and -reach < y < size + reach):
        return False
    rows = slice(max(0, int(y) - reach), max(0, min(size, int(y) + reach)))
    columns = slice(max(0, int(x) - reach), max(0, min(size, int(x) + reach)))
    if rows.start >= min(size, int(y) + reach) or columns.start >= min(size, int(x) + reach):
        return False
    gy, gx = np.mgrid[rows, columns].astype(np.float32)
    u = (gx - x) * np.cos(angle) + (gy - y) * np.sin(angle)
    v = (gy - y) * np.cos(angle) - (gx - x) * np.sin(angle)
    inside = (np.abs(u) < half[0]) & (np.abs(v) < half[1])
    margin = (np.abs(u) < half[0] * 1.15) & (np.abs(v) < half[1] * 1.15)
    label = terrain.label[rows, columns]
    if not inside.any() or np.isin(label[margin], (BUILDING, ROAD, WATER)).any():
        return False
    roof = roof_height(rng, u, v, half)[inside]
    pitch = rng.uniform(0.5, 0.9) * half[1] / terrain.pixels_per_metre
    terrain.height[rows, columns][inside] = rng.uniform(3.5, 7) + pitch * roof
    grain = rng.standard_normal((int(inside.sum()), 1), dtype=np.float32)
    terrain.albedo[rows, columns][inside] = class_colour(rng, BUILDING) * (1 + 0.03 * grain)
    label[inside] = BUILDING
    return True


def settle(terrain: Terrain, course: np.ndarray, road_width: float, density: float) -> None:
    """Line a road with buildings that face it.

    Args:
        terrain: The scene.
        course: (N, 2), the road's middle line.
        road_width: In working pixels.
        density: How many of the possible plots are built on, 0 to 1.
    """
    rng = terrain.rng
    for index in range(1, len(course) - 1):
        forward = course[index + 1] - course[index - 1]
        aside = np.array([-forward[1], forward[0]]) / (np.linalg.norm(forward) + 1e-6)
        angle = float(np.arctan2(forward[1], forward[0]))
        for side in (-1, 1):
            if rng.random() < density:
                away = road_width / 2 + terrain.metres(9, 20)
                x, y = course[index] + side * away * aside
                raise_building(terrain, x, y, angle + rng.choice([0, np.pi / 2]))


def plant_groves(terrain: Terrain, count: int) -> None:
    """Plant small groups of trees on open background."""
    y, x = np.mgrid[: terrain.size, : terrain.size].astype(np.float32)
    for _ in range(count):
        px, py = terrain.rng.uniform(0, terrain.size, 2)
        near = (x - px) ** 2 + (y - py) ** 2 < terrain.metres(6, 11) ** 2
        region = near & (terrain.label == BACKGROUND)
        if region.any():
            plant_forest(terrain, region)
