"""Reading config files: bases, circles, broken files, options, and names of shipped configs."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_deeplab.config import find_config, load_config, set_data_root
from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.paths import config_root

LAZY = 'from mmengine.config import read_base\nwith read_base():\n    from .{} import *\n'


def write(folder: Path, **files: str) -> Path:
    """Write each text to ``folder/NAME.py``; the path of the first."""
    paths = []
    for name, text in files.items():
        paths.append(folder / f'{name}.py')
        paths[-1].write_text(text, encoding='utf-8')
    return paths[0]


def test_bases_delete_and_base_variables(tmp_path):
    path = write(
        tmp_path,
        child="_base_ = './base.py'\n"
        'model = dict(head=dict(k={{_base_.k}}), loss=dict(_delete_=True, b=2))\n',
        base='k = 7\nmodel = dict(head=dict(k=1, c=3), loss=dict(a=1))\n',
    )
    config = load_config(path)
    assert config.model == dict(head=dict(k=7, c=3), loss=dict(b=2))
    assert config.filename == str(path)
    assert config.default_scope == 'mmseg_deeplab'


def test_lazy_style(tmp_path):
    path = write(
        tmp_path,
        child='from mmengine.config import read_base\nfrom torch.optim import SGD\n'
        'with read_base():\n    from .base import *\n'
        'model.update(dict(depth=18))\noptimizer = dict(type=SGD, lr=0.1)\n',
        base='model = dict(type="EncoderDecoder", depth=50)\n',
    )
    config = load_config(path)
    assert config.model == dict(type='EncoderDecoder', depth=18)
    assert config.optimizer.type.__name__ == 'SGD'


def test_yaml(tmp_path):
    (tmp_path / 'base.yaml').write_text('model: {depth: 50}\n', encoding='utf-8')
    path = tmp_path / 'child.yaml'
    path.write_text('_base_: [base.yaml]\nmodel: {head: 1}\n', encoding='utf-8')
    assert load_config(path).model == dict(depth=50, head=1)


@pytest.mark.parametrize('prefix', ['mmseg', 'mmseg_deeplab'])
def test_a_base_may_name_a_shipped_config(tmp_path, prefix):
    path = write(tmp_path, child=f"_base_ = '{prefix}::_base_/datasets/loveda.py'\n")
    assert load_config(path).num_classes == 7


@pytest.mark.parametrize(
    ('files', 'message'),
    [
        (dict(a="_base_ = './b.py'\n"), r'base config \S*b\.py does not exist; .* by \S*a\.py'),
        (
            dict(a="_base_ = './b.py'\n", b="_base_ = ['c.py']\n"),
            r'c\.py does not exist; it is asked for by \S*b\.py <- \S*a\.py',
        ),
        (dict(a="_base_ = './a.py'\n"), r'a\.py go round in a circle: \S*a\.py -> \S*a\.py'),
        (
            dict(a="_base_ = 'b.py'\n", b="_base_ = 'c.py'\n", c="_base_ = 'b.py'\n"),
            r'circle: \S*b\.py -> \S*c\.py -> \S*b\.py',
        ),
        (
            dict(
                a='from mmengine.config import read_base\nwith read_base():\n    from .a import *'
            ),
            r'a\.py go round in a circle',
        ),
        (
            dict(
                a='from mmengine.config import read_base\nwith read_base():\n    from .b import *'
            ),
            r'base config \S*b\.py does not exist',
        ),
        (dict(a='model = dict(\n'), r'syntax error in config \S*a\.py, line 1'),
        (
            dict(a="_base_ = './b.py'\n", b='x = 1\ny = = 2\n'),
            r'syntax error in config \S*b\.py, line 2 \(a base of \S*a\.py\)',
        ),
        (dict(a='x = 1\ny = nothing\n'), r"a\.py, line 2: NameError: .*'nothing'"),
        (
            dict(a="_base_ = ['b.py', 'c.py']\n", b='x = 1\n', c='x = 2\n'),
            r'a\.py: KeyError: Duplicate key',
        ),
        (dict(a="_base_ = 'b.py'\nx = dict(y=1)\n", b='x = 1\n'), r'a\.py: TypeError: x='),
        (dict(a="_base_ = 'mmdet::x/y.py'\n"), r'config of the package mmdet; copy that file'),
        (dict(a="custom_imports = dict(imports=['no_such_mod'])\n"), "cannot import 'no_such_mod'"),
        (dict(a="custom_imports = ['x']\n"), r'custom_imports must be dict\(imports='),
    ],
)
def test_broken_files_are_named(tmp_path, files, message):
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, **files))


def test_missing_file_and_other_types(tmp_path):
    with pytest.raises(ConfigError, match=r'config file \S*x\.py does not exist'):
        load_config(tmp_path / 'x.py')
    with pytest.raises(ConfigError, match='must be a path, Config or dict, got int'):
        load_config(3)
    with pytest.raises(ConfigError, match='is a folder'):
        load_config(tmp_path)
    odd = tmp_path / 'x.txt'
    odd.write_text('', encoding='utf-8')
    with pytest.raises(ConfigError, match='must end in one of'):
        load_config(odd)


def test_shipped_configs_by_bare_name():
    name = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
    wanted = config_root() / 'deeplabv3plus' / f'{name}.py'
    assert find_config(name) == find_config(f'{name}.py') == wanted
    with pytest.raises(ConfigError, match=f'a like name: {name}'):
        find_config(name.replace('loveda', 'lovda'))


def test_the_given_object_is_not_changed():
    given = Config(dict(default_scope='mmseg', model=dict(type='mmseg.EncoderDecoder', a=[1])))
    before = copy.deepcopy(given.to_dict())
    loaded = load_config(given, {'model.a': [2]})
    assert given.to_dict() == before
    assert loaded.default_scope == 'mmseg_deeplab'
    assert loaded.model == dict(type='EncoderDecoder', a=[2])
    mapping = dict(model=dict(a=1))
    load_config(mapping, {'model.a': 5}).model.b = 1
    assert mapping == dict(model=dict(a=1))


def test_types_written_for_mmsegmentation():
    config = load_config(
        dict(
            model=dict(
                type='mmseg.models.segmentors.EncoderDecoder',
                heads=[dict(type='mmseg.ASPPHead', _scope_='mmseg'), dict(type='mmdet.X')],
            )
        )
    )
    assert config.model.type == 'EncoderDecoder'
    assert config.model.heads == [
        dict(type='ASPPHead', _scope_='mmseg_deeplab'),
        dict(type='mmdet.X'),
    ]
    assert load_config(dict(default_scope='mmdet', model={})).default_scope == 'mmdet'


def test_data_root_of_every_data_set():
    config = load_config('deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512')
    inner = copy.deepcopy(config.train_dataloader.dataset)
    config.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[inner, inner])
    )
    moved = set_data_root(config, Path('/tiles'))
    assert [d.data_root for d in moved.train_dataloader.dataset.dataset.datasets] == ['/tiles'] * 2
    assert moved.test_dataloader.dataset.data_root == '/tiles'
    assert config.test_dataloader.dataset.data_root == 'data/loveDA'
