"""The tools around a config, a checkpoint or a log: their numbers, pictures and messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_deeplab.apis import browse_dataset, confusion_matrix, model_complexity
from mmseg_deeplab.cli import main
from mmseg_deeplab.utils.errors import ConfigError, DataError
from tests.tiny_dataset import make_loveda_like, write_png

REPO = Path(__file__).resolve().parents[2]
R18 = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'


def test_macs_and_parameters_of_one_convolution():
    """A 3x3 convolution of 2 to 4 channels on 8 x 8 pixels, and a classifier of 4 to 5."""
    config = dict(
        model=dict(
            type='EncoderDecoder',
            backbone=dict(type='UNet', in_channels=2, base_channels=4, num_stages=1,
                          strides=(1,), enc_num_convs=(1,), dec_num_convs=(), downsamples=(),
                          enc_dilations=(1,), dec_dilations=(), norm_cfg=None),
            decode_head=dict(type='FCNHead', in_channels=4, in_index=0, channels=4, num_convs=0,
                             concat_input=False, num_classes=5),
        )
    )  # fmt: skip
    found = model_complexity(config, (8,))
    assert found.shape == (2, 8, 8)
    assert found.parts['backbone'].macs == 3 * 3 * 2 * 4 * 8 * 8
    assert found.parts['decode_head'].macs == 4 * 5 * 8 * 8
    assert found.parts['decode_head'].params == 4 * 5 + 5


def test_macs_of_the_zoos_model(capsys):
    """Figures of MMSegmentation's model: 12.467 M parameters, 54.16 G multiply-adds at 512."""
    assert main(['get-flops', R18, '--shape', '512']) == 0
    printed = capsys.readouterr().out
    assert 'Flops: 54.16 G multiply-adds' in printed
    assert 'Params: 12.319 M (12.467 M with' in printed


def test_benchmark_writes_what_it_measured(project, capsys):
    words = ['benchmark', str(project.config), str(project.checkpoint), '--device', 'cpu']
    words += ['--num-images', '3', '--warmup', '1', '--repeat-times', '2', '--log-interval', '2']
    assert main([*words, '--work-dir', str(project.folder / 'speed')]) == 0
    (file,) = (project.folder / 'speed').glob('fps_*.json')
    found = json.loads(file.read_text(encoding='utf-8'))
    runs = [found['overall_fps_1'], found['overall_fps_2']]
    assert min(runs) > 0 and found['average_fps'] == pytest.approx(np.mean(runs), abs=0.02)
    assert found['device'] == 'cpu' and found['unit'] == 'img / s' and found['images_per_run'] == 3
    assert 'run 2: image 2 of 3' in capsys.readouterr().out


def test_browse_draws_image_label_and_legend(project):
    out = project.folder / 'browse'
    written = browse_dataset(str(project.config), out, show_number=2, on_progress=lambda *_: None)
    again = browse_dataset(
        str(project.config), out / 'again', show_number=2, on_progress=lambda *_: None
    )
    assert [path.name for path in written] == ['0.png', '1.png']
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]
    picture = cv2.imread(str(written[0]))
    third = (picture.shape[1] - 4 * 8) // 3
    assert picture.shape[0] > third > 250  # enlarged, with a legend below
    label = picture[26 : 26 + third, 16 + third : 16 + 2 * third].reshape(-1, 3)
    colours = {tuple(bgr) for bgr in label[:: 8 * third + 3].tolist()}
    palette = {(255, 255, 255), (0, 0, 255), (0, 255, 255), (255, 0, 0), (183, 129, 159),
               (0, 255, 0), (128, 195, 255)}  # fmt: skip
    assert len(colours & palette) > 3


def test_names_that_come_again_are_numbered(project):
    root = make_loveda_like(project.folder / 'named', n_train=3, n_val=0)
    for folder in ('img_dir', 'ann_dir'):
        (root / folder / 'train' / '1.png').rename(root / folder / 'train' / '0_2.png')
    options = {'train_dataloader.dataset.indices': [0, 0, 1, 0, 2]}  # 0, 0_2 and 2
    written = browse_dataset(
        str(project.config),
        project.folder / 'b',
        cfg_options=options,
        data_root=root,
        on_progress=lambda *_: None,
    )
    names = ['0.png', '0_2.png', '0_2_2.png', '0_3.png', '2.png']
    assert [path.name for path in written] == names


@pytest.mark.slow
def test_confusion_matrix_of_saved_predictions_is_that_of_the_test(project):
    predicted, matrix = project.folder / 'predicted', project.folder / 'matrix'
    assert main(project.test('--out', str(predicted))) == 0
    words = ['confusion-matrix', str(project.config), str(predicted), str(matrix)]
    assert main([*words, '--color-theme', 'Blues', '--title', 'Mine']) == 0
    tested = project.work / 'test'
    for name in ('confusion_matrix.csv', 'metrics.json', 'per_class.csv'):
        assert (matrix / name).read_text() == (tested / name).read_text()
    assert cv2.imread(str(matrix / 'confusion_matrix.png')) is not None
    again = project.folder / 'again'
    words = ['confusion-matrix', str(project.config), str(tested / 'confusion_matrix.csv')]
    assert main([*words, str(again)]) == 0
    csv = 'confusion_matrix.csv'
    assert (again / csv).read_text() == (matrix / csv).read_text()
    # one too high, as MMSegmentation writes them for reduce_zero_label
    for path in predicted.glob('*.png'):
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED) + 1)
    report = confusion_matrix(
        str(project.config), predicted, again, label_offset=1, on_progress=lambda *_: None
    )
    assert report.as_dict() == json.loads((tested / 'metrics.json').read_text())
    next(predicted.glob('*.png')).unlink()
    with pytest.raises(DataError, match='1 of 2 images have no prediction'):
        confusion_matrix(str(project.config), predicted, again)


