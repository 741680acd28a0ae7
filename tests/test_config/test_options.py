"""KEY=VALUE options: how a value is read and where it goes."""

from __future__ import annotations

import math

import pytest
from mmengine.config import Config

from mmseg_deeplab.config import apply_options, load_config, parse_option
from mmseg_deeplab.utils.errors import ConfigError


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('1', 1), ('-2', -2), ('1e-3', 0.001), ('0.5', 0.5), ('true', True), ('False', False),
        ('None', None), ('none', None), ('slide', 'slide'), ('"1"', '1'), ("'a b'", 'a b'),
        ('1,2,3', [1, 2, 3]), ('[1,2]', [1, 2]), ('(512,256)', (512, 256)), ('[]', []),
        ('[a,b]', ['a', 'b']), ('a,b', ['a', 'b']), ('[(1,2),(3,x)]', [(1, 2), (3, 'x')]),
        ("{'lr': 0.1}", {'lr': 0.1}), ('{lr: 0.1, name: x}', {'lr': 0.1, 'name': 'x'}),
        ('inf', math.inf), ('a/b.py', 'a/b.py'), ('', ''), ('[a, none]', ['a', None]),
        ('(a,)', ('a',)), ('key=value', 'key=value'), ('((', '(('), ('C:/x', 'C:/x'),
    ],
)  # fmt: skip
def test_values(text, value):
    parsed = parse_option(text)
    assert parsed == value and type(parsed) is type(value)


def test_dotted_keys_reach_dicts_and_lists():
    config = Config(dict(a=dict(b=1), pipeline=[dict(p=1), dict(p=2)], c=dict(x=1, y=2)))
    options = {'a.b': 2, 'a.new.deep': None, 'pipeline.1.p': 3, 'c._delete_': True, 'c.z': 9}
    changed = apply_options(config, options)
    assert changed.a == dict(b=2, new=dict(deep=None))
    assert changed.pipeline == [dict(p=1), dict(p=3)]
    assert changed.c == dict(z=9)
    assert config.a == dict(b=1) and config.pipeline[1].p == 2


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'a.b.c': 1}, r'--cfg-options a\.b\.c=1 does not fit'),
        ({'pipeline.7.p': 1}, 'pipeline is a list of 1'),
    ],
)
def test_options_that_do_not_fit(options, message):
    config = Config(dict(a=dict(b=1), pipeline=[dict(p=1)]))
    with pytest.raises(ConfigError, match=message):
        apply_options(config, options)


@pytest.mark.parametrize(
    ('key', 'place'),
    [
        ('crop_size', r'model\.data_preprocessor\.size=|dataset\.pipeline\.3\.crop_size='),
        ('num_classes', r'model\.decode_head\.num_classes='),
        ('data_root', r'train_dataloader\.dataset\.data_root='),
    ],
)
def test_a_variable_that_was_used_up_is_no_option(key, place):
    """Changing it would do nothing, silently; the message says what to set instead."""
    with pytest.raises(ConfigError, match=f'{key} is a variable of the config file.*{place}'):
        load_config('deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512', {key: 5})


def test_settings_and_new_variables_may_be_set():
    config = apply_options(Config(dict(work_dir='a', model=dict(x='a'))), {'work_dir': 'b', 'n': 1})
    assert (config.work_dir, config.n) == ('b', 1)
