"""``init_model(..., pretrained=True)``: the published weights of this very config, or an error."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.apis import MMSegInferencer, init_model
from mmseg_deeplab.apis.published import published_weights
from mmseg_deeplab.config import load_config
from mmseg_deeplab.hub import find_model
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError

ROW = find_model('r18 loveda')
CLASSES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A mirror that has the file of the R-18 LoveDA model, with weights that we know."""
    model = init_model(ROW.config, device='cpu')
    for parameter in model.parameters():
        parameter.data.fill_(0.5)
    meta = {'CLASSES': CLASSES, 'PALETTE': [[i, i, i] for i in range(7)]}
    file = tmp_path / 'mirror' / ROW.url.rsplit('/', 1)[-1]
    file.parent.mkdir()
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, file)
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(file.parent))
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    return file


def test_weights_and_classes_are_those_of_the_file(published):
    model = init_model(ROW.config, device='cpu', pretrained=True)
    assert all(bool((p == 0.5).all()) for p in model.parameters())
    assert list(model.dataset_meta['classes']) == CLASSES
    assert published_weights(load_config(ROW.config)) == published


def test_inferencer_takes_published_weights_of_a_name(published, tmp_path, monkeypatch, caplog):
    def is_theirs(inferencer):
        return all(bool((p == 0.5).all()) for p in inferencer.model.parameters())

    for name in (ROW.config, ROW.old_name):
        assert is_theirs(MMSegInferencer(name, device='cpu'))
    assert not is_theirs(MMSegInferencer(ROW.config, device='cpu', pretrained=False))
    file = load_config(ROW.config).filename  # as in the original, a file is no name
    assert not is_theirs(MMSegInferencer(file, device='cpu'))
    published.unlink()
    with pytest.raises(CheckpointError, match=r'(?s)not asked, offline.*or pretrained=False for'):
        MMSegInferencer(ROW.config, device='cpu')


@pytest.mark.parametrize(
    ('arguments', 'error', 'message'),
    [
        (dict(config=ROW.config, checkpoint='x.pth'), ConfigError, 'not both'),
        (dict(config={'model': {}}), ConfigError, 'goes by the name of a config file'),
        (dict(config='deeplabv3plus_r18-d8_demo-64x64'), CheckpointError, 'no weights were publ'),
        (dict(config='deeplabv3_r50-d8_4xb4-40k_pascal-context-480x480'), CheckpointError,
         'neither scores nor weights were published'),
    ],
)  # fmt: skip
def test_what_has_no_published_weights(arguments, error, message):
    with pytest.raises(error, match=message):
        init_model(**arguments, pretrained=True, device='cpu')
