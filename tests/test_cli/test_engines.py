"""`test --backend` and `--precision`: the scores of the plain test, in files of their own."""

from __future__ import annotations

import json

import pytest

from mmseg_deeplab.cli import main


@pytest.fixture(scope='module', autouse=True)
def cache(tmp_path_factory):
    """One cache for the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path_factory.mktemp('cache')))
        yield


def scores(project, folder):
    """The scores of a test, in percent."""
    found = json.loads((project.work / folder / 'metrics.json').read_text())
    return {name: 100 * value for name, value in found['summary'].items()}


@pytest.mark.openvino
@pytest.mark.parametrize('views', [[], ['--aug-test']])
def test_scores_of_openvino(project, views, capsys):
    words = ['test', str(project.config), str(project.checkpoint), '--work-dir', str(project.work)]
    words += ['--device', 'cpu', *views]
    assert main(words) == 0
    assert main([*words, '--backend', 'openvino']) == 0
    said = capsys.readouterr()
    assert 'computes the logits in fp32 on the CPU' in said.out + said.err
    folder = 'test_ms_flip' if views else 'test'
    plain = scores(project, folder)
    assert plain and scores(project, f'{folder}_openvino_fp32') == pytest.approx(plain, abs=0.1)


def test_scores_of_bf16(project, capsys):
    words = ['test', str(project.config), str(project.checkpoint), '--work-dir', str(project.work)]
    assert main([*words, '--device', 'cpu', '--amp']) == 0
    said = capsys.readouterr()
    assert 'PyTorch computes the logits in bf16 (autocast) on cpu' in said.out + said.err
    assert scores(project, 'test_torch_bf16')
