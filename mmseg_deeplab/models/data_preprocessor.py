"""From a list of images to one normalised batch on the device.

Legend of shapes: N batch, C bands, H, W image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SampleList
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.misc import Size, pad_and_stack, stack_batch

BatchAugment = Callable[[Tensor, SampleList], tuple[Tensor, SampleList]]


@MODELS.register_module()
class SegDataPreProcessor(BaseDataPreprocessor):
    """Swap colours, normalise, pad and stack, in this order; padding is thus in normalised units.

    In training images and labels are padded at the right and bottom; in testing only images
    are, and only with ``test_cfg``.

    Args:
        mean: Of each band, in the image's own units; one number serves all bands.
        std: Of each band; both or neither are given.
        size: Height and width (pixels) that training images are padded to, never cropped.
        size_divisor: Instead: pad to the next multiple of it above the batch's largest image.
        pad_val: Value of padded pixels, after normalisation.
        seg_pad_val: Label of padded pixels.
        bgr_to_rgb: Reverse the order of the bands, if there are exactly three.
        rgb_to_bgr: The same.
        batch_augments: Called with the batch and its samples in training, returns both; or a
            config, or a list of configs, of such.
        test_cfg: ``dict(size=...)`` or ``dict(size_divisor=...)``: pad in testing too.
        non_blocking: Copy to the device without waiting.

    Raises:
        ConfigError: Arguments that do not fit each other.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        size: Size | None = None,
        size_divisor: int | None = None,
        pad_val: float = 0,
        seg_pad_val: int = 255,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        batch_augments: BatchAugment | dict | list[dict] | None = None,
        test_cfg: dict | None = None,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        _check_normalisation(mean, std)
        if bgr_to_rgb and rgb_to_bgr:
            raise ConfigError(
                'bgr_to_rgb and rgb_to_bgr must not both be True; they undo each other'
            )
        if size is not None and size_divisor is not None:
            raise ConfigError(
                f'size and size_divisor must not both be set, got {size} and {size_divisor}'
            )
        for name, value in (('size', size), ('test_cfg.size', (test_cfg or {}).get('size'))):
            if value is not None and not (isinstance(value, (list, tuple)) and len(value) == 2):
                raise ConfigError(f'{name} must be (height, width) in pixels, got {value}')
        self.size = size
        self.size_divisor = size_divisor
        self.pad_val = pad_val
        self.seg_pad_val = seg_pad_val
        self.swap_colours = bgr_to_rgb or rgb_to_bgr
        self.batch_augments = _build_augments(batch_augments)
        self.test_cfg = _checked_test_cfg(test_cfg)
        # not persistent: published checkpoints have no such keys
        for name, values in (('mean', mean), ('std', std)):
            buffer = None if values is None else torch.tensor(values).float().view(-1, 1, 1)
            self.register_buffer(name, buffer, persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """A batch that the model takes.

        Args:
            data: ``inputs``: list of (C, H, W) of any dtype, or (N, C, H, W); ``data_samples``:
                list of samples, may be missing in testing.
            training: Pad labels as well, and augment.

        Returns:
            ``inputs`` (N, C, H, W) float32 and ``data_samples`` (new objects) or None.

        Raises:
            DataError: Images of other shapes or band counts than the rest or ``mean`` allow.
            ConfigError: Training without exactly one of ``size`` and ``size_divisor``.
        """
        data = self.cast_data(data)
        images = [
            self._normalised(image)
            for image in self._checked(data['inputs'], data.get('data_samples'))
        ]
        samples = data.get('data_samples')
        if training:
            return self._train_batch(images, samples)
        return self._test_batch(images, samples)

    def _train_batch(self, images: list[Tensor], samples: SampleList | None) -> dict[str, Any]:
        if samples is None:
            raise DataError('data_samples must be given in training, got none')
        if self.size is None and self.size_divisor is None:
            raise ConfigError(
                'size or size_divisor of SegDataPreProcessor must be set for training, got '
                'neither; set size=crop_size'
            )
        batch, samples = stack_batch(
            images, samples, self.size, self.size_divisor, self.pad_val, self.seg_pad_val
        )
        for augment in self.batch_augments:
            batch, samples = augment(batch, samples)
        return {'inputs': batch, 'data_samples': samples}

    def _test_batch(self, images: list[Tensor], samples: SampleList | None) -> dict[str, Any]:
        sizes = {tuple(image.shape[-2:]) for image in images}
        if len(sizes) > 1:
            raise DataError(
                f'images of one test batch must be of one size, got {sorted(sizes)}; '
                'set batch_size=1'
            )
        if not self.test_cfg:
            batch = images[0][None] if len(images) == 1 else torch.stack(images)
            return {'inputs': batch, 'data_samples': samples}
        height, width = sizes.pop()
        size, divisor = self.test_cfg.get('size'), self.test_cfg.get('size_divisor')
        batch = pad_and_stack(images, size, divisor, self.pad_val)
        pad_shape = tuple(batch.shape[-2:])
        right, bottom = pad_shape[1] - width, pad_shape[0] - height
        for sample in samples or ():
            own = sample.metainfo.get('img_padding_size', (0, 0, 0, 0))  # of the pipeline's Pad
            padding = (own[0], own[1] + right, own[2], own[3] + bottom)
            sample.set_metainfo({'img_padding_size': padding, 'pad_shape': pad_shape})
        return {'inputs': batch, 'data_samples': samples}

    def _checked(self, inputs: Sequence[Tensor], samples: SampleList | None) -> Sequence[Tensor]:
        if len(inputs) == 0 or any(image.dim() != 3 for image in inputs):
            raise DataError(
                'inputs must be images of shape (C, H, W), got '
                f'{[tuple(image.shape) for image in inputs]}'
            )
        bands = sorted({image.shape[0] for image in inputs})
        if len(bands) > 1:
            raise DataError(
                f'images of one batch must have one number of bands, got {bands}{_files(samples)}'
            )
        if self.mean is not None and len(self.mean) not in (1, bands[0]):
            raise DataError(
                f'images must have {len(self.mean)} bands, one per entry of mean, got {bands[0]}'
                f'{_files(samples)}; '
                'correct mean and std of the data_preprocessor or the bands that are read'
            )
        return inputs

    def _normalised(self, image: Tensor) -> Tensor:
        if self.swap_colours and image.shape[0] == 3:
            image = image.flip(0)
        if self.mean is None:
            return image.float()
        # in place, in one new map: three at a time would be 1.3 GB of a 6000 x 6000 image
        return image.to(torch.float32, copy=True).sub_(self.mean).div_(self.std)


def _files(samples: SampleList | None) -> str:
    """The image files of a batch, for a message; nothing where they are not known."""
    paths = [str(sample.get('img_path')) for sample in samples or () if sample.get('img_path')]
    return f' in {", ".join(paths)}' if paths else ''


def _check_normalisation(mean: Sequence[float] | None, std: Sequence[float] | None) -> None:
    if (mean is None) != (std is None):
        raise ConfigError(f'mean and std must be given together, got mean={mean} and std={std}')
    if mean is None:
        return
    if len(mean) != len(std):
        raise ConfigError(f'mean and std must have one length, got {len(mean)} and {len(std)}')
    if min(std) <= 0:
        raise ConfigError(f'std must be above 0 for every band, got {list(std)}')


def _checked_test_cfg(test_cfg: dict | None) -> dict:
    test_cfg = dict(test_cfg or {})
    unknown = set(test_cfg) - {'size', 'size_divisor'}
    if unknown or (test_cfg and sum(value is not None for value in test_cfg.values()) != 1):
        raise ConfigError(
            f'test_cfg must be dict(size=...) or dict(size_divisor=...), got {test_cfg}'
        )
    return test_cfg


def _build_augments(
    batch_augments: BatchAugment | dict | list[dict] | None,
) -> list[BatchAugment]:
    if batch_augments is None:
        return []
    several = batch_augments if isinstance(batch_augments, (list, tuple)) else [batch_augments]
    return [MODELS.build(cfg) if isinstance(cfg, dict) else cfg for cfg in several]
