"""What both sides read: configs, weights, images, label files. Made once, kept, never committed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_ROOT = Path(__file__).resolve().parents[2]
_SHARED = _ROOT.parent / 'shared'
INPUTS = _ROOT / 'work_dirs' / 'speed'
CONFIGS = {depth: f'deeplabv3plus_r{depth}-d8_4xb4-80k_loveda-512x512' for depth in (18, 50)}
SCALES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
TILES = 3
_POTSDAM, _VAIHINGEN = 'top_potsdam_2_10', 'top_mosaic_09cm_area1'
ISPRS = ((255, 255, 255), (0, 0, 255), (0, 255, 255), (0, 255, 0), (255, 255, 0), (255, 0, 0))


def model_config(depth: int, classes: int, *, mode: str = 'whole') -> dict[str, Any]:
    """DeepLabV3+ as the shipped LoveDA config has it, for one process and no randomness.

    Args:
        depth: Of the ResNet, 18 or 50.
        classes: Of both heads.
        mode: ``'whole'`` or ``'slide'`` (windows of 512, stride 341).
    """
    from mmseg_deeplab.config import load_config

    model = load_config(CONFIGS[depth]).model.to_dict()
    model['pretrained'] = None
    model['backbone'].pop('init_cfg', None)
    norm = {'type': 'BN', 'requires_grad': True}  # one process: SyncBN is BN
    for part in ('backbone', 'decode_head', 'auxiliary_head'):
        model[part]['norm_cfg'] = norm
    for part in ('decode_head', 'auxiliary_head'):
        model[part] |= {'num_classes': classes, 'dropout_ratio': 0.0}
    model['data_preprocessor'].pop('size', None)
    model['test_cfg'] = {'mode': mode}
    if mode == 'slide':
        model['test_cfg'] |= {'crop_size': (512, 512), 'stride': (341, 341)}
    return model


def predict_config(package: str, model: dict[str, Any]) -> dict[str, Any]:
    """A whole config for prediction: pipelines that leave the image's size alone.

    Args:
        package: The side that reads it.
        model: From :func:`model_config`.
    """
    load, pack = {'type': 'LoadImageFromFile'}, {'type': 'PackSegInputs'}
    flips = [{'type': 'RandomFlip', 'prob': p, 'direction': 'horizontal'} for p in (0.0, 1.0)]
    sizes = [{'type': 'Resize', 'scale_factor': scale, 'keep_ratio': True} for scale in SCALES]
    views = {'type': 'TestTimeAug', 'transforms': [sizes, flips, [pack]]}
    dataset = {'type': 'LoveDADataset', 'pipeline': [load, pack]}
    return {
        'default_scope': package,
        'model': model,
        'test_pipeline': [load, pack],
        'tta_pipeline': [load, views],
        'tta_model': {'type': 'SegTTAModel'},
        'test_dataloader': {'batch_size': 1, 'dataset': dataset},
    }


def with_labelled_data(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A config for prediction with data to calibrate and score on.

    Args:
        config: From :func:`predict_config`.
        folder: That :func:`crops_for_training` has filled.
    """
    steps = [{'type': 'LoadImageFromFile'}]
    steps += [{'type': 'LoadAnnotations', 'reduce_zero_label': True}, {'type': 'PackSegInputs'}]
    prefixes = {'img_path': 'img_dir', 'seg_map_path': 'ann_dir'}
    dataset = {'type': 'LoveDADataset', 'data_root': str(folder), 'data_prefix': prefixes}
    loader = {
        'batch_size': 1,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': {**dataset, 'pipeline': steps},
    }
    scores = {'type': 'IoUMetric', 'iou_metrics': ['mIoU']}
    return {
        **config,
        'val_dataloader': loader,
        'val_evaluator': scores,
        'val_cfg': {'type': 'ValLoop'},
        'test_dataloader': loader,
        'test_evaluator': scores,
        'test_cfg': {'type': 'TestLoop'},
    }


