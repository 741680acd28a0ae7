"""The fully connected CRF that sharpens a segmentation along the edges of the image.

Krähenbühl, Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials",
2011; as DeepLab v2 uses it (Chen et al., 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmseg_deeplab.inference.crf.terms import (
    ExactBilateral,
    ExactGaussian,
    FastBilateral,
    FastGaussian,
    PairwiseTerm,
    bilateral_features,
)
from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError, DataError

_SURE = 1e-5  # probabilities below are taken for this: no network is surer of a class's absence


@dataclass(frozen=True)
class DenseCRF:
    """Mean-field inference in a dense CRF with a Gaussian and a bilateral term.

    Starting from the network's probabilities p, ``iter_max`` times for all pixels at once::

        Q = softmax(log max(p, 1e-5) + pos_w * G(Q) + bi_w * B(Q))

    G sums Q over the neighbours in the picture, B over pixels near in place and colour; both
    include the pixel itself and are normalised symmetrically. The defaults are those of DeepLab
    v2 for COCO-Stuff and PASCAL VOC.

    Attributes:
        iter_max: Steps, 0 or more.
        pos_w: Weight of the Gaussian term.
        pos_xy_std: Its reach, pixels.
        bi_w: Weight of the bilateral term.
        bi_xy_std: Its reach in place, pixels.
        bi_rgb_std: Its reach in colour, grey levels.
        exact: Compute every pair of pixels, in float64 (for small images: time grows with the
            square of the pixels). Else the bilateral term is filtered on a permutohedral
            lattice in float32, and time grows with the pixels.

    Raises:
        ConfigError: A value is out of its range.
    """

    iter_max: int = 10
    pos_w: float = 3.0
    pos_xy_std: float = 1.0
    bi_w: float = 4.0
    bi_xy_std: float = 67.0
    bi_rgb_std: float = 3.0
    exact: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.iter_max, bool) or not isinstance(self.iter_max, int):
            raise ConfigError(f'crf.iter_max must be a whole number, got {self.iter_max!r}')
        for name in ('iter_max', 'pos_w', 'bi_w'):
            self._require(name, at_least_zero=True)
        for name in ('pos_xy_std', 'bi_xy_std', 'bi_rgb_std'):
            self._require(name, at_least_zero=False)

    @classmethod
    def from_cfg(cls, settings: Mapping[str, Any] | None) -> DenseCRF:
        """The CRF of a config's ``crf``; without it, that of DeepLab v2.

        Raises:
            ConfigError: Unknown key, or a value out of its range.
        """
        known = [field.name for field in fields(cls)]
        for key in settings or {}:
            if key not in known:
                near = nearest_names(key, known)
                hint = f'did you mean {near[0]}?' if near else f'known are {", ".join(known)}'
                raise ConfigError(f'crf has the unknown key {key!r}; {hint}')
        return cls(**(settings or {}))

    def __call__(self, image: np.ndarray, probabilities: np.ndarray | Tensor) -> np.ndarray:
        """Refine one image's probabilities.

        Args:
            image: (H, W, 3) uint8, the image as it is stored, RGB or BGR: not normalised.
            probabilities: (K, H, W) float, K at least 2, classes of a pixel summing to 1.

        Returns:
            (K, H, W) probabilities, float32, or float64 if ``exact``. The class of each pixel
            is their argmax.

        Raises:
            DataError: Shapes or types do not fit, or values are no probabilities.
        """
        given = torch.as_tensor(probabilities).detach().cpu()
        _check(image, given)
        classes, *size = given.shape
        numbers = torch.float64 if self.exact else torch.float32
        known = given.reshape(classes, -1).T.to(numbers, copy=True)  # (N, K)
        known = known.clamp_(min=_SURE, max=1).log_()
        terms = self._terms(image)
        beliefs = known.softmax(dim=1)
        for _ in range(self.iter_max):
            scores = known.clone()
            for weight, term in terms:
                scores.add_(term(beliefs), alpha=weight)
            beliefs = torch.softmax(scores, dim=1)
        return np.ascontiguousarray(beliefs.T.numpy()).reshape(classes, *size)

    def _terms(self, image: np.ndarray) -> list[tuple[float, PairwiseTerm]]:
        """The terms that count, with their weights."""
        terms: list[tuple[float, PairwiseTerm]] = []
        if self.iter_max and self.pos_w:
            gaussian = ExactGaussian if self.exact else FastGaussian
            terms.append((self.pos_w, gaussian(image.shape[:2], self.pos_xy_std)))
        if self.iter_max and self.bi_w:
            bilateral = ExactBilateral if self.exact else FastBilateral
            features = bilateral_features(image, self.bi_xy_std, self.bi_rgb_std)
            terms.append((self.bi_w, bilateral(features)))
        return terms

    def _require(self, name: str, *, at_least_zero: bool) -> None:
        value = getattr(self, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not np.isfinite(value) or value < 0 or (not value and not at_least_zero):
            wanted = '0 or more' if at_least_zero else 'above 0'
            raise ConfigError(f'crf.{name} must be a number {wanted}, got {value!r}')


def _check(image: np.ndarray, probabilities: Tensor) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape[2:] != (3,):
        what = f'{image.dtype} {image.shape}' if isinstance(image, np.ndarray) else type(image)
        raise DataError(
            f'the CRF needs the image as it is stored, (H, W, 3) uint8, got {what}; '
            'do not normalise it'
        )
    shape = tuple(probabilities.shape)
    if len(shape) != 3 or shape[0] < 2 or shape[1:] != image.shape[:2]:
        raise DataError(
            f'the CRF needs probabilities (K, H, W) of 2 or more classes at the size of the '
            f'image, (K, {image.shape[0]}, {image.shape[1]}), got {shape}; resize the logits first'
        )
    low, high = (float(value) for value in probabilities.aminmax())
    if not (low >= 0 and high <= 1 + 1e-3):  # also false for nan
        raise DataError(
            f'the CRF needs probabilities from 0 to 1, got {low:g} to {high:g}; '
            'take the softmax of logits first'
        )
