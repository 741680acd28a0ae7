"""What a scene is made of before the sun shines on it: class, colour and height per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_DATA, BACKGROUND, BUILDING, ROAD, WATER, BARREN, FOREST, AGRICULTURAL = range(8)

# Colours (RGB, 0 to 1, as reflectance) that several classes share, which is what makes colour
# a poor guide: a green field, a green pond, a green roof and a lawn look alike pixel by pixel.
TONES = {
    'dark green': (0.16, 0.24, 0.12),
    'green': (0.28, 0.38, 0.20),
    'olive': (0.36, 0.37, 0.22),
    'straw': (0.56, 0.50, 0.33),
    'tan': (0.52, 0.43, 0.33),
    'brown': (0.36, 0.28, 0.22),
    'rust': (0.46, 0.29, 0.22),
    'grey': (0.40, 0.40, 0.39),
    'light grey': (0.58, 0.57, 0.54),
    'slate': (0.24, 0.27, 0.30),
    'teal': (0.20, 0.31, 0.31),
    'blue': (0.27, 0.36, 0.47),
}

# Which tones each class takes; a region takes one, mixed with a second.
CLASS_TONES = {
    BACKGROUND: ('green', 'olive', 'straw', 'tan', 'dark green', 'brown'),
    BUILDING: ('rust', 'brown', 'grey', 'light grey', 'slate', 'blue', 'rust', 'teal'),
    ROAD: ('grey', 'slate', 'light grey', 'tan', 'brown', 'grey'),
    WATER: ('teal', 'slate', 'olive', 'brown', 'dark green', 'blue', 'teal'),
    BARREN: ('tan', 'brown', 'rust', 'grey', 'straw', 'olive'),
    FOREST: ('dark green', 'green', 'olive', 'dark green', 'teal', 'brown'),
    AGRICULTURAL: ('green', 'olive', 'straw', 'tan', 'brown', 'dark green', 'grey'),
}


@dataclass
class Terrain:
    """A scene under construction.

    Args:
        rng: The scene's own random generator.
        size: Height and width in working pixels.
        pixels_per_metre: Working pixels per metre on the ground.
        label: (size, size) uint8, raw LoveDA ids.
        albedo: (size, size, 3) float32, RGB reflectance 0 to 1.
        height: (size, size) float32, metres above the ground's mean.
    """

    rng: np.random.Generator
    size: int
    pixels_per_metre: float
    label: np.ndarray
    albedo: np.ndarray
    height: np.ndarray

    @classmethod
    def flat(cls, rng: np.random.Generator, size: int, pixels_per_metre: float) -> Terrain:
        """Bare background, ready to be filled."""
        return cls(
            rng,
            size,
            pixels_per_metre,
            np.full((size, size), BACKGROUND, np.uint8),
            np.zeros((size, size, 3), np.float32),
            np.zeros((size, size), np.float32),
        )

    def metres(self, low: float, high: float) -> float:
        """A random length between ``low`` and ``high`` metres, in working pixels."""
        return float(self.rng.uniform(low, high) * self.pixels_per_metre)


def class_colour(rng: np.random.Generator, class_id: int) -> np.ndarray:
    """A random colour of a class: two of its tones mixed, then made lighter or darker.

    Args:
        rng: Where the choice comes from.
        class_id: A raw LoveDA id, 1 to 7.

    Returns:
        (3,) float32, RGB reflectance.
    """
    first, second = rng.choice(CLASS_TONES[class_id], 2)
    mix = rng.uniform(0, 0.5)
    colour = (1 - mix) * np.array(TONES[first]) + mix * np.array(TONES[second])
    return (colour * rng.uniform(0.75, 1.3)).astype(np.float32)
