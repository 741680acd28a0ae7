"""`--crf` of test and predict: the dense CRF on the model's own probabilities and raw images."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mmseg_deeplab.apis import init_model, predict
from mmseg_deeplab.apis.inference import predict_samples, tta_model
from mmseg_deeplab.apis.sample_reader import SampleReader
from mmseg_deeplab.cli import main
from mmseg_deeplab.inference import DenseCRF
from tests.test_apis.tiny import picture, tiny_config

SETTINGS = dict(iter_max=4, pos_xy_std=2.0, bi_xy_std=9.0, bi_rgb_std=20.0)
OPTIONS = ['--cfg-options', *(f'crf.{key}={value}' for key, value in SETTINGS.items())]


def read_ids(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def by_hand(project, path, *, aug_test):
    """Classes of one image without and with the CRF."""
    model = init_model(str(project.config), project.checkpoint, 'cpu')
    reader = SampleReader(model.cfg, aug_test=aug_test)
    model = tta_model(model, with_logits=True) if aug_test else model
    ((_, result),) = predict_samples(model, reader, [str(path)])
    given = result.seg_logits.data.softmax(dim=0)
    raw = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    refined = DenseCRF(**SETTINGS)(raw, given).argmax(axis=0)
    return result.pred_sem_seg.data[0].numpy(), refined


@pytest.mark.parametrize('aug_test', [False, pytest.param(True, marks=pytest.mark.slow)])
def test_both_commands_refine(project, capsys, aug_test):
    paths = sorted((project.data / 'img_dir' / 'val').glob('*.png'))
    more = ['--crf', '--crf-jobs', '2', '--device', 'cpu', *(['--tta'] if aug_test else [])]
    files = [str(project.config), str(project.checkpoint)]
    maps, masks = project.folder / 'maps', project.folder / 'predicted' / 'masks'
    words = ['test', *files, '--work-dir', str(project.work), '--out', str(maps)]
    assert main([*words, *more, *OPTIONS]) == 0
    words = ['predict', *files, *map(str, paths), '--out', str(masks.parent), '--kinds', 'masks']
    assert main([*words, *more, *OPTIONS]) == 0
    changed = 0
    for path in paths:
        plain, refined = by_hand(project, path, aug_test=aug_test)
        assert np.array_equal(read_ids(masks / path.name), refined)
        assert np.array_equal(read_ids(maps / path.name), refined)
        changed += (plain != refined).sum()
    assert changed > 20
    folder = 'test_ms_flip_crf' if aug_test else 'test_crf'
    assert (project.work / folder / 'metrics.json').is_file()
    assert '2/2' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--crf', '--crf-jobs', '0'], 'the number of jobs must be 1 or more, got 0'),
        (['--crf', '--cfg-options', 'crf.bi_std=3'], "crf has the unknown key 'bi_std'"),
        (['--crf', '--cfg-options', 'crf.bi_rgb_std=0'], 'crf.bi_rgb_std must be a number above 0'),
        (['--crf', '--cfg-options', 'test_cfg.type=SegValLoop'], 'test_cfg'),
    ],
)
def test_mistakes(project, capsys, options, message):
    words = ['test', str(project.config), str(project.checkpoint), '--device', 'cpu']
    assert main([*words, *options, '--work-dir', str(project.folder / 'new')]) == 1
    assert message in capsys.readouterr().err
    assert not (project.folder / 'new').exists()


def test_one_channel_and_pixels_without_data(tmp_path):
    """A model of one class becomes two for the CRF; the ignore index stays where it was."""
    image = picture()
    image[:6, :8] = 0
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), image)
    config = tiny_config(num_classes=1, crf=SETTINGS)
    config['model']['decode_head'].update(
        out_channels=1, num_classes=2, threshold=0.4,
        loss_decode={'type': 'CrossEntropyLoss', 'use_sigmoid': True},
    )  # fmt: skip
    config['test_pipeline'][0]['nodata'] = 0
    torch.manual_seed(0)
    weights = tmp_path / 'a.pth'
    meta = {'dataset_meta': {'classes': ['no', 'yes'], 'palette': [[0, 0, 0], [9, 9, 9]]}}
    state = init_model(config, None, 'cpu').state_dict()
    torch.save({'state_dict': state, 'meta': meta}, weights)
    model = init_model(config, weights, 'cpu')
    ((sample, result),) = predict_samples(model, SampleReader(model.cfg), [path])
    sure = result.seg_logits.data
    refined = DenseCRF(**SETTINGS)(sample.picture, torch.cat([1 - sure, sure]))[1] > 0.4
    predict(config, weights, path, tmp_path / 'out', crf=True, device='cpu', kinds=('masks',),
            on_progress=lambda done, total: None)  # fmt: skip
    ids = read_ids(tmp_path / 'out' / 'masks' / 'a.png')
    assert (ids[:6, :8] == 255).all()
    valid = np.ones(ids.shape, bool)
    valid[:6, :8] = False
    assert np.array_equal(ids[valid], refined[valid])
