"""The report: text, JSON, errors, exit codes; wrappers, sampling, configs."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from mmseg_deeplab.apis.audit import audit_dataset
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError
from tests.tiny_dataset import write_png

from .test_findings import cut, label_200, mask_all_ignored, same_image


def test_error_names_the_file(project):
    label_200(project)
    with pytest.raises(DataError, match=r'train/4.png: label values outside the 7 classes: 200'):
        audit_dataset(project.config()).raise_errors()


def test_several_errors_are_counted(project):
    for number in range(6):
        cut(project.image(number))
    with pytest.raises(DataError, match='6 errors in the data:(.|\n)*and 1 more'):
        audit_dataset(project.config()).raise_errors()


def test_warnings_do_not_raise(project):
    mask_all_ignored(project)
    report = audit_dataset(project.config())
    report.raise_errors()
    assert len(report.warnings) == 1 and not report.errors


def test_text_and_colours(project, monkeypatch):
    mask_all_ignored(project)
    same_image(project)
    label_200(project)
    report = audit_dataset(project.config())
    plain = '\n'.join(report.lines())  # pytest's output is no terminal
    assert '\033' not in plain
    assert 'train 6 images, val 3 images' in plain
    assert '1 error, 2 warnings' in plain
    assert plain.index('outside the classes') < plain.index('without a labelled pixel')
    assert 'agricultural' in plain and f'class_weight={report.class_weights}' in plain
    coloured = '\n'.join(report.lines(colour=True))
    assert '\033[31merror\033[0m' in coloured and '\033[33mwarning\033[0m' in coloured


def test_long_lists_are_cut_in_text_but_not_in_json(project, tmp_path):
    for number in range(6):
        write_png(project.mask(number), np.zeros((40, 40), np.uint8))
    report = audit_dataset(project.config())
    assert '... and 1 more' in '\n'.join(report.lines())
    written = json.loads(report.write_json(tmp_path / 'report.json').read_text(encoding='utf-8'))
    ignored = [one for one in written['findings'] if one['kind'] == 'all-ignored']
    assert len(ignored) == 6 and ignored[0]['severity'] == 'warning'
    assert written['splits'][0]['pixels']['road'] == 0
    assert written['class_weights'] == [1.0] * 7
    assert written['warnings'] == len(written['findings']) == 13  # and seven absent classes


def test_missing_folder_is_a_finding(project):
    config = project.config()
    config['train_dataloader']['dataset']['data_prefix']['img_path'] = 'img_dir/gone'
    report = audit_dataset(config)
    assert [finding.kind for finding in report.findings] == ['not-found']
    with pytest.raises(DataError, match='img_dir/gone'):
        report.raise_errors()
    assert issubclass(DatasetNotFoundError, DataError)


def test_list_of_images_that_are_not_there(project):
    (project.data / 'list.txt').write_text('0\n1\n77\n', encoding='utf-8')
    config = project.config()
    config['train_dataloader']['dataset']['ann_file'] = 'list.txt'
    report = audit_dataset(config)
    # masks 2 to 5 belong to images that the list leaves out on purpose
    assert [finding.kind for finding in report.findings] == ['missing-image']
    assert '77.png' in report.findings[0].message and report.splits[0].examined == 2


def test_wrappers_are_looked_into(project):
    config = project.config()
    train, val = config['train_dataloader']['dataset'], config['val_dataloader']['dataset']
    repeated = dict(type='RepeatDataset', times=3, dataset=train)
    both = dict(type='ConcatDataset', datasets=[repeated, val])
    label_200(project)
    report = audit_dataset(dict(train_dataloader=dict(dataset=both)))
    assert [finding.kind for finding in report.findings] == ['outside-classes']
    assert report.splits[0].images == 9


def test_quick_stops_in_time_and_says_so(project, monkeypatch):
    from mmseg_deeplab.datasets.audit import split

    real = split.examine_pair

    def slow(*arguments):
        time.sleep(0.02)
        return real(*arguments)

    monkeypatch.setattr(split, 'examine_pair', slow)
    monkeypatch.setattr(split.os, 'cpu_count', lambda: 1)
    report = audit_dataset(project.config(), quick=True, seconds=0.0)
    assert [part.examined for part in report.splits] == [4, 3]  # one batch, at least
    lines = report.lines()
    assert '6 images (4 of them opened)' in lines[0]
    assert not any('class_weight' in line for line in lines)


def test_settings_in_the_config(project):
    report = audit_dataset({**project.config(), 'audit': dict(quick=True, seconds=30)})
    assert report.quick
    with pytest.raises(ConfigError, match='audit may hold quick and seconds, got second'):
        audit_dataset({**project.config(), 'audit': dict(second=30)})
    with pytest.raises(ConfigError, match='no data set'):
        audit_dataset(dict(model=dict(type='EncoderDecoder')))


def test_progress_is_told(project):
    told = []
    audit_dataset(project.config(), on_progress=lambda *event: told.append(event))
    assert told[-1] == ('val', 3, 3) and ('train', 6, 6) in told


def test_command_line(project, tmp_path, capsys):
    from mmseg_deeplab.cli import main

    words = ['audit', 'deeplabv3plus_r18-d8_demo-64x64', '--data-root', str(project.data)]
    assert main(words) == 0
    assert 'nothing wrong found' in capsys.readouterr().out
    label_200(project)
    assert main([*words, '--json', str(tmp_path / 'report.json')]) == 1
    assert 'train/4.png' in capsys.readouterr().out
    assert json.loads((tmp_path / 'report.json').read_text(encoding='utf-8'))['errors'] == 1
