"""From arrays to what the model takes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData

from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.structures import SegDataSample

META_KEYS = (
    'img_path',
    'seg_map_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'img_padding_size',
    'scale_factor',
    'flip',
    'flip_direction',
    'reduce_zero_label',
    'sample_idx',
    'group',
    'own_part',
)
# what PyTorch can hold and a preprocessor can turn to float32 without loss
_TENSOR_TYPES = {'uint8': np.uint8, 'bool': np.uint8, 'uint16': np.int32}


@TRANSFORMS.register_module()
class PackSegInputs(BaseTransform):
    """Turn a sample into ``inputs`` and ``data_samples``.

    Required keys:
        - ``img``: (H, W) or (H, W, C), any real type (optional)
        - ``gt_seg_map``, ``gt_seg_map_NAME``: (H, W) (optional)
        - ``valid_mask``: (H0, W0) bool (optional)
        - and those of ``meta_keys`` that are there

    Added keys (nothing else is left):
        - ``inputs``: (C, H, W) tensor; uint8 stays, uint16 becomes int32, all else float32
        - ``data_samples``: SegDataSample with ``gt_sem_seg``, ``gt_sem_seg_NAME``
          (1, H, W) int64, ``valid_mask`` (1, H0, W0) bool, and the metainfo

    Args:
        meta_keys: Keys that become metainfo, where the sample has them.
    """

    def __init__(self, meta_keys: Sequence[str] = META_KEYS) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack a sample."""
        packed = {}
        if 'img' in results:
            packed['inputs'] = _to_tensor(results['img'])
        sample = SegDataSample(metainfo={k: results[k] for k in self.meta_keys if k in results})
        for key in results:
            if key == 'gt_seg_map' or key.startswith('gt_seg_map_'):
                # copies: a 1x1 view counts as contiguous even with a negative stride
                label = torch.from_numpy(np.array(results[key], dtype=np.int64, order='C'))
                field = key.replace('seg_map', 'sem_seg', 1)
                setattr(sample, field, PixelData(data=label[None]))
        if results.get('valid_mask') is not None:
            valid = np.array(results['valid_mask'], order='C')
            sample.valid_mask = PixelData(data=torch.from_numpy(valid)[None])
        packed['data_samples'] = sample
        return packed

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'


def _to_tensor(img: np.ndarray) -> torch.Tensor:
    if img.ndim == 2:
        img = img[:, :, None]
    if img.dtype == np.uint8 and img.shape[2] == 3 and img.size:
        planes = np.empty((3, *img.shape[:2]), dtype=np.uint8)
        cv2.split(img, list(planes))  # twice as fast as NumPy's transposed copy
        return torch.from_numpy(planes)
    kept = _TENSOR_TYPES.get(img.dtype.name, np.float32)
    # a copy always: the array may be a small view of a large image
    return torch.from_numpy(np.array(img.transpose(2, 0, 1), dtype=kept, order='C'))
