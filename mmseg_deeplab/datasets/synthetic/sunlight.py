"""From terrain to photograph: sun, cast shadows, haze, colour cast, lens and sensor."""

from __future__ import annotations

import cv2
import numpy as np

from mmseg_deeplab.datasets.synthetic.terrain import WATER, Terrain


def cast_shadow(height: np.ndarray, step: np.ndarray, fall: float, reach: int) -> np.ndarray:
    """Where something nearer the sun stands in the way of its light.

    Args:
        height: (H, W) float32, metres.
        step: (2,) the way from the sun over the ground for one step, x and y in pixels.
        fall: How many metres the light falls in one step.
        reach: How many steps a shadow is followed.

    Returns:
        (H, W) float32, 1 in full shadow, 0 in the sun, between them at a shadow's edge.
    """
    blocked = np.full_like(height, -np.inf)
    size = (height.shape[1], height.shape[0])
    for number in range(1, reach + 1):
        move = np.float32([[1, 0, step[0] * number], [0, 1, step[1] * number]])
        moved = cv2.warpAffine(height, move, size, borderMode=cv2.BORDER_REPLICATE)
        np.maximum(blocked, moved - fall * number, out=blocked)
    return np.clip((blocked - height) / 0.4, 0, 1)


def shine(terrain: Terrain) -> np.ndarray:
    """Light a terrain by one sun and a blue sky.

    Args:
        terrain: The finished scene.

    Returns:
        (size, size, 3) float32, RGB radiance, about 0 to 1.
    """
    rng = terrain.rng
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(35, 60))
    towards = np.array([np.cos(azimuth), np.sin(azimuth)])  # over the ground, to the sun
    slope_x = cv2.Sobel(terrain.height, cv2.CV_32F, 1, 0, scale=terrain.pixels_per_metre / 8)
    slope_y = cv2.Sobel(terrain.height, cv2.CV_32F, 0, 1, scale=terrain.pixels_per_metre / 8)
    facing = np.sin(elevation) - np.cos(elevation) * (slope_x * towards[0] + slope_y * towards[1])
    facing /= np.sqrt(1 + slope_x**2 + slope_y**2)
    fall = np.tan(elevation) / terrain.pixels_per_metre
    reach = int(12 / fall)
    shadow = cast_shadow(terrain.height, -towards, fall, reach)
    sun = np.clip(facing, 0, 1.2) * (1 - shadow) / np.sin(elevation)
    sky = np.array([0.26, 0.30, 0.36], np.float32)
    radiance = terrain.albedo * (sky + sun[..., None] * (1.05 - sky))
    water = terrain.label == WATER
    radiance[water] += rng.uniform(0, 0.08) * sky  # the sky mirrored
    return radiance


def photograph(rng: np.random.Generator, radiance: np.ndarray, size: int) -> np.ndarray:
    """What a camera makes of the scene: blur, haze, colour cast, contrast, noise, 8 bits.

    Args:
        rng: Where the camera's faults come from.
        radiance: (S, S, 3) float32, RGB, with S >= size.
        size: Height and width of the photograph in pixels.

    Returns:
        (size, size, 3) uint8, BGR.
    """
    sharp = cv2.GaussianBlur(radiance, (0, 0), rng.uniform(0.5, 0.9))
    image = cv2.resize(sharp, (size, size), interpolation=cv2.INTER_AREA)
    warmth, tint = rng.normal(0, 0.09), rng.normal(0, 0.05)
    cast = np.array([1 + warmth, 1 + tint, 1 - warmth], np.float32)
    haze = rng.uniform(0, 0.10)
    image = np.clip(image * cast * rng.uniform(0.8, 1.25) * (1 - haze) + haze, 0, None)
    image = image ** rng.uniform(0.75, 1.05)
    image += rng.normal(0, rng.uniform(0.008, 0.016), image.shape).astype(np.float32)
    return np.clip(np.round(image[..., ::-1] * 255), 0, 255).astype(np.uint8)
