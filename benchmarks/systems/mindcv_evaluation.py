"""MindCV's samples and evaluation against what the original gave."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.systems.mindcv_recipe import CONFIG, Row, worst
from mmseg_deeplab.config import load_config
from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.evaluation.confusion import ConfusionMatrix, mean_score, scores
from mmseg_deeplab.inference import probabilities
from mmseg_deeplab.models import SegTTAModel
from mmseg_deeplab.models.segmentors import EncoderDecoder


class _Identity(nn.Module):
    out_channels, out_strides = (3,), (1,)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (images,)


def stand_in(weight: np.ndarray, bias: np.ndarray) -> SegTTAModel:
    """The shipped model with a single 3x3 convolution as its network.

    Args:
        weight: (K, 3, 3, 3).
        bias: (K,).
    """
    model = load_config(CONFIG).model
    classes = len(bias)
    built = EncoderDecoder(
        backbone=dict(type=_Identity),
        decode_head=dict(
            type='FCNHead', in_channels=3, in_index=0, channels=3, num_convs=0,
            concat_input=False, num_classes=classes, dropout_ratio=0, align_corners=True,
        ),
        test_cfg=model.test_cfg,
        data_preprocessor=model.data_preprocessor,
    )  # fmt: skip
    built.decode_head.conv_seg = nn.Conv2d(3, classes, 3, padding=1)
    built.decode_head.conv_seg.load_state_dict(
        {'weight': torch.from_numpy(weight), 'bias': torch.from_numpy(bias)}
    )
    return SegTTAModel(built).eval().requires_grad_(False)


def steps_of(kind: str, **settings: Any) -> list[dict]:
    """The shipped pipeline after loading, with other sizes; labels come ready-made here.

    Args:
        kind: ``'train_pipeline'`` or ``'tta_pipeline'``.
        settings: ``crop`` in pixels; for the views ``scales`` and ``flips`` (probabilities).
    """
    crop = settings['crop']
    sizes = {
        'RandomCrop': dict(crop_size=(crop, crop)),
        'Pad': dict(size=(crop, crop)),
        'ResizeLongerSide': dict(base_size=crop),
    }
    pipeline = load_config(CONFIG)[kind]

    def sized(step: dict) -> dict:
        changes = dict(sizes.get(step['type'], {}))
        if 'pad_to_square' in step:
            changes = {}
        return {**step, **changes}

    if kind == 'train_pipeline':
        return [sized(step) for step in pipeline[2:]]
    lists = [
        list(choices) for choices in pipeline[1].transforms if choices[0].type != 'LoadAnnotations'
    ]
    lists[0] = [{**sized(lists[0][0]), 'scale_factor': scale} for scale in settings['scales']]
    lists[3] = [{**lists[3][0], 'prob': prob} for prob in settings['flips']]
    return [dict(type='TestTimeAug', transforms=lists)]


def sample_rows(folder: Path) -> list[Row]:
    """``train_sample.npz``: the training pipeline on the original's draws."""
    rows = []
    with np.load(folder / 'train_sample.npz') as golden:
        pipeline = steps_of('train_pipeline', crop=int(golden['crop_size']))
        for number in range(6):
            scale, _, _, flip = golden[f'draw_{number}']
            for step in pipeline:
                # the original mirrors where its draw is high, ours where it is low
                if step['type'] == 'RandomFlip':
                    step['prob'] = float(flip > 0.5)
            np.random.seed(7 + number)  # the same generator, for scale and place
            sample = {
                'img': golden['image'], 'gt_seg_map': golden['label'],
                'seg_fields': ['gt_seg_map'], 'img_shape': (36, 44), 'ori_shape': (36, 44),
            }  # fmt: skip
            for transform in build_transforms(pipeline):
                sample = transform(sample)
            label = sample['data_samples'].gt_sem_seg.data[0]
            what = f'image {number} at scale {scale:.2f}'
            error = worst(sample['inputs'], golden[f'out_image_{number}'])
            rows += [
                ('train_sample.npz', what, error, 1e-5),
                ('train_sample.npz', 'its label', worst(label, golden[f'out_label_{number}']), 0),
            ]
    return rows


def views_of(image: np.ndarray, **settings: Any) -> dict[str, list]:
    """A picture in all views, as a batch of one."""
    sample = {'img': image, 'img_shape': image.shape[:2], 'ori_shape': image.shape[:2]}
    for transform in build_transforms(steps_of('tta_pipeline', **settings)):
        sample = transform(sample)
    return {key: [[value] for value in values] for key, values in sample.items()}


