"""A tiny model's config, and images for it."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.sync_bn import replace_sync_bn

NAMES = ('field', 'road', 'water')
PALETTE = [[10, 200, 30], [250, 250, 250], [0, 0, 255]]


def tiny_config(num_classes=3, in_channels=3, **more):
    """A DeepLabV3+ of 8 channels with SyncBN, as a config for many GPUs has it."""
    norm = {'type': 'SyncBN', 'requires_grad': True}
    model = {
        'type': 'EncoderDecoder',
        'data_preprocessor': {
            'type': 'SegDataPreProcessor',
            'mean': [100.0] * in_channels,
            'std': [50.0] * in_channels,
            'bgr_to_rgb': in_channels == 3,
            'size': (64, 64),
        },
        'pretrained': 'open-mmlab://resnet18_v1c',  # not reachable, and not needed
        'backbone': {
            'type': 'ResNetV1c',
            'depth': 18,
            'in_channels': in_channels,
            'stem_channels': 8,
            'base_channels': 8,
            'strides': (1, 2, 1, 1),
            'dilations': (1, 1, 2, 4),
            'contract_dilation': True,
            'norm_cfg': norm,
        },
        'decode_head': {
            'type': 'DepthwiseSeparableASPPHead',
            'in_channels': 64,
            'in_index': 3,
            'channels': 8,
            'dilations': (1, 2, 3, 4),
            'c1_in_channels': 8,
            'c1_channels': 4,
            'num_classes': num_classes,
            'norm_cfg': norm,
            'loss_decode': {'type': 'CrossEntropyLoss'},
        },
        'test_cfg': {'mode': 'whole'},
    }
    pipeline = [
        {'type': 'LoadImageFromFile'},
        {'type': 'Resize', 'scale': (64, 64), 'keep_ratio': True},
        {'type': 'LoadAnnotations'},
        {'type': 'PackSegInputs'},
    ]
    views = [
        [{'type': 'Resize', 'scale_factor': ratio, 'keep_ratio': True} for ratio in (0.5, 1.0)],
        [{'type': 'RandomFlip', 'prob': p, 'direction': 'horizontal'} for p in (0.0, 1.0)],
        [{'type': 'LoadAnnotations'}],
        [{'type': 'PackSegInputs'}],
    ]
    return {
        'default_scope': 'mmseg_deeplab',
        'model': model,
        'test_pipeline': pipeline,
        'tta_pipeline': [pipeline[0], {'type': 'TestTimeAug', 'transforms': views}],
        'test_dataloader': {
            'dataset': {
                'type': 'BaseSegDataset',
                'metainfo': {'classes': NAMES, 'palette': PALETTE},
                'pipeline': pipeline,
            },
        },
        **more,
    }


def save_checkpoint(path, meta, in_channels=3, num_classes=3):
    """Weights that a seed gives, with which different patches get different classes."""
    torch.manual_seed(3)
    config = tiny_config(num_classes, in_channels)['model']
    model = MODELS.build({**config, 'pretrained': None})
    replace_sync_bn(model)
    model.train()
    for _ in range(20):  # let the running statistics be those of such pictures
        patches = torch.randn(4, in_channels, 5, 7)
        model.network(patches.repeat_interleave(8, 2).repeat_interleave(8, 3))
    model.eval()
    with torch.no_grad():
        model.decode_head.conv_seg.weight.normal_()
        logits = model.network(patches.repeat_interleave(8, 2).repeat_interleave(8, 3))
        model.decode_head.conv_seg.bias -= logits.mean(dim=(0, 2, 3))  # no class wins everywhere
    torch.save({'meta': meta, 'state_dict': model.state_dict()}, path)
    return path


def picture(height=40, width=56, seed=0):
    """(height, width, 3) uint8 with large patches of colour."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 255, (5, 7, 3), dtype=np.uint8)
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST)


def write_images(folder, count=3, **size):
    """``count`` PNGs named 0.png, 1.png, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        cv2.imwrite(str(folder / f'{index}.png'), picture(seed=index, **size))
    return folder
