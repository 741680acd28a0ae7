"""What a user may ask for: a backend, a precision, and a device that go together."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from mmseg_deeplab.utils.errors import ConfigError

#: precisions of each backend; the first is the one that it has unless another is asked for
_OFFERS = {
    'torch': ('fp32', 'bf16'),
    'openvino': ('fp32', 'bf16', 'int8'),
    'onnxruntime': ('fp32',),
}
BACKENDS = tuple(_OFFERS)
PRECISIONS = ('fp32', 'bf16', 'int8')

_EXTRAS = {'openvino': 'fast', 'onnxruntime': 'fast', 'onnx': 'fast', 'nncf': 'int8'}


@dataclass(frozen=True)
class EngineChoice:
    """A backend and its precision.

    Attributes:
        backend: ``'torch'``, ``'openvino'`` or ``'onnxruntime'``.
        precision: ``'fp32'``; ``'bf16'`` (torch, OpenVINO); ``'int8'`` (OpenVINO, after
            ``mmseg-deeplab quantize``).

    Raises:
        ConfigError: One is unknown, or the backend does not have the precision.
    """

    backend: str = 'torch'
    precision: str = 'fp32'

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ConfigError(f'backend must be one of {BACKENDS}, got {self.backend!r}')
        offered = _OFFERS[self.backend]
        if self.precision not in offered:
            able = [name for name, has in _OFFERS.items() if self.precision in has]
            hint = f'; {self.precision} is there with backend {" or ".join(able)}' if able else ''
            raise ConfigError(
                f'precision of backend {self.backend!r} must be one of {offered}, got '
                f'{self.precision!r}{hint}'
            )

    @property
    def is_plain(self) -> bool:
        """Whether the model's own layers compute, in their own precision."""
        return self == EngineChoice()

    @property
    def is_exported(self) -> bool:
        """Whether another runtime than PyTorch computes."""
        return self.backend != 'torch'

    def device(self, wanted: str | None) -> str | None:
        """The device to build the model on.

        Args:
            wanted: ``'cpu'``, ``'cuda:0'``, ..., or None.

        Returns:
            ``wanted``; the CPU in place of None where another runtime computes.

        Raises:
            ConfigError: The other runtimes compute on the CPU, and ``wanted`` is another device.
        """
        if not self.is_exported:
            return wanted
        if wanted not in (None, 'cpu'):
            raise ConfigError(
                f'backend {self.backend!r} computes on the CPU, got device {wanted!r}; use device '
                "'cpu' (or none), or backend 'torch'"
            )
        return 'cpu'


def import_extra(name: str) -> ModuleType:
    """Import a package that is not among the required ones.

    Args:
        name: ``'openvino'``, ``'onnxruntime'``, ``'onnx'`` or ``'nncf'``.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f'{name} cannot be imported ({error}); install it with: '
            f'pip install ".[{_EXTRAS[name]}]" (in the repository), or: pip install {name}'
        ) from error
