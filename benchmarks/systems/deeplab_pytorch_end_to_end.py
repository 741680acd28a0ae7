"""deeplab-pytorch's way from data to CRF scores, on drawn data in its true layouts.

    python -m benchmarks.systems.deeplab_pytorch_end_to_end FOLDER [--voc-sample DIR]

For Pascal VOC, COCO-Stuff 10k and 164k: draw the data set, train by its YAML file, resume, test to
logit files, CRF; then print the scores. The network is cut down to a narrow ResNet-18. With a few
real images (--voc-sample: JPEGImages and SegmentationClass) VOC is these instead.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from mmseg_deeplab.cli import main as run_command

SIDES = (72, 96)  # height, width of a drawn image
CROP = 65
SMALL = [
    'model.backbone.depth=18',
    'model.backbone.stem_channels=8',
    'model.backbone.base_channels=8',
    'model.decode_head.in_channels=64',
    # without start weights the batch norms have to learn
    'model.backbone.norm_eval=False',
    'model.backbone.norm_cfg.requires_grad=True',
    'train_cfg.val_begin=1000',  # the test comes anyway
]
YAML = """\
EXP: {{ID: {name}, OUTPUT_DIR: {root}/data}}
DATASET:
    NAME: {dataset}
    ROOT: {data}
    LABELS: ./data/datasets/{name}/labels.txt
    N_CLASSES: {classes}
    IGNORE_LABEL: 255
    SCALES: [0.5, 0.75, 1.0, 1.25, 1.5]
    SPLIT: {{TRAIN: {train}, VAL: {val}, TEST: {val}}}
DATALOADER: {{NUM_WORKERS: 0}}
IMAGE:
    MEAN: {{R: 122.675, G: 116.669, B: 104.008}}
    SIZE: {{BASE: , TRAIN: {crop}, TEST: 513}}
MODEL:
    NAME: DeepLabV2_ResNet101_MSC
    N_BLOCKS: [3, 4, 23, 3]
    ATROUS_RATES: [6, 12, 18, 24]
    INIT_MODEL:
SOLVER:
    BATCH_SIZE: {{TRAIN: 2, TEST: 1}}
    ITER_MAX: {updates}
    ITER_SIZE: 2
    ITER_SAVE: 2
    ITER_TB: 1
    LR_DECAY: 1
    LR: 2.5e-4
    MOMENTUM: 0.9
    OPTIMIZER: sgd
    POLY_POWER: 0.9
    WEIGHT_DECAY: 5.0e-4
    AVERAGE_LOSS: 20