def train_config(
    package: str, model: dict[str, Any], folder: Path, crop: int, *, batch: int = 2
) -> dict[str, Any]:
    """A whole config for training on a few crops, the same batch at every step.

    Args:
        package: The side that reads it.
        model: From :func:`model_config`.
        folder: That :func:`crops_for_training` has filled.
        crop: Side of the crops.
        batch: As many crops as the folder holds.
    """
    steps = [{'type': 'LoadImageFromFile'}]
    steps += [{'type': 'LoadAnnotations', 'reduce_zero_label': True}, {'type': 'PackSegInputs'}]
    model['data_preprocessor']['size'] = (crop, crop)
    prefixes = {'img_path': 'img_dir', 'seg_map_path': 'ann_dir'}
    dataset = {'type': 'LoveDADataset', 'data_root': str(folder), 'data_prefix': prefixes}
    # a small rate: at 0.01 untrained weights are chaotic, and the losses could not be compared
    optimizer = {'type': 'SGD', 'lr': 0.0001, 'momentum': 0.9, 'weight_decay': 0.0005}
    forever = 10**6
    return {
        'default_scope': package,
        'model': model,
        'train_dataloader': {
            'batch_size': batch,
            'num_workers': 0,
            'sampler': {'type': 'InfiniteSampler', 'shuffle': False},
            'dataset': {**dataset, 'pipeline': steps},
        },
        'optim_wrapper': {'type': 'OptimWrapper', 'optimizer': optimizer},
        'train_cfg': {'type': 'IterBasedTrainLoop', 'max_iters': forever},
        'default_hooks': {
            'logger': {'type': 'LoggerHook', 'interval': forever},
            'checkpoint': {'type': 'CheckpointHook', 'by_epoch': False, 'interval': forever},
        },
        'log_processor': {'by_epoch': False},
        'load_from': str(folder.parent / f'{weights_name(model)}.pth'),
    }


def write_config(path: Path, config: dict[str, Any]) -> Path:
    """Write a config as a file that both sides read."""
    path.write_text(''.join(f'{key} = {value!r}\n' for key, value in config.items()), 'utf-8')
    return path


def weights_name(model: dict[str, Any]) -> str:
    """The name of a model's weight file."""
    return f'r{model["backbone"]["depth"]}-{model["decode_head"]["num_classes"]}'


def weights(folder: Path, model: dict[str, Any]) -> Path:
    """A checkpoint whose numbers depend on names and shapes only, made by this project.

    Args:
        folder: For the file.
        model: From :func:`model_config`.
    """
    path = folder / f'{weights_name(model)}.pth'
    if not path.is_file():
        import torch

        import mmseg_deeplab.models  # noqa: F401 - registers the classes
        from benchmarks.parity.recipe import fill
        from mmseg_deeplab.registry import MODELS

        network = MODELS.build(model)
        fill(network)
        names = [f'class {index}' for index in range(model['decode_head']['num_classes'])]
        palette = [[index % 256, 40, 80] for index in range(len(names))]
        meta = {'dataset_meta': {'classes': names, 'palette': palette}}
        partial = path.with_suffix('.partial')
        torch.save({'state_dict': network.state_dict(), 'meta': meta}, partial)
        partial.rename(path)
    return path


def tiles(folder: Path) -> Path:
    """1024x1024 LoveDA tiles in ``img_dir`` and ``ann_dir``: real ones if at hand, else drawn.

    Args:
        folder: For drawn ones.

    Returns:
        The folder that holds both.
    """
    real = Path(os.environ.get('MMSEG_DEEPLAB_DATA', _SHARED / 'data')) / 'loveda_tiles'
    if (real / 'img_dir').is_dir():
        return real
    root = folder / 'tiles'
    for index in range(TILES):
        if not (root / 'ann_dir' / f'{index}.png').is_file():
            image, label = _drawn_tile(index)
            _write(root / 'img_dir' / f'{index}.png', image)
            _write(root / 'ann_dir' / f'{index}.png', label)
    return root


