"""Weights for three bands in a model of another number of bands.

Legend of shapes: O output channels, M bands of the file, N bands of the model, h, w kernel.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mmseg_deeplab.utils.errors import ConfigError

WAYS = ('mean', 'copy')


def first_conv_name(own: Mapping[str, Tensor]) -> str | None:
    """The name of the convolution that sees the image.

    Args:
        own: A model's or backbone's state, in the order in which its layers are registered:
            ``stem.0.weight``, ``conv1.weight``, ``backbone.conv1.conv.weight``, ...

    Returns:
        The first four-dimensional entry's name; None where there is none.
    """
    return next((name for name, value in own.items() if value.ndim == 4), None)


def differs_in_bands(given: Tensor, own: Tensor) -> bool:
    """Whether two kernels (O, M, h, w) and (O, N, h, w) differ in M and N alone."""
    same_rest = (given.shape[0], *given.shape[2:]) == (own.shape[0], *own.shape[2:])
    return given.ndim == own.ndim == 4 and same_rest and given.shape[1] != own.shape[1]


def adapt_kernel(kernel: Tensor, bands: int, how: str) -> Tensor:
    """A kernel for another number of bands, whose answers are about as large as before.

    Both ways multiply by M / N, so that N equal bands give what M equal bands gave.

    Args:
        kernel: (O, M, h, w).
        bands: N.
        how: ``'mean'``: each band gets the mean over the M bands, which suits bands that are
            not red, green and blue, or not in that order. ``'copy'``: band n gets the file's
            band n modulo M, which keeps colour where the first bands are red, green and blue.

    Returns:
        (O, N, h, w), of the kernel's dtype.

    Raises:
        ConfigError: ``how`` is neither.
    """
    check_way(how)
    given = kernel.shape[1]
    wide = kernel.to(torch.promote_types(kernel.dtype, torch.float32))
    if how == 'mean':
        taken = wide.mean(dim=1, keepdim=True).expand(-1, bands, -1, -1)
    else:
        taken = wide[:, torch.arange(bands) % given]
    return (taken * (given / bands)).to(kernel.dtype)


def check_way(how: str | None) -> None:
    """Refuse an unknown way of adapting.

    Args:
        how: One of ``WAYS``, or None for none.

    Raises:
        ConfigError: It is neither.
    """
    if how is not None and how not in WAYS:
        raise ConfigError(f"first_conv must be 'mean', 'copy' or None, got {how!r}")


def adapted(
    given: Mapping[str, Tensor], own: Mapping[str, Tensor], how: str | None
) -> tuple[str, Tensor] | None:
    """The first convolution's entry for the model's bands, if it has to be another.

    Args:
        given: The file's entries, under the model's names.
        own: The model's state.
        how: See :func:`adapt_kernel`; None adapts nothing.

    Returns:
        Name and kernel; None where the bands agree, ``how`` is None, or no band count would
        make the two fit.
    """
    check_way(how)
    name = first_conv_name(own)
    if how is None or name not in given or not differs_in_bands(given[name], own[name]):
        return None
    return name, adapt_kernel(given[name], own[name].shape[1], how)
