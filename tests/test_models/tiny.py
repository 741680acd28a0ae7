"""Models small enough to train in a test, and full ones as configs write them."""

from __future__ import annotations

import torch
from mmengine.structures import PixelData

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import SegDataSample

BN = {'type': 'BN', 'requires_grad': True}
D8 = {'strides': (1, 2, 1, 1), 'dilations': (1, 1, 2, 4)}
D16 = {'strides': (1, 2, 2, 1), 'dilations': (1, 1, 1, 2)}
TINY_CHANNELS = (4, 8, 16, 32)  # of the tiny backbone's maps


def tiny_segmentor_cfg(num_classes=3, in_channels=3, **changes):
    """EncoderDecoder of DeepLabV3+ on an R-18 of four channels; ``changes`` replace its keys."""
    cfg = {
        'type': 'EncoderDecoder',
        'data_preprocessor': {'type': 'SegDataPreProcessor', 'size': (32, 32)},
        'backbone': {
            'type': 'ResNetV1c', 'depth': 18, 'in_channels': in_channels,
            'stem_channels': 4, 'base_channels': 4, 'contract_dilation': True, **D8,
        },
        'decode_head': {
            'type': 'DepthwiseSeparableASPPHead', 'in_channels': 32, 'in_index': 3, 'channels': 8,
            'c1_in_channels': 4, 'c1_channels': 2, 'dilations': (1, 2, 3),
            'num_classes': num_classes, 'norm_cfg': BN,
        },
        'auxiliary_head': {
            'type': 'FCNHead', 'in_channels': 16, 'in_index': 2, 'channels': 4, 'num_convs': 1,
            'concat_input': False, 'num_classes': num_classes, 'norm_cfg': BN,
            'loss_decode': {'type': 'CrossEntropyLoss', 'loss_weight': 0.4},
        },
        'test_cfg': {'mode': 'whole'},
    }  # fmt: skip
    return cfg | changes


def tiny_segmentor(**options):
    """A built tiny segmentor, in training mode."""
    return MODELS.build(tiny_segmentor_cfg(**options))


def sample(labels, **metainfo):
    """A data sample with ground truth (H, W)."""
    shape = tuple(labels.shape)
    shapes = {'ori_shape': shape, 'img_shape': shape, 'pad_shape': shape}
    return SegDataSample(gt_sem_seg=PixelData(data=labels[None].long()), metainfo=shapes | metainfo)


def batch(num_classes=3, size=(32, 32), count=2, in_channels=3):
    """Random images (N, C, H, W) and samples with random labels."""
    images = torch.randn(count, in_channels, *size)
    return images, [sample(torch.randint(0, num_classes, size)) for _ in range(count)]


def zoo_cfg(depth, num_classes, *, v3plus=True, stem='ResNetV1c', d16=False, multi_grid=None):
    """EncoderDecoder with the zoo's widths, written out as its configs do."""
    small = depth in (18, 34)
    head = {
        'type': 'DepthwiseSeparableASPPHead' if v3plus else 'ASPPHead',
        'in_channels': 512 if small else 2048,
        'in_index': 3,
        'channels': 128 if small else 512,
        'dilations': (1, 6, 12, 18) if d16 else (1, 12, 24, 36),
        'num_classes': num_classes,
        'norm_cfg': {'type': 'SyncBN', 'requires_grad': True},
    }
    if v3plus:
        head |= {'c1_in_channels': 64 if small else 256, 'c1_channels': 12 if small else 48}
    backbone = {
        'type': stem,
        'depth': depth,
        'contract_dilation': True,
        'multi_grid': multi_grid,
        'norm_cfg': {'type': 'SyncBN', 'requires_grad': True},
        **(D16 if d16 else D8),
    }
    auxiliary = {
        'type': 'FCNHead',
        'in_channels': 256 if small else 1024,
        'in_index': 2,
        'channels': 64 if small else 256,
        'num_convs': 1,
        'concat_input': False,
        'num_classes': num_classes,
        'norm_cfg': {'type': 'SyncBN', 'requires_grad': True},
        'loss_decode': {'type': 'CrossEntropyLoss', 'loss_weight': 0.4},
    }
    return {
        'type': 'EncoderDecoder',
        'backbone': backbone,
        'decode_head': head,
        'auxiliary_head': auxiliary,
    }
