"""A PyTorch network as an ONNX file, for any batch, height and width.

Legend of shapes: B images, C bands, h, w pixels, K classes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmseg_deeplab.inference.backends.choice import import_extra
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.first_conv import first_conv_name

EXPORT_VERSION = 1  # another one means: the same network gives another file
# What no stride divides comes first: then no two maps have one size by chance. Some networks
# (UNet) take only multiples of their stride.
_EXAMPLE_SIZES = ((65, 97), (64, 96), (128, 256))
_OPSET = 17
# Largest difference in units of the logits' deviation. Rounding makes 1e-5 of it in float32 and
# 1e-2 in bfloat16; a size that was taken for a constant, 1 and more.
_BOUNDS = {'fp32': 1e-3, 'bf16': 0.2}


def export_onnx(network: nn.Module) -> bytes:
    """What an ONNX file of the network holds.

    The graph is recorded while the network sees an image of noise, so it must do the same for
    every image; :func:`check_export` finds out.

    Args:
        network: Images (B, C, h, w) to logits (B, K, h, w), on the CPU, in ``eval`` mode.

    Raises:
        ConfigError: The onnx package is missing; the network has no convolution, trains, lies on
            another device, or does something that ONNX has no words for.
    """
    import_extra('onnx')
    bands = _checked_bands(network)
    reason: Exception | None = None
    for size in _EXAMPLE_SIZES:
        try:
            return _export(network, _noise(1, bands, size))
        except Exception as error:  # of PyTorch's exporter, or of a user's layers
            reason = reason or error
    raise ConfigError(
        f'{type(network).__name__} cannot be exported to ONNX: {first_line(reason)}; use '
        "backend='torch' for this model"
    ) from reason


def check_export(
    network: nn.Module,
    reference: Callable[[Tensor], Tensor],
    predictor: Callable[[Tensor], Tensor],
    precision: str = 'fp32',
) -> float:
    """Refuse an exported network that does not compute what PyTorch computes.

    Args:
        network: What was exported.
        reference: What PyTorch computes: (B, C, h, w) to (B, K, h, w).
        predictor: What the other runtime computes.
        precision: ``'fp32'`` or ``'bf16'``.

    Returns:
        The largest difference in units of the reference's standard deviation, on two images of
        another size than the network was exported with.

    Raises:
        ConfigError: It is too large.
    """
    bands = _checked_bands(network)
    for height, width in _EXAMPLE_SIZES:
        images = _noise(2, bands, (width, height))
        try:
            with torch.no_grad():
                wanted = reference(images).float()
            break
        except Exception:  # a size that the network does not take; the last one must do
            if (height, width) == _EXAMPLE_SIZES[-1]:
                raise
    try:
        with torch.no_grad():
            got = predictor(images)
        error = float((got - wanted).abs().max() / wanted.std().clamp_min(1e-12))
        found = f'other logits than PyTorch, by {error:.2g} of their standard deviation,'
    except Exception as failure:  # of the runtimes' own many classes
        error, found = float('inf'), f'no logits ({first_line(failure)})'
    if not error <= _BOUNDS[precision]:
        raise ConfigError(
            f'the exported {type(network).__name__} gives {found} for images '
            f'{tuple(images.shape)}; it does something that depends on the size or content of the '
            "image, use backend='torch' for this model"
        )
    return error


def _export(network: nn.Module, example: Tensor) -> bytes:
    file = io.BytesIO()
    free = {0: 'batch', 2: 'height', 3: 'width'}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of what tracing may miss, which is checked afterwards
        if hasattr(torch._C, '_jit_set_onnx_log_enabled'):
            torch._C._jit_set_onnx_log_enabled(False)  # it prints the whole graph at an error
        torch.onnx.export(
            network,
            (example,),
            file,
            dynamo=False,  # the other exporter takes sizes that agree by chance for constants
            opset_version=_OPSET,
            input_names=['images'],
            output_names=['logits'],
            dynamic_axes={'images': free, 'logits': free},
        )
    return file.getvalue()


def _checked_bands(network: nn.Module) -> int:
    name = type(network).__name__
    state = network.state_dict()
    first = first_conv_name(state)
    if first is None:
        raise ConfigError(f'{name} has no convolution; only networks that see images are exported')
    if any(module.training for module in network.modules()):
        raise ConfigError(f'{name} is in training mode; call model.eval() before')
    if state[first].device.type != 'cpu':
        raise ConfigError(f"{name} is on {state[first].device}; call model.to('cpu') before")
    return state[first].shape[1]


def _noise(batch: int, bands: int, size: tuple[int, int]) -> Tensor:
    generator = torch.Generator().manual_seed(0)  # leaves the user's random state alone
    return torch.randn((batch, bands, *size), generator=generator)


def first_line(error: BaseException | None) -> str:
    """The first line of an error's message, cut to what fits into another message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
