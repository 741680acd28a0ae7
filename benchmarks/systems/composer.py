"""Composer's network, transforms and all else of `../shared/golden/composer` against its output.

python -m benchmarks.systems.composer      # about a minute on one core
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.systems import composer_recipe, composer_training
from benchmarks.systems.composer_training import Row
from mmseg_deeplab.datasets.transforms import Pad, RandomCrop, RandomResize, Resize
from mmseg_deeplab.datasets.transforms.colour_factors import OPERATIONS, adjust
from mmseg_deeplab.models import SegDataPreProcessor
from mmseg_deeplab.models.composer import ComposerDeepLab, composer_deeplabv3
from tests.golden import recipe

_GOLDEN = Path(__file__).parents[3] / 'shared' / 'golden'
FOLDER = Path(os.environ.get('MMSEG_DEEPLAB_GOLDEN', _GOLDEN)) / 'composer'
MODELS = {
    f'{head}_{short}': (f'resnet{depth}', head == 'v3plus')
    for head in ('v3plus', 'v3')
    for short, depth in (('r101', 101), ('r50', 50))
}
CLOSE = 1e-5  # of the largest value: what another convolution backend already changes
GREY_LEVEL = 1.0  # other versions of Pillow


def key_list(model: torch.nn.Module) -> list[str]:
    """A state dict as the key lists have it: name, shape, type, kind."""
    parameters = dict(model.named_parameters())
    return [
        ' '.join(
            (
                name,
                ','.join(map(str, value.shape)) or 'scalar',
                str(value.dtype).removeprefix('torch.'),
                'parameter' if name in parameters else 'buffer',
            )
        )
        for name, value in model.state_dict().items()
    ]


def keys(root: Path) -> Iterator[Row]:
    """The entries of the state dicts, in their order, of the lists that are in the folder."""
    for name, (backbone, plus) in MODELS.items():
        path = root / f'keys_{name}.txt'
        if not path.is_file():
            continue
        with torch.device('meta'):
            ours = key_list(composer_deeplabv3(21, backbone, use_plus=plus))
        wanted = [' '.join(line.split()) for line in path.read_text().splitlines()]
        differ = sum(a != b for a, b in zip(ours, wanted, strict=False))
        yield path.name, f'{len(wanted)} entries', differ + abs(len(ours) - len(wanted)), 0.0


def filled(model: ComposerDeepLab, scaled: bool) -> ComposerDeepLab:
    """The model with the recipe's weights; the last norm of each block a quarter if scaled."""
    state = {}
    for name, value in model.state_dict().items():
        drawn = recipe.weight(name, tuple(value.shape), 0)
        quarter = scaled and name.endswith('.bn3.weight')
        state[name] = torch.from_numpy(drawn * np.float32(0.25) if quarter else drawn)
    model.load_state_dict(state)
    return model.eval()


@torch.no_grad()
def logits(root: Path) -> Iterator[Row]:
    """Outputs of both ResNet-50 models, whole and in parts; relative to the largest value."""
    images = torch.from_numpy(recipe.image((1, 3, 97, 129)))
    for name in ('v3plus_r50', 'v3_r50'):
        backbone, plus = MODELS[name]
        model = filled(composer_deeplabv3(21, backbone, use_plus=plus), False)
        maps, seen = model.module.backbone(images), {}
        for part in ('image_pool', 'bottleneck'):
            module = getattr(model.module.classifier, part)
            module.register_forward_hook(
                lambda _, __, y, part=part, seen=seen: seen.update({part: y})
            )
        head = model.module.classifier(maps)
        seen |= {'layer4': maps[-1], **({'layer1': maps[0]} if plus else {})}
        whole = np.load(root / f'{name}.npz')['logits']
        yield f'{name}.npz', 'logits', _relative(model(images), whole), CLOSE
        golden = np.load(root / f'{name}_parts.npz')
        yield f'{name}_parts.npz', 'head', _relative(head, golden['head']), CLOSE
        for part, value in seen.items():
            found = (value.double().mean((0, 2, 3)), value.double().std((0, 2, 3), correction=0))
            pairs = zip(found, ('channel_mean', 'channel_std'), strict=True)
            off = max(_relative(ours, golden[f'{part}.{kind}']) for ours, kind in pairs)
            yield f'{name}_parts.npz', part, off, CLOSE
        filled(model, True)
        golden = np.load(root / f'{name}_scaled.npz')
        ours = {'logits_every_other': model(images)[:, :, ::2, ::2]}
        ours['head'] = model.module.classifier(model.module.backbone(images))
        for part, value in ours.items():
            yield f'{name}_scaled.npz', part, _relative(value, golden[part]), CLOSE


