"""Write tests/test_models/golden.json: numbers of small models, made with MMSegmentation.

Usage: PYTHON benchmarks/parity/make_golden.py FILE
PYTHON is the interpreter of an environment with MMSegmentation 1.2.2.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import torch
from mmengine.config import ConfigDict
from recipe import fill, integers, uniform
from sides import PEER, Side
from torch import nn

D8 = {'strides': (1, 2, 1, 1), 'dilations': (1, 1, 2, 4), 'contract_dilation': True}
MG = {
    'strides': (1, 2, 2, 1), 'dilations': (1, 1, 1, 2), 'contract_dilation': True,
    'multi_grid': (1, 2, 4),
}  # fmt: skip
TWO_STAGES = {'num_stages': 2, 'strides': (1, 2), 'dilations': (1, 1), 'out_indices': (0, 1)}
NARROW = {'stem_channels': 8, 'base_channels': 8}
PLUGIN = {
    'cfg': {'type': 'ContextBlock', 'ratio': 0.25}, 'position': 'after_conv3',
    'stages': (False, True),
}  # fmt: skip
CLASSES, SIZE, UNET_SIZE = 4, (41, 57), (48, 32)


def head(kind: str, in_channels: int, in_index: int, **options: object) -> dict:
    """Config of a small head."""
    return {
        'type': kind, 'in_channels': in_channels, 'in_index': in_index, 'channels': 6,
        'num_classes': CLASSES, 'norm_cfg': {'type': 'BN'}, 'dropout_ratio': 0, **options,
    }  # fmt: skip


def v3plus(deep: int, low: int, **options: object) -> dict:
    """Config of DeepLabV3+'s head."""
    options = {'dilations': (1, 2, 3), 'c1_in_channels': low, 'c1_channels': 3, **options}
    return head('DepthwiseSeparableASPPHead', deep, 3, **options)


def v3(deep: int, index: int = 3, **options: object) -> dict:
    """Config of DeepLabV3's head."""
    return head('ASPPHead', deep, index, **{'dilations': (1, 2, 4), **options})


def fcn(channels: int, index: int, **options: object) -> dict:
    """Config of the auxiliary head."""
    return head('FCNHead', channels, index, **{'num_convs': 1, 'concat_input': False, **options})


SAMPLER = {'type': 'OHEMPixelSampler', 'min_kept': 400}
UP = {'type': 'DeconvModule', 'kernel_size': 4}
MODELS = {
    'v3plus r18-d8': (
        {'type': 'ResNetV1c', 'depth': 18, **D8, **NARROW}, v3plus(64, 8), fcn(32, 2)
    ),
    'v3plus r50-d16-mg124, OHEM, align_corners': (
        {'type': 'ResNetV1c', 'depth': 50, **MG, **NARROW},
        v3plus(256, 32, sampler=SAMPLER, align_corners=True), fcn(128, 2, align_corners=True),
    ),
    'v3 r50-d8, plain stem, caffe': (
        {'type': 'ResNet', 'depth': 50, 'style': 'caffe', **D8, **NARROW}, v3(256),
        fcn(128, 2, num_convs=2, concat_input=True),
    ),
    'v3 r50, V1d, plugins': (
        {'type': 'ResNetV1d', 'depth': 50, 'plugins': [PLUGIN], **TWO_STAGES, **NARROW},
        v3(64, 1), None,
    ),
    'v3plus mobilenet-v2-d8': (
        {
            'type': 'MobileNetV2', 'widen_factor': 0.25, 'strides': (1, 2, 2, 1, 1, 1, 1),
            'dilations': (1, 1, 1, 2, 2, 4, 4), 'out_indices': (1, 2, 4, 6),
        },
        v3plus(80, 8), fcn(24, 2),
    ),
    'v3plus resnest50-d8': (
        {'type': 'ResNeSt', 'depth': 50, **D8, **NARROW}, v3plus(256, 32), fcn(128, 2)
    ),
    'v3 resnest50, groups 2, radix 1, strided convolutions': (
        {
            'type': 'ResNeSt', 'depth': 50, 'groups': 2, 'radix': 1, 'avg_down_stride': False,
            'base_width': 4, 'reduction_factor': 2, **TWO_STAGES, **NARROW,
        },
        v3(64, 1), None,
    ),
    'v3 resnest50, groups 2, radix 3': (
        {
            'type': 'ResNeSt', 'depth': 50, 'groups': 2, 'radix': 3, 'base_width': 9,
            **TWO_STAGES, **NARROW,
        },
        v3(64, 1), None,
    ),
    'v3 unet': ({'type': 'UNet', 'base_channels': 4}, v3(4, 4), fcn(8, 3)),
    'v3 unet, strides, no downsampling, transposed convolutions': (
        {
            'type': 'UNet', 'base_channels': 4, 'strides': (1, 2, 1, 1, 1), 'upsample_cfg': UP,
            'downsamples': (True, True, False, True), 'enc_dilations': (1, 1, 1, 2, 2),
        },
        v3(4, 4), None,
    ),
}  # fmt: skip
# PyTorch's float64 depthwise convolution takes seconds backwards: these go forwards only
FORWARD_ONLY = {name for name in MODELS if name.startswith('v3plus')}
FULL_SIZE = {
    'MobileNetV2': {'type': 'MobileNetV2'},
    'MobileNetV2 x1.4': {'type': 'MobileNetV2', 'widen_factor': 1.4},
    'ResNeSt-50': {'type': 'ResNeSt', 'depth': 50},
    'ResNeSt-101': {'type': 'ResNeSt', 'depth': 101, 'stem_channels': 128},
    'ResNeSt-200': {'type': 'ResNeSt', 'depth': 200, 'stem_channels': 128},
    'UNet': {'type': 'UNet'},
    'UNet, transposed convolutions': {'type': 'UNet', 'upsample_cfg': {'type': 'DeconvModule'}},
    'ResNetV1d-101': {'type': 'ResNetV1d', 'depth': 101},
}


