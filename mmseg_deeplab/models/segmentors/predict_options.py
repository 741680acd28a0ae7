"""How a model is tested: ``test_cfg``, checked."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mmseg_deeplab.registry import nearest_names
from mmseg_deeplab.utils.errors import ConfigError


@dataclass(frozen=True)
class PredictOptions:
    """What ``test_cfg`` may say.

    Attributes:
        mode: ``'whole'`` image at once, or ``'slide'`` a window over it.
        crop_size: Height and width of the window, pixels.
        stride: Step of the window down and to the right, pixels, at most ``crop_size``.
        batch_size: Windows in one forward pass.
        also_at_input_size: Keep the prediction at the network input's size besides, as
            ``pred_at_input``; :class:`InputSizeIoUMetric` scores it.
        resize: What is brought to the original image's size: ``'logits'``, by the head's
            ``align_corners``, or ``'probabilities'``, by pixel centres, as MindCV does.
        with_logits: Let predictions have ``seg_logits``. Without, ``'slide'`` keeps the logits of
            one band of rows at a time, and class ids of one byte up to 256 classes.
    """

    mode: str = 'whole'
    crop_size: tuple[int, int] | None = None
    stride: tuple[int, int] | None = None
    batch_size: int = 1
    also_at_input_size: bool = False
    resize: str = 'logits'
    with_logits: bool = True

    @classmethod
    def from_cfg(cls, test_cfg: dict | None) -> PredictOptions:
        """Options of a config's ``test_cfg``.

        Raises:
            ConfigError: Unknown key or mode, or a window that does not fit its stride.
        """
        known = [field.name for field in fields(cls)]
        for key in test_cfg or {}:
            if key not in known:
                near = nearest_names(key, known)
                hint = f'did you mean {near[0]}?' if near else f'known are {", ".join(known)}'
                raise ConfigError(f'test_cfg has the unknown key {key!r}; {hint}')
        return cls(**(test_cfg or {}))

    def __post_init__(self) -> None:
        if self.mode not in ('whole', 'slide'):
            raise ConfigError(f"test_cfg.mode must be 'whole' or 'slide', got {self.mode!r}")
        if self.resize not in ('logits', 'probabilities'):
            raise ConfigError(
                f"test_cfg.resize must be 'logits' or 'probabilities', got {self.resize!r}"
            )
        if self.mode == 'slide':
            self._check_window()

    def _check_window(self) -> None:
        for name in ('crop_size', 'stride'):
            value = getattr(self, name)
            if not _is_size(value):
                raise ConfigError(
                    f"test_cfg.{name} must be (height, width) in pixels with mode='slide', got "
                    f'{value}'
                )
        if any(s > c for s, c in zip(self.stride, self.crop_size, strict=True)):
            raise ConfigError(
                f'test_cfg.stride must be at most crop_size={tuple(self.crop_size)}, got '
                f'{tuple(self.stride)}; a larger step leaves pixels that no window sees'
            )
        if self.batch_size < 1:
            raise ConfigError(f'test_cfg.batch_size must be 1 or more, got {self.batch_size}')


def _is_size(value: object) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(number, int) and number > 0 for number in value)
    )
