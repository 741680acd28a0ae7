"""The comparison with the original's configs: what counts as a difference, and as explained."""

from __future__ import annotations

import importlib
import sys

import pytest

from tests.conftest import REPO

PARTS = dict(settings={}, state_dict={}, groups={}, datasets={}, parts={}, pipelines={})


@pytest.fixture(scope='module')
def modules():
    """The modules ``compare`` and ``reasons`` of benchmarks/zoo_compare."""
    sys.path.insert(0, str(REPO / 'benchmarks' / 'zoo_compare'))
    yield importlib.import_module('compare'), importlib.import_module('reasons')
    sys.path.pop(0)
    for name in ('compare', 'reasons'):
        del sys.modules[name]


def made(given, defaults):
    return {'given': given, 'defaults': defaults}


def test_defaults_stand_for_what_is_not_given(modules):
    ours = {**PARTS, 'settings': {'a': made({'type': 'A', 'x': 1}, {'y': 2, 'ours': 0})}}
    same = {**PARTS, 'settings': {'a': made({'type': 'A', 'y': 2}, {'x': 1, 'theirs': 0})}}
    other = {**PARTS, 'settings': {'a': made({'type': 'A', 'z': 3}, {'x': 1, 'y': 5})}}
    compare = modules[0].compare
    assert list(compare(ours, same)) == []
    assert [tuple(found) for found in compare(ours, other)] == [
        ('settings.a.y', 2, 5),
        ('settings.a.z', '<absent>', 3),
    ]


def test_lists_shapes_and_attributes(modules):
    ours = {**PARTS, 'state_dict': {'w': [1, 2], 'b': [1]}, 'parts': {'head': {'p': 1, 'q': 2}}}
    theirs = {**PARTS, 'state_dict': {'w': [1, 3]}, 'parts': {'head': {'p': 3, 'r': 4}}}
    assert [found.place for found in modules[0].compare(ours, theirs)] == [
        'state_dict.b',
        'state_dict.w.1',
        'parts.head.p',
    ]


@pytest.mark.parametrize(
    ('config', 'place', 'ours', 'theirs', 'why'),
    [
        ('deeplabv3_r101-d8_4xb2-amp-80k_cityscapes-512x1024', 'settings.train_cfg.max_iters',
         80000, 40000, 'MENDED: the name says 80k'),
        ('deeplabv3_r101-d8_4xb2-80k_cityscapes-512x1024', 'settings.train_cfg.max_iters',
         80000, 40000, None),
        ('x', 'settings.val_dataloader.dataset.data_root', 'data/a', 'data/a/', 'the same folder'),
        ('x', 'settings.val_dataloader.dataset.data_root', 'data/a', 'data/b/', None),
        ('x', 'settings.train_dataloader.dataset.dataset.img_suffix', None, '.png', 'None means'),
        ('x', 'datasets.train_dataloader.0.img_suffix', '.jpg', '.png', None),
    ],
)  # fmt: skip
def test_a_reason_holds_only_where_it_fits(modules, config, place, ours, theirs, why):
    found = modules[1].reason_for(config, place, ours, theirs)
    assert found is None if why is None else found.startswith(why)