def mosaic(folder: Path, side: int) -> Path:
    """A square image of tiles, (side, side, 3) as PNG."""
    path = folder / f'image{side}.png'
    if not path.is_file():
        found = sorted((tiles(folder) / 'img_dir').glob('*.png'))
        read = [cv2.imread(str(tile)) for tile in found]
        count = -(-side // 1024)
        rows = [
            np.hstack([read[(row * count + column) % len(read)] for column in range(count)])
            for row in range(count)
        ]
        _write(path, np.ascontiguousarray(np.vstack(rows)[:side, :side]))
    return path


def crops_for_training(folder: Path, crop: int, count: int = 2) -> Path:
    """Crops of tiles with their labels, a data set of its own."""
    root = folder / f'crops{crop}x{count}'
    source = tiles(folder)
    for index in range(count):
        for kind in ('img_dir', 'ann_dir'):
            path = root / kind / f'{index}.png'
            if not path.is_file():
                found = sorted((source / kind).glob('*.png'))
                whole = cv2.imread(str(found[index % len(found)]), cv2.IMREAD_UNCHANGED)
                begin = index // len(found) * 64 % (1025 - crop)
                _write(path, np.ascontiguousarray(whole[begin : begin + crop, :crop]))
    return root


def label_files(folder: Path, name: str, side: int) -> Path:
    """An image and a coloured label file, loose for the peer and zipped for us.

    Args:
        folder: For the files.
        name: ``'potsdam'``, ``'vaihingen'`` or ``'isaid'``.
        side: Height in pixels.
    """
    root = folder / f'{name}{side}'
    if (root / 'done').is_file():
        return root
    width = side * 4 // 5 if name == 'vaihingen' else side
    if name == 'isaid':
        from mmseg_deeplab.utils.class_names import class_table

        colours = np.array(class_table('isaid')['palette'], dtype=np.uint8)
        _write(root / 'label.png', colours[blobs(side, width, len(colours))][:, :, ::-1])
    else:
        image = cv2.imread(str(mosaic(folder, side)))[:, :width]
        label = np.array(ISPRS, dtype=np.uint8)[blobs(side, width, 6)][:, :, ::-1]
        stem, kinds = (
            (_POTSDAM, ('_RGB', '_label'))
            if name == 'potsdam'
            else (_VAIHINGEN, ('', '_noBoundary'))
        )
        for kind, pixels, archive in zip(kinds, (image, label), ('image', 'label'), strict=True):
            tiff = root / f'{stem}{kind}.tif'
            _write(tiff, np.ascontiguousarray(pixels))
            with zipfile.ZipFile(root / f'{archive}.zip', 'w') as file:
                file.write(tiff, f'top/{tiff.name}')  # as Vaihingen's archive has images
    (root / 'done').write_text('', encoding='ascii')
    return root


def blobs(height: int, width: int, count: int) -> np.ndarray:
    """Ids 0 to ``count - 1`` in cells of 32 pixels, (height, width) uint8."""
    random = np.random.default_rng(0)
    cells = random.integers(0, count, (-(-height // 32), -(-width // 32))).astype(np.uint8)
    return cells.repeat(32, axis=0).repeat(32, axis=1)[:height, :width]


def _drawn_tile(index: int, scenes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Scenes side by side, 1024 x 1024: one of that size would take minutes to draw."""
    from mmseg_deeplab.datasets.synthetic.scene import draw_scene

    drawn = [draw_scene([index, number], 1024 // scenes) for number in range(scenes**2)]
    image, label = (
        np.vstack([np.hstack(parts[row : row + scenes]) for row in range(0, scenes**2, scenes)])
        for parts in zip(*drawn, strict=True)
    )
    return image, label


def _write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels):
        raise OSError(f'{path}: cannot be written; is the disk full?')
