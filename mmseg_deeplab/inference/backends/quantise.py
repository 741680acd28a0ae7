"""Eight-bit weights and activations by calibration on a few images, for OpenVINO."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from mmseg_deeplab.inference.backends.choice import import_extra


def quantise_openvino(
    model: str | Path | bytes, images: Sequence[np.ndarray], target: str | Path
) -> Path:
    """Write a quantised model.

    Weights become int8 per channel; activations uint8 or int8, by the range that they have on the
    images. Layers that would lose much by it stay in float.

    Args:
        model: An ONNX file or its content.
        images: Each (B, C, h, w) float32, prepared as for prediction; of any sizes.
        target: The ``.xml`` file; the weights go beside it, into ``.bin``.

    Returns:
        ``target``.

    Raises:
        ConfigError: OpenVINO or nncf is missing.
    """
    openvino = import_extra('openvino')
    nncf = _silent_nncf()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of nncf about its own dependencies
        quantised = nncf.quantize(
            openvino.Core().read_model(model),
            nncf.Dataset(list(images)),
            preset=nncf.QuantizationPreset.MIXED,  # activations after a ReLU lose no bit to a sign
            subset_size=len(images),
        )
    openvino.save_model(quantised, target, compress_to_fp16=False)
    return Path(target)


def _silent_nncf() -> ModuleType:
    """The package, without the reports of its use that it sends over the network."""
    os.environ.setdefault('NNCF_CI', '1')
    nncf = import_extra('nncf')
    nncf.set_log_level(40)  # errors
    return nncf