@pytest.mark.slow
def test_confusion_matrix_leaves_out_what_the_test_does(project):
    for path in (project.data / 'ann_dir' / 'val').iterdir():
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        write_png(path, stored.clip(min=1))  # none is 255 then
    predicted, matrix = project.folder / 'predicted', project.folder / 'matrix'
    ignore = ['--cfg-options', 'test_evaluator.ignore_index=1']
    assert main(project.test('--out', str(predicted), *ignore)) == 0
    words = ['confusion-matrix', str(project.config), str(predicted), str(matrix), *ignore]
    assert main(words) == 0
    scores = [(folder / 'metrics.json').read_text() for folder in (project.work / 'test', matrix)]
    assert scores[0] == scores[1]


@pytest.mark.slow
def test_confusion_matrix_of_images_of_two_folders_with_one_name(project):
    for folder in ('img_dir', 'ann_dir'):
        images = project.data / folder / 'val'
        for number, name in enumerate(sorted(images.iterdir())):
            (images / str(number)).mkdir()
            name.rename(images / str(number) / 'x.png')
    predicted, matrix = project.folder / 'predicted', project.folder / 'matrix'
    assert main(project.test('--out', str(predicted))) == 0
    confusion_matrix(str(project.config), predicted, matrix, on_progress=lambda *_: None)
    scores = [(folder / 'metrics.json').read_text() for folder in (project.work / 'test', matrix)]
    assert scores[0] == scores[1]
    (predicted / '0' / 'x.png').rename(predicted / 'x.png')
    with pytest.raises(DataError, match=r'1 of 2 .* the first is 0.x\.png for'):
        confusion_matrix(str(project.config), predicted, matrix)


def test_a_loader_that_is_missing_is_named(project):
    none = {'test_dataloader': None}
    with pytest.raises(ConfigError, match='test_dataloader is missing'):
        browse_dataset(str(project.config), project.folder, phase='test', cfg_options=none)
    with pytest.raises(ConfigError, match='test_dataloader is missing'):
        confusion_matrix(str(project.config), 'p', project.folder, cfg_options=none)


def test_print_config_with_layers_and_a_file(project, capsys):
    out = project.folder / 'whole.py'
    words = ['print-config', str(project.config), '--graph', '--out', str(out)]
    assert main([*words, '--options', 'train_dataloader.batch_size=3']) == 0
    printed = capsys.readouterr().out
    assert 'Model graph:\nEncoderDecoder(' in printed
    assert 'batch_size=3' in out.read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['get-flops', 'nothing.py'], 'nothing.py does not exist'),
        (['get-flops', R18, '--shape', '0'], 'shape must be HEIGHT WIDTH'),
        (['benchmark', '{config}', 'nothing.pth'], 'nothing.pth: no such checkpoint'),
        (['benchmark', '{config}', '--num-images', '0'], 'num_images must be at least 1'),
        (['browse-dataset', '{config}', '--not-show'], 'give --output-dir DIR'),
        (['browse-dataset', '{config}', '--output-dir', 'x', '--show-number', '0'], 'at least 1'),
        (['confusion-matrix', '{config}', 'nothing', 'x'], 'nothing: no such folder'),
        (['confusion-matrix', '{config}', 'p', 'x', '--color-theme', 'Blue'], 'did you mean Blues'),
        (['confusion-matrix', '{config}', '{config}', 'x'], 'not a confusion_matrix.csv'),
        (['analyze-logs', 'nothing.json'], 'nothing.json: there is no such log'),
    ],
)
def test_bad_input_gives_one_message(trained, words, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main([word.format(config=trained.config) for word in words]) == 1
    errors = capsys.readouterr().err
    assert message in errors and errors.count('error:') == 1 and 'Traceback' not in errors
    assert [p for p in tmp_path.iterdir() if p.name != 'work_dirs'] == []


@pytest.mark.parametrize(
    'script',
    sorted(p.relative_to(REPO) for p in REPO.glob('tools/analysis_tools/*.py'))
    + [Path('tools/misc/print_config.py')],
    ids=str,
)
def test_scripts_are_the_same_commands(script):
    text = (REPO / script).read_text(encoding='utf-8')
    command = script.stem.replace('_', '-')
    assert f"main(['{command}', *sys.argv[1:]])" in text


def test_a_script_runs():
    script = REPO / 'tools' / 'analysis_tools' / 'analyze_logs.py'
    run = subprocess.run([sys.executable, script, '--help'], capture_output=True, text=True)
    assert run.returncode == 0 and 'mmseg-deeplab analyze-logs' in run.stdout
