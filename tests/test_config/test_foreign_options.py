"""What scripts of MMSegmentation 0.x pass to train.py and test.py is done or explained."""

from __future__ import annotations

import pytest

from mmseg_deeplab.cli.main import build_parser, main
from mmseg_deeplab.engine import load_checkpoint
from tests.tiny_dataset import make_loveda_like

from .legacy_files import DATASET, REDUCE, RUNTIME, SCHEDULE, SPLITS

MODEL = """\
norm_cfg = dict(type='SyncBN', requires_grad=True)
head = dict(num_classes=7, norm_cfg=norm_cfg, channels=8)
model = dict(
    type='EncoderDecoder', pretrained=None,
    backbone=dict(
        type='ResNetV1c', depth=18, base_channels=4, stem_channels=8, norm_cfg=norm_cfg,
        strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead', in_channels=32, in_index=3, dilations=(1, 2),
        c1_in_channels=4, c1_channels=4, **head),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
"""


def parsed(*words):
    return build_parser().parse_args([words[0], *words[1:]])


def test_train_options(capsys):
    arguments = parsed(
        'train', 'c.py', '--options', 'a.b=1', '--cfg-options', 'c=2', '--no-validate',
        '--deterministic', '--diff-seed', '--gpu-ids', '1', '--resume-from', 'x.pth', '--gpus', '1',
    )  # fmt: skip
    assert (arguments.device, arguments.resume) == ('cuda:1', 'x.pth')
    options = arguments.cfg_options
    assert (options['a.b'], options['c'], options['val_cfg']) == (1, 2, None)
    assert options['randomness.deterministic'] and options['randomness.diff_rank_seed']
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 7 and all(line.startswith('note: --') for line in said)
    assert 'note: --resume-from is --resume x.pth today' in said
    assert parsed('train', 'c.py', '--auto-resume').resume is True
    with pytest.raises(SystemExit):
        parsed('train', 'c.py', '--gpu-ids', '0', '1')
    assert 'tools/dist_train.sh' in capsys.readouterr().err


def test_test_options(capsys):
    arguments = parsed(
        'test', 'c.py', 'x.pth', '--eval', 'mIoU', 'mDice', '--gpu-collect', '--eval-options',
        'imgfile_prefix=maps', '--format-only', '--opacity', '0.3',
    )  # fmt: skip
    assert arguments.cfg_options == {
        'test_evaluator.iou_metrics': ['mIoU', 'mDice'],
        'test_evaluator.output_dir': 'maps',
        'test_evaluator.format_only': True,
        'visualizer.alpha': 0.3,
    }
    assert len(capsys.readouterr().err.splitlines()) == 5
    with pytest.raises(SystemExit):
        parsed('test', 'c.py', 'x.pth', '--out', 'results.pkl')
    assert 'name a folder' in capsys.readouterr().err


@pytest.mark.slow
def test_a_config_and_a_command_of_0x_train_and_test(tmp_path, capsys):
    """From its config file and its command line to a score."""
    root = make_loveda_like(tmp_path / 'data', size=40)
    sizes = dict(crop=(32, 32), scale=(40, 40), test_scale=(40, 40), batch=2)
    text = DATASET.format(kind='LoveDADataset', root=root, reduce=REDUCE, **sizes, **SPLITS)
    path = tmp_path / 'old.py'
    parts = (MODEL, text, SCHEDULE.format(iters=2, tenth=2), RUNTIME)
    path.write_text('\ufeff' + '\n'.join(parts), encoding='utf-8')  # with a byte-order mark
    work = str(tmp_path / 'work')
    run = ['--work-dir', work, '--device', 'cpu', '--options', 'data.workers_per_gpu=0']
    assert main(['train', str(path), '--no-validate', '--seed', '1', '--no-audit', *run]) == 0
    checkpoint = tmp_path / 'work' / 'iter_2.pth'
    assert len(load_checkpoint(checkpoint)['meta']['dataset_meta']['classes']) == 7
    capsys.readouterr()
    assert main(['test', str(path), str(checkpoint), '--eval', 'mIoU', 'mDice', *run]) == 0
    assert 'mDice' in capsys.readouterr().out