CRF: {{ITER_MAX: 10, POS_W: 3, POS_XY_STD: 1, BI_W: 4, BI_XY_STD: 67, BI_RGB_STD: 3}}
"""


def draw(number: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of blocks, (H, W, 3) uint8, and its class ids, (H, W) uint8 with some 255.

    Args:
        number: Seed.
        classes: Ids are below it.
    """
    random = np.random.RandomState(number)
    ids = random.choice([0, 3, 9, classes - 1], (SIDES[0] // 24, SIDES[1] // 24)).astype(np.uint8)
    label = ids.repeat(24, axis=0).repeat(24, axis=1)
    colors = np.random.RandomState(0).randint(0, 256, (classes, 3))
    noise = random.randint(-20, 21, (*SIDES, 3))
    image = np.clip(colors[label] + noise, 0, 255).astype(np.uint8)
    label[:2] = 255
    return image, label


def save(array: np.ndarray, path: Path) -> None:
    """Write an image file, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def make_voc(root: Path, sample: Path | None = None) -> dict[str, object]:
    """VOCdevkit/VOC2012 with the lists of SegmentationAug.

    Args:
        root: The devkit.
        sample: Real images in VOC's folders, or None for drawn ones.
    """
    voc = root / 'VOC2012'
    if sample is None:
        names = [f'2007_{number:06}' for number in range(4)]
        for number, name in enumerate(names):
            image, label = draw(number, 21)
            save(image, voc / 'JPEGImages' / f'{name}.jpg')
            save(label, voc / 'SegmentationClassAug' / f'{name}.png')
    else:
        shutil.copytree(sample / 'JPEGImages', voc / 'JPEGImages')
        shutil.copytree(sample / 'SegmentationClass', voc / 'SegmentationClassAug')
        names = sorted(path.stem for path in (voc / 'JPEGImages').iterdir())
    lists = voc / 'ImageSets' / 'SegmentationAug'
    lists.mkdir(parents=True)
    for split, part in (('train_aug', names), ('val', names[-2:])):
        lines = [f'/JPEGImages/{n}.jpg /SegmentationClassAug/{n}.png\n' for n in part]
        (lists / f'{split}.txt').write_text(''.join(lines))
    return dict(dataset='vocaug', classes=21, train='train_aug', val='val')


def make_10k(root: Path) -> dict[str, object]:
    """COCO-Stuff 10k: images, MATLAB labels that count from 1, lists.

    Args:
        root: The data set.
    """
    (root / 'annotations').mkdir(parents=True)
    names = [f'COCO_train2014_{number:012}' for number in range(4)]
    for number, name in enumerate(names):
        image, label = draw(number, 182)
        save(image, root / 'images' / f'{name}.jpg')
        stored = np.where(label == 255, 0, label.astype(np.uint16) + 1).astype(np.uint16)
        savemat(root / 'annotations' / f'{name}.mat', {'S': stored}, do_compression=True)
    (root / 'imageLists').mkdir()
    for split, part in (('train', names), ('test', names[-2:]), ('all', names)):
        (root / 'imageLists' / f'{split}.txt').write_text('\n'.join(part) + '\n')
    return dict(dataset='cocostuff10k', classes=182, train='train', val='test')


def make_164k(root: Path) -> dict[str, object]:
    """COCO-Stuff 164k: images and grey PNGs of the ids.

    Args:
        root: The data set.
    """
    for split, numbers in (('train2017', range(4)), ('val2017', range(4, 6))):
        for number in numbers:
            image, label = draw(number, 182)
            save(image, root / 'images' / split / f'{number:012}.jpg')
            save(label, root / 'annotations' / split / f'{number:012}.png')
    return dict(dataset='cocostuff164k', classes=182, train='train2017', val='val2017')


def command(*words: object) -> None:
    """Run a command of ours; stop where it fails."""
    print('+ mmseg-deeplab', *words, flush=True)
    if run_command([str(word) for word in words]):
        raise SystemExit(1)


def run_system(
    name: str,
    make: Callable[[Path], dict[str, object]],
    root: Path,
    updates: tuple[int, int],
    more: Sequence[str] = (),
) -> dict[str, dict]:
    """Draw, train, resume, test, CRF.

    Args:
        name: Of the experiment.
        make: Draws the data and says what its YAML file has to.
        root: Where to.
        updates: Of the optimiser, before and after resuming.
        more: Changes of the config.

    Returns:
        The scores without and with CRF.
    """
    facts = make(root / name)
    settings = root / f'{name}.yaml'

    def write(count: int) -> None:
        text = YAML.format(
            name=name, root=root, data=root / name, crop=CROP, updates=count, **facts
        )
        settings.write_text(text)

    options = ['--cfg-options', *SMALL, *more]
    write(updates[0])
    command('deeplab-pytorch', 'train', '-c', settings, '--cpu', *options)
    write(updates[1])
    command('deeplab-pytorch', 'train', '-c', settings, '--cpu', '--resume', *options)
    below = f'{name}/deeplabv2_resnet101_msc'
    folder = root / 'data' / 'models' / below / str(facts['train'])
    checkpoint = folder / f'iter_{2 * updates[1]}.pth'
    command('deeplab-pytorch', 'test', '-c', settings, '-m', checkpoint, '--cpu', *options)
    command('deeplab-pytorch', 'crf', '-c', settings, '-j', 2, *options)
    scores = root / 'data' / 'scores' / below / str(facts['val'])
    return {
        f'{name}{note}': json.loads((scores / file).read_text())
        for note, file in (('', 'scores.json'), (' + CRF', 'scores_crf.json'))
    }


def main() -> None:
    """Run all three and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='empty or new')
    parser.add_argument('--voc-sample', type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    root = arguments.folder.resolve()
    table: dict[str, dict] = {}
    # instead of 513 x 513, which takes the CRF a minute with 182 classes
    warp = 'test_dataloader.dataset.pipeline.2.scale=[129,129]'
    for name, make, more in (
        ('voc12', lambda place: make_voc(place, arguments.voc_sample), ()),
        ('cocostuff10k', make_10k, (warp,)),
        ('cocostuff164k', make_164k, ()),
    ):
        table |= run_system(name, make, root, (2, 4), more)
    columns = ('Pixel Accuracy', 'Mean Accuracy', 'Mean IoU', 'Frequency Weighted IoU')
    print(f'{"data":22}', *(f'{column:>24}' for column in columns))
    for name, scores in table.items():
        print(f'{name:22}', *(f'{100 * scores[column]:24.2f}' for column in columns))


if __name__ == '__main__':
    main()
