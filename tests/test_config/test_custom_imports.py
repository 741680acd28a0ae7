"""A user's module that was written for MMSegmentation, where that is not installed."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from mmseg_deeplab.config import load_config
from mmseg_deeplab.config.custom import PeerAlias
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.utils.errors import ConfigError

MODULE = """\
import torch.nn as nn
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

@MODELS.register_module()
class {name}(nn.Module):
    def __init__(self, width, **kwargs):
        super().__init__()
        self.width = width
"""


def forget_alias() -> None:
    """Take the alias away, and what was imported through it."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, PeerAlias)]
    for name in [n for n in sys.modules if n.split('.')[0] == 'mmseg']:
        del sys.modules[name]


@pytest.fixture
def clean_imports():
    """Neither the alias nor the real package at the beginning, no alias at the end."""
    forget_alias()
    if importlib.util.find_spec('mmseg') is not None:
        pytest.skip('MMSegmentation itself is installed')
    path = list(sys.path)
    yield
    sys.path[:] = path
    forget_alias()


def test_module_registers_through_the_alias(tmp_path, monkeypatch, clean_imports):
    name = 'HeadOfSomebody'
    (tmp_path / 'somebody_module.py').write_text(MODULE.format(name=name), encoding='utf-8')
    monkeypatch.chdir(tmp_path)  # where the command is started is looked in as well
    config = load_config(
        dict(
            default_scope='mmseg',
            custom_imports=dict(imports=['somebody_module'], allow_failed_imports=False),
            model=dict(type=f'mmseg.{name}', width=3),
        )
    )
    assert MODELS.build(config.model).width == 3
    import mmseg.registry

    import mmseg_deeplab.registry

    assert mmseg.registry.MODELS is mmseg_deeplab.registry.MODELS
    assert mmseg_deeplab.registry.__spec__.name == 'mmseg_deeplab.registry'
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module('mmseg.no_such_part')


def test_lazy_style_config_written_for_mmsegmentation(tmp_path, clean_imports):
    path = tmp_path / 'lazy.py'
    path.write_text(
        'from mmseg.structures import SegDataSample\nmodel = dict(type=SegDataSample)\n',
        encoding='utf-8',
    )
    from mmseg_deeplab.structures import SegDataSample

    assert load_config(path).model.type is SegDataSample


def test_no_alias_without_need(tmp_path, clean_imports):
    load_config(dict(model=dict(type='EncoderDecoder')))
    path = tmp_path / 'lazy.py'
    path.write_text(
        '# unlike one from mmseg\n'
        'from mmseg_deeplab.structures import SegDataSample\nmodel = dict(type=SegDataSample)\n',
        encoding='utf-8',
    )
    load_config(path)
    assert not any(isinstance(finder, PeerAlias) for finder in sys.meta_path)


def test_error_inside_a_users_module_keeps_its_traceback(tmp_path, monkeypatch, clean_imports):
    (tmp_path / 'broken_module.py').write_text('1 / 0\n', encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZeroDivisionError):
        load_config(dict(custom_imports=dict(imports=['broken_module'])))


def test_failed_imports_may_be_allowed(clean_imports):
    wanted = dict(imports='no_such_module_here', allow_failed_imports=True)
    load_config(dict(custom_imports=wanted))
    with pytest.raises(ConfigError, match='set PYTHONPATH'):
        load_config(dict(custom_imports=dict(imports='no_such_module_here')))


@pytest.mark.parametrize(
    ('line', 'missing'),
    [
        ('from mmseg.models.decode_heads.psp_head import PSPHead', 'decode_heads.psp_head'),
        ('from mmseg.models import PSPHead', 'PSPHead'),
    ],
)
def test_what_this_package_lacks_is_named(line, missing, tmp_path, monkeypatch, clean_imports):
    module = f'user_of_{missing.lower().replace(".", "_")}'
    (tmp_path / f'{module}.py').write_text(f'{line}\n', encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=rf'{missing}.*docs/from_mmsegmentation') as caught:
        load_config(dict(custom_imports=dict(imports=[module])))
    assert 'PYTHONPATH' not in str(caught.value)
    load_config(dict(custom_imports=dict(imports=[module], allow_failed_imports=True)))
