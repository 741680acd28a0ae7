"""The rows of issue "Several times faster", in its order, with its goals."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.speed.cases import AMX, BF16, Case, Variant, torch_and_engine

_PREDICT = 'inference_model(model, image)'
_PEER = f"model = init_model(config, checkpoint, device='cpu'); {_PREDICT}"


def _forward(depth: int) -> Case:
    *ways, int8 = torch_and_engine(_PREDICT, torch=(2.5, 1.9), engine=(10, 3.5), int8=(15, 6))
    return Case(
        f'forward-r{depth}',
        f'one 512x512 image, R-{depth}',
        'predicting.image',
        _PEER,
        {'depth': depth, 'classes': 7, 'side': 512, 'from_array': True},
        (*ways, replace(int8, quick=depth == 18)),  # the calibration of R-50 takes minutes
        'logits',
        runs=(3, 7) if depth == 18 else (1, 3),
        rounds=(3, 5) if depth == 18 else (2, 5),
    )


def _slide(side: int, classes: int, *, quick: bool, rounds: tuple[int, int]) -> Case:
    large = side > 2048
    return Case(
        f'slide-{side}',
        f'slide inference {side}x{side}, {classes} classes, R-18',
        'predicting.image',
        _PEER,
        {'depth': 18, 'classes': classes, 'side': side, 'mode': 'slide', 'classes_only': True},
        torch_and_engine(
            f'model.leave_logits_out(); {_PREDICT}',
            torch=(4, 3) if large else None,
            engine=(15, 6),
            peak=0.5,
        ),
        'labels',
        quick=quick,
        runs=(1, 1),
        rounds=rounds,
        warm=0,
    )


def _whole(side: int, *, quick: bool) -> Case:
    return Case(
        f'whole-{side}',
        f'whole-image test {side}x{side}, 7 classes, R-18',
        'predicting.image',
        _PEER,
        {'depth': 18, 'classes': 7, 'side': side},
        torch_and_engine(_PREDICT, torch=None, engine=(10, 3.5), peak=1.0)[:2],
        'logits',
        quick=quick,
        runs=(1, 3 if side < 2048 else 1),
        rounds=(2, 5 if side < 2048 else 3),
    )


def _train(depth: int, crop: int, *, quick: bool) -> Case:
    goals = {18: {AMX: 2.5, BF16: 1.7}, 50: {AMX: 2.0, BF16: 1.5}}[depth]
    return Case(
        f'train-r{depth}-{crop}',
        f'training step R-{depth}, batch 2, crop {crop}',
        'training.steps',
        'python tools/train.py config.py',
        {'depth': depth, 'classes': 7, 'side': crop},
        (
            Variant('torch-fp32', 'python tools/train.py config.py', {}, {}, 1.0),
            Variant('amp', 'python tools/train.py config.py --amp', {'amp': True}, goals, 1.0),
        ),
        'losses',
        quick=quick,
        runs=(2, 5 if depth == 18 and crop == 256 else 2),
        rounds=(2, 5 if crop == 256 else 3),
        warm=2,
    )


def _metric(classes: int) -> Case:
    return Case(
        f'metric-{classes}',
        f'IoUMetric, 1024x1024, {classes} classes',
        'scoring.metric',
        "IoUMetric(iou_metrics=['mIoU']).process(...)",
        {'classes': classes, 'side': 1024},
        (Variant('default', "IoUMetric(iou_metrics=['mIoU']).process(...)", {}, {'any': 5}),),
        'scores',
        runs=(15, 40),
    )


def _labels(
    name: str, title: str, goal: float, side: int, command: str, ours: str, warm: int = 1
) -> Case:
    return Case(
        f'labels-{name}',
        title,
        f'labels.{name.split("-")[0]}',
        command,
        {'side': side},
        (Variant('default', ours, {}, {'any': goal}),),
        'arrays',
        runs=(1, 3 if warm else 1),
        rounds=(2 if warm else 1, 5),
        warm=warm,
    )


def _import(cold: bool) -> Case:
    kind = 'cold' if cold else 'warm'
    return Case(
        f'import-{kind}',
        f'import of `.models` beyond torch, {kind}',
        'importing.models',
        'import torch; import mmseg.models',
        {'cold': cold},
        (Variant('default', 'import torch; import mmseg_deeplab.models', {}, {'any': 2}),),
        'none',
        runs=(1, 5),
    )


CASES = (
    _forward(18),
    _forward(50),
    _slide(1024, 7, quick=True, rounds=(1, 4)),
    _slide(2048, 7, quick=False, rounds=(1, 3)),
    _slide(6000, 6, quick=False, rounds=(1, 2)),
    Case(
        'aug-test',
        '`--aug-test`, 12 views of 512x512, R-18',
        'predicting.views',
        'python tools/test.py config.py checkpoint.pth --tta',
        {'depth': 18, 'classes': 7, 'side': 512},
        torch_and_engine(
            'tools/test.py --aug-test',
            torch=(2.5, 1.9),
            engine=(8, 3.5),
        ),
        'labels',
        runs=(1, 1),
        rounds=(1, 4),
        warm=0,
    ),
    _whole(1024, quick=True),
    _whole(2048, quick=False),
    _train(18, 256, quick=True),
    _train(50, 256, quick=True),
    _train(18, 512, quick=False),
    _train(50, 512, quick=False),
    Case(
        'loader',
        'LoveDA training pipeline, per image',
        'loading.pipeline',
        'LoveDADataset(data_root, pipeline=train_pipeline)[i]',
        {'images': 12},
        (
            Variant(
                'png',
                'LoveDADataset(data_root, pipeline=train_pipeline)[i]',
                {},
                {'any': 1.3},
            ),
            *(
                Variant(
                    f'pixels-{codec}',
                    f'tools/pack_dataset.py --pixels {codec}; LoveDADataset(ann_file=index)[i]',
                    {'packed': codec},
                    {'any': 8},
                )
                for codec in ('zstd', 'raw')
            ),
        ),
        'samples',
        runs=(1, 3),
    ),
    _metric(7),
    _metric(150),
    _labels(
        'potsdam',
        'Potsdam, labels of a 6000x6000 tile to crops',
        3,
        6000,
        'python tools/dataset_converters/potsdam.py (the label half of a tile)',
        'the same command',
    ),
    _labels(
        'vaihingen',
        'Vaihingen, labels of a 2500x2000 tile to crops',
        3,
        2500,
        'python tools/dataset_converters/vaihingen.py (the label half of a tile)',
        'the same command',
    ),
    _labels(
        'isaid',
        'iSAID, colours of 6000x6000 to ids',
        10,
        6000,
        'isaid.iSAID_convert_from_color(colours)',
        'datasets.prepare.isaid.label_ids(colours)',
        warm=0,  # no files, and the peer takes long
    ),
    _import(cold=False),
    _import(cold=True),
)