def digest(model: nn.Module) -> str:
    """Hash of all names and shapes of a state dict, in its order."""
    lines = [f'{name} {tuple(value.shape)}' for name, value in model.state_dict().items()]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()[:16]


def numbers_of(side: Side, model: nn.Module, size: tuple[int, int], backwards: bool) -> dict:
    """Logits (their norm and every 37th number), losses and the norm of the gradients.

    Args:
        side: The package.
        model: In float64.
        size: Height and width of the input, pixels.
        backwards: The norm of the gradients too.
    """
    fill(model)
    images = uniform('images', 2, 3, *size) * 2
    labels = integers('labels', CLASSES, 2, *size)
    labels[1, :9] = 255
    with torch.no_grad():
        logits = model.eval()(images, mode='tensor')
    with torch.set_grad_enabled(backwards):
        losses = model.train()(images, [side.sample(each) for each in labels], mode='loss')
    numbers = {
        'norm': logits.norm().item(),
        'logits': logits.flatten()[::37][:12].tolist(),
        'losses': {name: v.item() for name, v in losses.items() if 'loss' in name},
    }
    if backwards:
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        numbers['gradient norm'] = torch.cat(gradients).norm().item()
    return numbers


def main() -> None:
    """Make the file."""
    side = Side(PEER)
    golden: dict[str, dict] = {'models': {}, 'full size': {}}
    for name, (backbone, decode_head, auxiliary_head) in MODELS.items():
        cfg = {
            'type': 'EncoderDecoder', 'backbone': backbone, 'decode_head': decode_head,
            'auxiliary_head': auxiliary_head, 'test_cfg': {'mode': 'whole'},
        }  # fmt: skip
        size = UNET_SIZE if backbone['type'] == 'UNet' else SIZE
        model = side.build('MODELS', ConfigDict(cfg)).double()
        made = {'cfg': cfg, 'size': size, 'state dict': digest(model)}
        backwards = name not in FORWARD_ONLY
        golden['models'][name] = made | numbers_of(side, model, size, backwards)
    for name, cfg in FULL_SIZE.items():
        model = side.build('MODELS', ConfigDict(cfg))
        made = {'entries': len(model.state_dict()), 'state dict': digest(model)}
        made['parameters'] = sum(p.numel() for p in model.parameters())
        golden['full size'][name] = {'cfg': cfg, **made}
    Path(sys.argv[1]).write_text(json.dumps(golden, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
