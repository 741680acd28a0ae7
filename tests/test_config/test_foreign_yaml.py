"""YAML files of other DeepLab systems: read safely, each setting used, set aside or refused."""

from __future__ import annotations

import pytest

from mmseg_deeplab.cli.arguments import option_in_front
from mmseg_deeplab.config import load_config
from mmseg_deeplab.config.foreign_yaml import Keys, read_yaml, system_of
from mmseg_deeplab.utils.errors import ConfigError

CONFIG = ('-c', '--config')


def keys() -> Keys:
    tree = {'SOLVER': {'BASE_LR': 0.01, 'STEPS': [1, 2]}, 'OUT': 'x', 'EMPTY': {}}
    return Keys(tree, 'a.yaml')


def test_settings_are_taken_once():
    taken = keys()
    assert taken.take('SOLVER.BASE_LR') == 0.01 and taken.take('SOLVER.GAMMA', 3) == 3
    assert taken.take_all('SOLVER') == {'STEPS': [1, 2]}
    taken.idle('there is --work-dir', 'OUT', 'SEED')
    assert taken.notes == ['OUT: not used here, there is --work-dir']
    with pytest.raises(ConfigError, match=r'a\.yaml: EMPTY must be 1 here, got \{\}; ask us'):
        taken.only('EMPTY', 1, why='ask us')
    taken.done()
    with pytest.raises(ConfigError, match='LR must be set, and is not$'):
        taken.take('LR')
    with pytest.raises(ConfigError, match='is SOLVER.BASE_LR a misspelling of it'):
        keys().take('SOLVER.BASE_LRS')


def test_what_is_left_is_refused_with_a_near_name():
    left = keys()
    left.idle('why not', 'OUT', 'EMPTY', 'SOLVER.STEPS.*')
    left.take('SOLVER.BASE_LRS', None)
    with pytest.raises(
        ConfigError, match=r'unknown setting SOLVER.BASE_LR \(and 1 more\); did you mean SOLVER'
    ):
        left.done()


def test_a_tag_that_would_run_is_refused(tmp_path):
    made = tmp_path / 'made'
    path = tmp_path / 'x.yaml'
    path.write_text(f'model: !!python/object/apply:os.mkdir ["{made}"]\n', encoding='utf-8')
    with pytest.raises(ConfigError, match=r'x\.yaml cannot be read: .*python/object'):
        load_config(path)
    (tmp_path / 'child.yaml').write_text('_base_: x.yaml\n', encoding='utf-8')
    with pytest.raises(ConfigError, match=r'x\.yaml cannot be read'):
        load_config(tmp_path / 'child.yaml')
    assert not made.exists()


def test_numbers_are_numbers(tmp_path):
    path = tmp_path / 'x.yaml'
    path.write_text('a: 1e-4\nb: 5.0e-4\nc: 12\nd: None\ne: 1e4x\n', encoding='utf-8')
    assert read_yaml(path) == {'a': 1e-4, 'b': 5e-4, 'c': 12, 'd': 'None', 'e': '1e4x'}


def test_our_own_yaml_is_no_foreign_file(tmp_path):
    path = tmp_path / 'x.yaml'
    path.write_text('model: {type: EncoderDecoder}\nseed: 1\n', encoding='utf-8')
    assert system_of(read_yaml(path)) is None and system_of([1]) is None
    assert load_config(path).model.type == 'EncoderDecoder'


@pytest.mark.parametrize(
    'words',
    [
        ['train', '-c', 'x.yaml', '--seed', '3'],
        ['train', '--seed', '3', '--config', 'x.yaml'],
        ['train', '--seed', '3', '--config=x.yaml'],
    ],
)
def test_config_as_an_option(words):
    assert option_in_front(words, 1, CONFIG) == ['train', 'x.yaml', '--seed', '3']


def test_config_in_its_place_stays_there():
    words = ['test', 'x.yaml', 'y.pth', '--cfg-options', 'a=b']
    assert option_in_front(words, 1, CONFIG) == words
    assert option_in_front(['test', '-c'], 1, CONFIG) == ['test', '-c']
    words = ['convert', 'voc_trainaug', '--workers', '1', '--data_root=d']
    assert option_in_front(words, 2, ('--data_root',)) == [*words[:2], 'd', '--workers', '1']
