"""Eight-bit weights and activations by calibration on a few images, for OpenVINO."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from mmseg_deeplab.inference.backends.choice import import_extra

if TYPE_CHECKING:
    import openvino


def quantise_openvino(
    model: str | Path | bytes, images: Sequence[np.ndarray], target: str | Path
) -> Path:
    """Write a quantised model.

    Weights become int8 per channel; activations uint8 or int8, by the range that they have on the
    images. Depthwise convolutions stay in float: their nine weights average nothing out, and they
    are a small part of the time.

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
        network = openvino.Core().read_model(model)
        quantised = nncf.quantize(
            network,
            nncf.Dataset(list(images)),
            ignored_scope=nncf.IgnoredScope(names=_depthwise(network)),
            preset=nncf.QuantizationPreset.MIXED,  # activations after a ReLU lose no bit to a sign
            subset_size=len(images),
        )
    openvino.save_model(quantised, target, compress_to_fp16=False)
    return Path(target)


def _depthwise(network: openvino.Model) -> list[str]:
    """The names of the convolutions that see one channel each."""
    grouped = [node for node in network.get_ops() if node.get_type_name() == 'GroupConvolution']
    # their kernels: (groups, outputs of a group, inputs of a group, height, width)
    alone = [node for node in grouped if node.input(1).get_partial_shape()[2] == 1]
    return [node.get_friendly_name() for node in alone]


def _silent_nncf() -> ModuleType:
    """The package, without the reports of its use that it sends over the network."""
    os.environ.setdefault('NNCF_CI', '1')
    nncf = import_extra('nncf')
    nncf.set_log_level(40)  # errors
    return nncf
