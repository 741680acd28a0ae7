"""Changes of brightness, contrast, saturation and hue by factors, as torchvision makes them."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError

BRIGHTNESS, CONTRAST, SATURATION, HUE = OPERATIONS = ('brightness', 'contrast', 'saturation', 'hue')


@TRANSFORMS.register_module()
class PhotoMetricFactors(BaseTransform):
    """Change the colours at random, each step with probability 0.5, as MosaicML's Composer does.

    Brightness; contrast (here or at the end, with equal probability); saturation; hue. Differs
    from :class:`PhotoMetricDistortion`: brightness is multiplied, contrast and saturation are
    blends with the mean grey and with the grey image, and hue turns by a real number.
    Draws ``randint(2)`` and, where it acts, the factor, for each step in turn; after brightness
    one ``randint(2)`` for the place of contrast.

    Required keys:
        - ``img``: (H, W, 3) uint8, BGR

    Modified keys:
        - ``img``: (H, W, 3) uint8, BGR

    Args:
        brightness: The factor is uniform between 1 minus and 1 plus this.
        contrast: The same.
        saturation: The same.
        hue: Part of the colour circle: uniform from minus this to this, at most 0.5.

    Raises:
        ConfigError: A number is out of its range.
    """

    def __init__(
        self,
        brightness: float = 32.0 / 255,
        contrast: float = 0.5,
        saturation: float = 0.5,
        hue: float = 18.0 / 255,
    ) -> None:
        if min(brightness, contrast, saturation, hue) < 0 or hue > 0.5:
            raise ConfigError(
                'PhotoMetricFactors needs numbers from 0 upwards, hue up to 0.5, got '
                f'{brightness}, {contrast}, {saturation}, {hue}'
            )
        self.widths = {
            BRIGHTNESS: brightness, CONTRAST: contrast, SATURATION: saturation, HUE: hue
        }  # fmt: skip

    def transform(self, results: dict) -> dict:
        """Draw and apply the changes.

        Raises:
            ConfigError: The image is not one of three uint8 bands.
        """
        img = results['img']
        if img.ndim != 3 or img.shape[2] != 3 or img.dtype != np.uint8:
            raise ConfigError(
                'PhotoMetricFactors needs three bands of uint8 (BGR), got '
                f'{img.dtype} of {img.shape} ({results.get("img_path")}); leave it out of the '
                'pipeline for such data'
            )
        results['img'] = adjust(img, self._draw())
        return results

    def _draw(self) -> list[tuple[str, float]]:
        steps = self._draw_one(BRIGHTNESS)
        contrast_first = np.random.randint(2) == 1
        if contrast_first:
            steps += self._draw_one(CONTRAST)
        steps += self._draw_one(SATURATION) + self._draw_one(HUE)
        return steps if contrast_first else steps + self._draw_one(CONTRAST)

    def _draw_one(self, name: str) -> list[tuple[str, float]]:
        if not np.random.randint(2):
            return []
        width, middle = self.widths[name], 0.0 if name == HUE else 1.0
        return [(name, np.random.uniform(max(middle - width, -0.5 if name == HUE else 0.0),
                                         middle + width))]  # fmt: skip

    def __repr__(self) -> str:
        widths = ', '.join(f'{name}={width:.4g}' for name, width in self.widths.items())
        return f'{type(self).__name__}({widths})'


def adjust(img: np.ndarray, steps: list[tuple[str, float]]) -> np.ndarray:
    """Change an image's colours by Pillow's operations, as ``torchvision.transforms`` does.

    Args:
        img: (H, W, 3) uint8, BGR.
        steps: Any of ``OPERATIONS`` with its factor; for the hue, parts of the circle.
    """
    from PIL import Image, ImageEnhance

    enhancers = {
        BRIGHTNESS: ImageEnhance.Brightness,
        CONTRAST: ImageEnhance.Contrast,
        SATURATION: ImageEnhance.Color,
    }
    picture = Image.fromarray(np.ascontiguousarray(img[..., ::-1]))
    for name, factor in steps:
        turned = name == HUE
        picture = _turn_hue(picture, factor) if turned else enhancers[name](picture).enhance(factor)
    return np.ascontiguousarray(np.asarray(picture)[..., ::-1])


def _turn_hue(picture, part: float):  # noqa: ANN001, ANN202 - a PIL image, imported on use
    from PIL import Image

    hue, saturation, value = picture.convert('HSV').split()
    turned = (np.asarray(hue).astype(np.int64) + int(part * 255)) % 256
    hue = Image.fromarray(turned.astype(np.uint8))
    return Image.merge('HSV', (hue, saturation, value)).convert('RGB')
