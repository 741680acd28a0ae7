"""Random weights of timm's backbones, loaded here: the last maps of both, compared.

Usage: python benchmarks/timm_backbones.py --timm PYTHON

PYTHON is the interpreter of an environment with timm, torchvision and safetensors; nothing of
them is imported here.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

RESNEST = dict(type='ResNeSt', radix=2, reduction_factor=4, avg_down_stride=True)
BACKBONES = {
    'resnet18': dict(type='ResNet', depth=18),
    'resnet50': dict(type='ResNet', depth=50),
    'resnet50c': dict(type='ResNetV1c', depth=50),
    'resnet18d': dict(type='ResNetV1d', depth=18),
    'resnet50d': dict(type='ResNetV1d', depth=50),
    'resnest50d': dict(RESNEST, depth=50, stem_channels=64),
    'resnest101e': dict(RESNEST, depth=101, stem_channels=128),
    'mobilenetv2_100': dict(type='MobileNetV2'),
    'mobilenetv2_140': dict(type='MobileNetV2', widen_factor=1.4),
}


def write_with_timm(name: str, folder: Path) -> None:
    """Runs beside timm: weights as its repositories hold them, and the last map of an image."""
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = timm.create_model(name, pretrained=False).eval()
    for key, value in model.state_dict().items():
        if value.ndim > 1:
            value.normal_(std=value[0].numel() ** -0.5)
        elif value.ndim == 1:  # scales and variances near 1, offsets near 0
            is_offset = 'bias' in key or 'mean' in key
            value.uniform_(-0.2, 0.2) if is_offset else value.uniform_(0.5, 1.5)
    save_file(model.state_dict(), folder / f'{name}.safetensors', {'format': 'pt'})
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        if name.startswith('mobilenet'):  # without the widening before its classifier
            maps = model.blocks(model.bn1(model.conv_stem(image)))
        else:
            maps = model.forward_features(image)
    torch.save({'image': image, 'maps': maps}, folder / f'{name}.pt')


def difference(name: str, folder: Path) -> float:
    """Norm of the difference of the last maps over the norm of timm's."""
    from mmseg_deeplab.registry import MODELS

    weights = dict(type='Pretrained', checkpoint=str(folder / f'{name}.safetensors'))
    backbone = MODELS.build(dict(BACKBONES[name], init_cfg=weights))
    backbone.init_weights()
    given = torch.load(folder / f'{name}.pt')
    with torch.no_grad():
        maps = backbone.eval()(given['image'])[-1]
    return float((maps - given['maps']).norm() / given['maps'].norm())


def main() -> int:
    """Compare all; returns 0 if every difference is at most 1e-6."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--timm', help='Python of an environment with timm')
    parser.add_argument('--write', nargs=2, metavar=('NAME', 'DIR'), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_with_timm(arguments.write[0], Path(arguments.write[1]))
        return 0
    if not arguments.timm:
        parser.error('--timm is needed')
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in BACKBONES:
            subprocess.run([arguments.timm, __file__, '--write', name, folder], check=True)
            found = difference(name, Path(folder))
            worst = max(worst, found)
            print(f'{name:16s} {found:.1e}')
    return 0 if worst <= 1e-6 else 1


if __name__ == '__main__':
    sys.exit(main())