def transforms(root: Path) -> Iterator[Row]:
    """Each transform with the draws of the original, in grey levels or label values."""
    golden = np.load(root / 'transforms.npz')

    def sample(label: np.ndarray = golden['label']) -> dict:
        ids = np.where(label == 0, 255, label.astype(np.int64) - 1).astype(np.uint8)
        image = np.ascontiguousarray(golden['image'][..., ::-1])
        return {'img': image, 'gt_seg_map': ids, 'seg_fields': ['gt_seg_map']}

    def row(name: str, found: dict, bound: float = 0.0) -> Row:
        image, ids = found['img'][..., ::-1], found['gt_seg_map'].astype(np.int64)
        off = [composer_training.worst(image, golden[f'{name}.image'])]
        if f'{name}.label' in golden:
            off.append(
                composer_training.worst(np.where(ids == 255, 0, ids + 1), golden[f'{name}.label'])
            )
        return 'transforms.npz', name, max(off), bound

    for number in range(10):
        drawn = (float(golden[f'resize_{number}.scale']) - 0.5) / 1.5
        with patch('numpy.random.random_sample', return_value=drawn):
            resize = RandomResize((32, 32), ratio_range=(0.5, 2.0), backend='pillow')
            yield row(f'resize_{number}', resize(sample()), GREY_LEVEL)
    yield row('resize_own_size', Resize((43, 33), backend='pillow')(sample()), GREY_LEVEL)
    for name in [*(f'crop_{number}' for number in range(6)), 'crop_one_class']:
        given = sample(np.full_like(golden['label'], 3)) if 'one' in name else sample()
        drawn = iter([int(v) for box in golden[f'{name}.boxes'] for v in box[:2]])
        with patch('numpy.random.randint', lambda *_, drawn=drawn: next(drawn)):
            yield row(name, RandomCrop((16, 16), cat_max_ratio=0.75)(given))
        yield 'transforms.npz', f'{name}: draws left', float(len(list(drawn))), 0.0
    yield row('crop_larger', RandomCrop((40, 52), cat_max_ratio=0.75)(sample()))
    for name, size in (('pad', (64, 45)), ('pad_smaller', (57, 30))):
        value = {'img': (103, 116, 123), 'seg': 255}
        yield row(name, Pad(size=size, pad_val=value, centred=True)(sample()))
    for number in range(8):
        name = f'photometric_{number}'
        pairs = zip(golden[f'{name}.operation'], golden[f'{name}.factor'], strict=True)
        steps = [(OPERATIONS[int(kind)], float(factor)) for kind, factor in pairs]
        found = dict(sample(), img=adjust(sample()['img'], steps))
        yield row(name, found, GREY_LEVEL)
    for name in ('brightness_1.1', 'contrast_0.6', 'saturation_1.4', 'hue_-0.05'):
        kind, factor = name.split('_')
        found = dict(sample(), img=adjust(sample()['img'], [(kind, float(factor))]))
        yield row(f'adjust_{name}', found, GREY_LEVEL)
    yield row('val', Resize((36, 36), backend='pillow')(sample()), GREY_LEVEL)
    yield _normalised(golden)


def _normalised(golden: object) -> Row:
    shares = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    mean, std = ([255 * share for share in band] for band in shares)
    model = SegDataPreProcessor(mean=mean, std=std, bgr_to_rgb=True)
    images = torch.from_numpy(golden['collate.image'][:1])[:, [2, 1, 0]]
    ours = model({'inputs': list(images)})['inputs']
    off = composer_training.worst(ours, golden['normalise.image'])
    return 'transforms.npz', 'normalise', off, 1e-6


def _relative(ours: torch.Tensor, golden: np.ndarray) -> float:
    return composer_training.worst(ours, golden) / (float(np.abs(golden).max()) or 1.0)


SMALL = (
    keys,
    composer_training.optimiser,
    composer_training.schedules,
    composer_training.losses,
    composer_training.scores,
    composer_recipe.sharpness,
    composer_recipe.averages,
    composer_recipe.initialisers,
)
LARGE = (composer_recipe.initialised_entries, transforms, logits)


def rows(root: Path = FOLDER) -> list[Row]:
    """File, what, worst difference, bound of everything in the folder.

    Args:
        root: `composer` in the folder of reference outputs.
    """
    return [row for part in (*SMALL, *LARGE) for row in part(root)]


if __name__ == '__main__':
    for found in rows():
        print(*found, '' if found[2] <= found[3] else 'TOO MUCH', sep='  ')
