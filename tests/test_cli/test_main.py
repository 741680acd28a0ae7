"""The command line: exit codes, messages, and how arguments reach the functions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mmseg_deeplab import apis
from mmseg_deeplab.cli import main
from mmseg_deeplab.utils.errors import DataError, TrainingError


@pytest.fixture
def calls(monkeypatch):
    """Replaces train and test by functions that note their arguments."""
    noted = {}
    for name in ('train', 'test'):

        def note(*arguments, _name=name, **named):
            noted[_name] = (arguments, named)
            if isinstance(noted.get('raise'), BaseException):
                raise noted['raise']

        monkeypatch.setitem(vars(apis), name, note)  # not imported: that takes torch
    return noted


def test_train_arguments(calls):
    words = (
        'train c.py --work-dir w --resume --amp --device cpu --seed 3 --launcher pytorch '
        '--no-audit --data-root /d --local_rank 0 --cfg-options a.b=1 c=[x,y] --cfg-options d=None'
    )
    assert main(words.split()) == 0
    arguments, named = calls['train']
    assert arguments == ('c.py',)
    assert named == dict(
        work_dir='w', resume=True, load_from=None, amp=True, device='cpu', seed=3, audit=False,
        cfg_options={'a.b': 1, 'c': ['x', 'y'], 'd': None}, data_root='/d', launcher='pytorch',
        drop_head=False, first_conv=None,
    )  # fmt: skip


def test_train_defaults(calls):
    assert main(['train', 'c.py']) == 0
    named = calls['train'][1]
    assert named['resume'] is False and named['audit'] is None and named['launcher'] is None
    assert main(['train', 'c.py', '--resume', 'x.pth']) == 0
    assert calls['train'][1]['resume'] == 'x.pth'


@pytest.mark.parametrize(
    ('words', 'checkpoint'),
    [
        ('c.yaml', None),
        ('--config c.yaml --device cpu', None),
        ('c.yaml --device cpu x.pth', 'x.pth'),
        ('--config c.yaml --device cpu x.pth --flip', 'x.pth'),
    ],
)
def test_checkpoint_of_a_test_is_optional(calls, words, checkpoint):
    assert main(['test', *words.split()]) == 0
    assert calls['test'][0] == ('c.yaml', checkpoint)
    with pytest.raises(SystemExit, match='2'):
        main(['test', *words.split(), 'x.pth', 'y.pth'])


@pytest.mark.parametrize('flag', ['--aug-test', '--tta'])
def test_test_arguments(calls, flag):
    words = f'test c.py x.pth {flag} --out o --show-dir s --device cpu --work-dir w'
    assert main(words.split()) == 0
    arguments, named = calls['test']
    assert arguments == ('c.py', 'x.pth')
    assert named == dict(
        aug_test=True, out='o', show_dir='s', show=False, wait_time=2.0, device='cpu',
        work_dir='w', cfg_options=None, data_root=None, launcher=None,
        scales=None, flip=False, output_stride=None, crf=False, crf_jobs=None,
    )  # fmt: skip


@pytest.mark.parametrize('error', [DataError('tile.png is cut off'), TrainingError('no disk')])
def test_users_error_is_one_line_and_exit_code_1(calls, capsys, error):
    calls['raise'] = error
    assert main(['train', 'c.py']) == 1
    output = capsys.readouterr()
    assert output.err == f'error: {error}\n' and output.out == ''


def test_ctrl_c_is_130(calls):
    calls['raise'] = KeyboardInterrupt()
    assert main(['train', 'c.py']) == 130


def test_an_error_does_not_stand_behind_a_progress_bar(monkeypatch, capsys):
    from mmseg_deeplab.apis.prediction import progress_bar

    def broken_off(*arguments, **named):
        progress_bar(2)(1, 2)
        raise DataError('a.png: cut off')

    monkeypatch.setitem(vars(apis), 'train', broken_off)
    assert main(['train', 'c.py']) == 1
    assert capsys.readouterr().err.endswith('\nerror: a.png: cut off\n')


def test_a_bug_keeps_its_traceback(calls):
    calls['raise'] = ValueError('a bug')
    with pytest.raises(ValueError, match='a bug'):
        main(['train', 'c.py'])


@pytest.mark.parametrize(
    'words',
    ['', 'train', 'no-such-command', 'test', 'train c.py --cfg-options novalue',
     'train c.py --launcher ssh', 'train c.py --no-such-flag'],
)  # fmt: skip
def test_usage_errors_are_2(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words.split())
    assert stopped.value.code == 2
    assert 'usage:' in capsys.readouterr().err


def test_help_and_version(capsys):
    for words in (['--help'], ['--version'], ['train', '--help'], ['test', '--help']):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 0
    assert 'predict' in capsys.readouterr().out


def test_print_config(capsys):
    name = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
    assert main(['print-config', name, '--data-root', '/elsewhere']) == 0
    assert "data_root='/elsewhere'" in capsys.readouterr().out
    assert main(['print-config', name, '--check', '--cfg-options', 'train_cfg.max_itres=1']) == 1
    assert 'train_cfg.max_itres' in capsys.readouterr().err


def test_help_does_not_load_torch():
    code = (
        'import sys\nfrom mmseg_deeplab.cli import main\n'
        'try:\n    main(["--help"])\nexcept SystemExit:\n    pass\n'
        'sys.exit("torch" in sys.modules)'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
