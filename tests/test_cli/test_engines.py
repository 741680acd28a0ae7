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
    return [100 * found[name] for name in ('aAcc', 'mIoU', 'mAcc')]


@pytest.mark.openvino
@pytest.mark.slow
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
    assert len(scores(project, 'test_torch_bf16')) == 3


def test_wrong_choices(project, capsys):
    words = ['predict', str(project.config), str(project.checkpoint), str(project.data)]
    words += ['--out', str(project.folder / 'out')]
    assert main([*words, '--amp', '--backend', 'onnxruntime']) == 1
    assert 'bf16 is there with backend torch or openvino' in capsys.readouterr().err
    assert main([*words, '--backend', 'openvino', '--device', 'cuda']) == 1
    assert 'computes on the CPU' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, '--amp', '--precision', 'int8'])
    assert not (project.folder / 'out').exists()


@pytest.mark.openvino
def test_predict(project):
    out = project.folder / 'out'
    words = ['predict', str(project.config), str(project.checkpoint), str(project.data / 'img_dir')]
    assert main([*words, '--out', str(out), '--backend', 'openvino', '--kinds', 'masks']) == 0
    assert len(list(out.rglob('*.png'))) == 6


@pytest.mark.slow
@pytest.mark.nncf
@pytest.mark.openvino
def test_int8_from_calibration_to_scores(project, capsys):
    """A net of four training steps: its mIoU jumps about, so the bound is wide here."""
    words = [str(project.config), str(project.checkpoint), '--work-dir', str(project.work)]
    assert main(['quantize', *words, '--images', '3', '--max-drop', '-100']) == 1
    assert 'is not kept' in capsys.readouterr().err
    use = ['test', *words, '--backend', 'openvino', '--precision', 'int8']
    assert main(use) == 1
    assert 'make it with: mmseg-deeplab quantize' in capsys.readouterr().err
    assert main(['quantize', *words, '--images', '3', '--max-drop', '20']) == 0
    assert 'mIoU before' in capsys.readouterr().out
    assert main(use) == 0
    said = capsys.readouterr()
    assert 'int8 (3 calibration images; mIoU' in said.out + said.err
    assert scores(project, 'test_openvino_int8') == scores(project, 'quantize_int8')
    assert main(['quantize', *words, '--images', '0']) == 1