def evaluation_rows(folder: Path) -> list[Row]:
    """``evaluation.npz``: inputs, probabilities of each scale, their sums, the masks."""
    rows = []
    with np.load(folder / 'evaluation.npz') as golden:
        model = stand_in(golden['toy_weight'], golden['toy_bias'])
        base, scales = int(golden['base']), [float(scale) for scale in golden['scales']]
        for number in range(3):
            image = golden[f'image_{number}']
            for flip in (False, True):
                flips = (0.0, 1.0) if flip else (0.0,)
                name = f'picture {number}{", flip" * flip}'
                views = views_of(image, crop=base, scales=scales, flips=flips)
                if not flip:
                    inputs = [golden[f'input_{number}_{size}'][0] for size in golden['sizes_17']]
                    errors = [worst(x[0], y) for x, y in zip(views['inputs'], inputs, strict=True)]
                    rows.append(('evaluation.npz', f'{name}, inputs', max(errors), 1e-6))
                (merged,) = model.test_step(views)
                total = _sum_of_probabilities(model, views)
                wanted = golden[f'prob_sum_{number}_flip{int(flip)}'].transpose(2, 0, 1)
                mask = golden[f'mask_{number}_flip{int(flip)}']
                labels = merged.pred_sem_seg.data[0]
                rows += [
                    ('evaluation.npz', f'{name}, sum of scales', worst(total, wanted), 1e-5),
                    ('evaluation.npz', f'{name}, mask', worst(labels, mask), 0),
                ]
                for place, size in enumerate(golden['sizes_17']):
                    key = f'prob_{number}_{size}_flip{int(flip)}'
                    if key in golden:
                        one = views_of(image, crop=base, scales=[scales[place]], flips=flips)
                        got = _sum_of_probabilities(model, one)
                        error = worst(got, golden[key].transpose(2, 0, 1))
                        rows.append(('evaluation.npz', f'{name}, side {size}', error, 1e-5))
    return rows


def _sum_of_probabilities(model: SegTTAModel, views: dict[str, list]) -> Tensor:
    total = torch.zeros(())
    for inputs, samples in zip(views['inputs'], views['data_samples'], strict=True):
        batch = {'inputs': inputs, 'data_samples': [sample.clone() for sample in samples]}
        (found,) = model.module.test_step(batch)
        total = total + probabilities(found.seg_logits.data)
    return total


def metric_rows(folder: Path) -> list[Row]:
    """``metric.npz``: counts, IoU and its mean, and a whole evaluation of four files."""
    rows = []
    with np.load(folder / 'metric.npz') as golden:
        matrix = ConfusionMatrix(int(golden['classes']), 255)
        for pred, label in zip(golden['preds'], golden['labels'], strict=True):
            matrix.add(torch.from_numpy(pred), torch.from_numpy(label), '')
        rows.append(('metric.npz', 'counts', worst(matrix.total, golden['hist']), 0))
        for kind, scales, flips in (
            ('single', [1.0], (0.0,)),
            ('multi', [0.5, 1.0, 1.75], (0.0, 1.0)),
        ):
            model = stand_in(golden['toy_weight'], golden['toy_bias'])
            matrix = ConfusionMatrix(int(golden['file_classes']), 255)
            for number in range(4):
                image = _through_a_file(golden[f'file_image_{number}'])
                views = views_of(image, crop=17, scales=scales, flips=flips)
                (found,) = model.test_step(views)
                label = torch.from_numpy(golden[f'file_label_{number}'])
                matrix.add(found.pred_sem_seg.data[0], label, '')
            per_class = scores(matrix.total, 1.0)['IoU']
            rows += [
                ('metric.npz', f'{kind}, counts', worst(matrix.total, golden[f'{kind}_hist']), 0),
                ('metric.npz', f'{kind}, IoU', worst(per_class, golden[f'{kind}_iou']), 1e-12),
                ('metric.npz', f'{kind}, mIoU',
                 worst(mean_score(per_class, None), golden[f'{kind}_miou']), 1e-12),
            ]  # fmt: skip
    return rows


def _through_a_file(image: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'image.png'
        cv2.imwrite(str(path), image)
        (load,) = build_transforms([dict(type='LoadImageFromFile')])
        return load({'img_path': str(path)})['img']
