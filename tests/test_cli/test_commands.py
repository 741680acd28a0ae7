"""Train, test, predict and audit for real, on a project of a few kilobytes."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from mmseg_deeplab import apis
from mmseg_deeplab.cli import main
from mmseg_deeplab.engine import load_checkpoint

from .project import Project, fingerprints


def test_training_leaves_checkpoints_and_logs(trained: Project):
    names = set(fingerprints(trained.work))
    assert {'iter_2.pth', 'iter_4.pth', 'last_checkpoint', 'log.jsonl', 'config.py'} <= names
    meta = load_checkpoint(trained.checkpoint)['meta']
    assert meta['iter'] == 4 and len(meta['dataset_meta']['classes']) == 7


def test_test_scores_and_writes_maps(project, capsys):
    out, shown = project.folder / 'maps', project.folder / 'shown'
    assert main(project.test('--out', str(out), '--show-dir', str(shown))) == 0
    assert 'mIoU' in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ['4.png', '5.png']
    ids = cv2.imread(str(out / '4.png'), cv2.IMREAD_UNCHANGED)
    assert ids.shape == (40, 40) and ids.max() < 7
    assert sorted(path.name for path in shown.iterdir()) == ['4.png', '5.png']
    report = project.work / 'test'
    assert {'metrics.json', 'per_class.csv', 'confusion_matrix.csv', 'confusion_matrix.png'} <= {
        path.name for path in report.iterdir()
    }


def test_scores_are_those_of_the_saved_maps(project):
    """The table, the returned figures and the PNGs tell one story."""
    out = project.folder / 'maps'
    metrics = apis.test(
        project.config, project.checkpoint, out=out, device='cpu', work_dir=project.work
    )
    counts = np.zeros((7, 7), np.int64)
    for number in (4, 5):
        label = cv2.imread(str(project.mask('val', number)), cv2.IMREAD_UNCHANGED).astype(int) - 1
        ids = cv2.imread(str(out / f'{number}.png'), cv2.IMREAD_UNCHANGED)
        for right, got in zip(label.ravel(), ids.ravel(), strict=True):
            if right >= 0:
                counts[right, got] += 1
    union = counts.sum(0) + counts.sum(1) - counts.diagonal()
    assert metrics['mIoU'] == round(100 * float(np.nanmean(counts.diagonal() / union)), 2)


@pytest.mark.parametrize('flag', ['--aug-test', pytest.param('--tta', marks=pytest.mark.slow)])
def test_aug_test(project, flag):
    assert main(project.test(flag)) == 0
    assert (project.work / 'test_ms_flip' / 'metrics.json').is_file()


@pytest.mark.slow
def test_slide_of_one_window_is_whole(project):
    options = {
        'model.test_cfg': {'mode': 'slide', 'crop_size': (40, 40), 'stride': (20, 20)}
    }  # as large as the images
    common = dict(device='cpu', work_dir=project.work)
    whole = apis.test(project.config, project.checkpoint, **common)
    slide = apis.test(project.config, project.checkpoint, cfg_options=options, **common)
    assert whole == slide


def test_resume_goes_on(project):
    options = ['train_cfg.max_iters=6', 'param_scheduler.0.end=6', 'train_cfg.val_interval=6']
    words = project.train('--no-audit', '--resume', '--cfg-options', *options)
    assert main(words) == 0
    lines = (project.work / 'log.jsonl').read_text(encoding='utf-8').splitlines()
    assert any(json.loads(line).get('iter') == 6 for line in lines)
    assert (project.work / 'iter_6.pth').is_file()


def test_amp_and_seed(tmp_path):
    project = Project(tmp_path)
    options = ['train_cfg.max_iters=2', 'train_cfg.val_interval=9']
    assert main(project.train('--amp', '--seed', '5', '--no-audit', '--cfg-options', *options)) == 0
    content = load_checkpoint(project.work / 'iter_2.pth')
    assert content['meta']['seed'] == 5
    assert all(torch.isfinite(v).all() for v in content['state_dict'].values())


def test_audit(project, capsys):
    report = project.folder / 'report.json'
    words = ['audit', str(project.config), '--json', str(report)]
    assert main(words) == 0
    assert json.loads(report.read_text(encoding='utf-8'))['errors'] == 0
    project.mask(number=2).unlink()
    assert main(words) == 1
    assert 'img_dir/train/2.png' in capsys.readouterr().out
    assert json.loads(report.read_text(encoding='utf-8'))['errors'] > 0


def test_an_error_in_a_worker_is_as_clear_as_in_the_main_process(project, capsys):
    mask = np.ones((40, 40), np.uint8)
    mask[30, 20:25] = 200
    for number in range(4):
        cv2.imwrite(str(project.mask(number=number)), mask)
    options = ('--no-audit', '--cfg-options', 'train_dataloader.num_workers=1')
    assert main(project.train(*options)) == 1
    message = capsys.readouterr().err
    assert message.startswith('error: ') and len(message.splitlines()) == 1
    assert 'ann_dir/train/' in message and '200 (5 pixels)' in message


def test_predict_of_a_missing_image(project, capsys):
    words = ['predict', str(project.config), str(project.checkpoint), str(project.folder / 'x.png')]
    assert main([*words, '--out', str(project.folder / 'out'), '--device', 'cpu']) == 1
    assert 'x.png' in capsys.readouterr().err


def test_names_for_python_callers():
    for name in apis.__all__:
        assert callable(getattr(apis, name)), name
    with pytest.raises(AttributeError, match='nothing_here'):
        apis.nothing_here  # noqa: B018
