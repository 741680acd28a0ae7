"""A config written anew says what the old one said, and is made to be read."""

from __future__ import annotations

import pytest

from mmseg_deeplab.cli import main
from mmseg_deeplab.config import load_config, rewrite_config
from mmseg_deeplab.config.render import render_config
from mmseg_deeplab.utils.errors import ConfigError

from .legacy_files import write_checkout

NAME = 'deeplabv3plus_r50-d8_512x512_80k_loveda.py'


@pytest.fixture
def old(tmp_path):
    return write_checkout(tmp_path) / 'deeplabv3plus' / NAME


def test_tool(old, tmp_path, capsys):
    new = tmp_path / 'new' / 'loveda.py'
    assert main(['convert-config', str(old), str(new)]) == 0
    assert 'it is right' in capsys.readouterr().out
    text = new.read_text(encoding='utf-8')
    assert text.startswith(f'# {NAME}, converted from the form of MMSegmentation 0.x')
    assert '_base_ =' not in text and len(text.splitlines()) < 170
    assert max(map(len, text.splitlines())) <= 100
    # the facts that stand in several places are variables
    for line in (
        'crop_size = (512, 512)',
        "    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),",
        '        norm_cfg=norm_cfg,',
        '        pipeline=train_pipeline,',
        'test_dataloader = val_dataloader',
    ):
        assert line in text.splitlines()
    assert load_config(new).to_dict() == load_config(old).to_dict()
    # what is there is not lost
    assert main(['convert-config', str(old), str(new)]) == 1
    assert 'exists' in capsys.readouterr().err
    assert new.read_text(encoding='utf-8') == text
    assert main(['convert-config', str(old), str(new), '--overwrite']) == 0


@pytest.mark.parametrize(
    'name',
    ['deeplabv3plus_r18-d8_five-bands-256x256', 'deeplabv3plus_r50-d8_4xb4-20k_voc12aug-512x512'],
)
def test_shipped_configs_survive(name, tmp_path):
    rewrite_config(name, tmp_path / 'new.py')
    assert load_config(tmp_path / 'new.py').to_dict() == load_config(name).to_dict()


def test_odd_values():
    config = load_config(
        {
            'model': {'type': 'X', 'from': 1, 'nested': {'class': (1,), 'b': [], 'c': {}}},
            'top': float('inf'),
            'words': "it's\n",
            'norm_cfg': {'type': 'BN'},
        }
    )
    names: dict = {}
    exec(render_config(config, 'A header.'), names)
    assert {key: names[key] for key in config} == config.to_dict()
    with pytest.raises(ConfigError, match='model.type: .* cannot be written'):
        render_config(load_config({'model': {'type': dict}}))


def test_remarks_stand_in_the_file(old, tmp_path):
    child = old.with_name('child.py')
    child.write_text(
        f"_base_ = './{NAME}'\n"
        "lr_config = dict(warmup='linear', warmup_iters=1500, warmup_ratio=1e-6)\n",
        encoding='utf-8',
    )
    notes = rewrite_config(child, tmp_path / 'new.py')
    assert len(notes) == 1 and 'warm-up' in notes[0]
    lines = (tmp_path / 'new.py').read_text(encoding='utf-8').splitlines()
    header = ' '.join(line.removeprefix('# ') for line in lines if line.startswith('#'))
    assert notes[0] in header
