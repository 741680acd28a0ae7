"""`mmseg-deeplab convert`: arguments of the original, exit codes, what is printed."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

import pytest

from mmseg_deeplab.apis.conversion import CONVERTERS as PLANS
from mmseg_deeplab.cli import main
from mmseg_deeplab.cli.convert import CONVERTERS

from .conftest import names


def test_arguments_of_the_original_and_what_is_printed(raw, tmp_path, capsys):
    words = ['convert', 'vaihingen', str(raw / 'vaihingen'), '--tmp_dir', str(tmp_path)]
    words += ['-o', str(tmp_path / 'out'), '--clip_size', '40', '--stride_size', '40']
    assert main([*words, '--dry-run']) == 0
    assert capsys.readouterr().out.splitlines()[-1] == 'nothing was written (--dry-run)'
    assert main([*words, '--workers', '2']) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f'vaihingen: {tmp_path / "out"}'
    assert printed[-1].startswith('note: top_mosaic_09cm_area9_noBoundary.tif: left out')
    assert main([*words, '--resume']) == 0
    assert 'all 6 parts were there from an earlier run' in capsys.readouterr().out
    assert not [name for name in names(tmp_path) if not name.startswith('out/')]


def test_faults_are_one_line_and_exit_code_1(tmp_path, capsys):
    (tmp_path / 'Train.zip').write_bytes(b'PK')
    assert main(['convert', 'loveda', str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith('error: ') and 'Train.zip: not a whole zip file' in error
    assert 'Traceback' not in error
    assert main(['convert', 'potsdam', str(tmp_path / 'none'), '--workers', '0']) == 1
    assert 'no such folder' in capsys.readouterr().err
    with pytest.raises(SystemExit) as left:
        main(['convert', 'mars', str(tmp_path)])
    assert left.value.code == 2


@pytest.mark.parametrize('name', CONVERTERS)
def test_arguments_and_told_defaults_are_those_of_the_plan(name):
    module, function = PLANS[name]
    plan = getattr(import_module(f'mmseg_deeplab.datasets.prepare.{module}'), function)
    defaults = {key: argument.default for key, argument in signature(plan).parameters.items()}
    options = {option.name: option.help for option in CONVERTERS[name].options}
    assert [*CONVERTERS[name].paths, 'out_dir', *options] == list(defaults)
    for option, told in options.items():
        assert defaults[option] is None or told.endswith(f'({defaults[option]})')
