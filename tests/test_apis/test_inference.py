"""Loading a model and predicting images."""

from __future__ import annotations

import copy

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from mmseg_deeplab.apis import inference_model, init_model, show_result_pyplot
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError, DataError

from .tiny import NAMES, PALETTE, picture, save_checkpoint, tiny_config, write_images


def test_model_is_ready_to_predict(model, checkpoint):
    config = tiny_config()
    before = copy.deepcopy(config)
    again = init_model(config, checkpoint)  # picks the device itself
    assert config == before
    assert not again.training and again.cfg.model.decode_head.num_classes == 3
    assert again.dataset_meta['classes'] == NAMES and again.dataset_meta['palette'] == PALETTE
    assert not any(isinstance(layer, nn.SyncBatchNorm) for layer in again.modules())
    saved = torch.load(checkpoint)['state_dict']
    assert all(torch.equal(value.cpu(), saved[key]) for key, value in again.state_dict().items())


def test_options_change_the_config(checkpoint):
    options = {'model.test_cfg': {'mode': 'slide', 'crop_size': (32, 32), 'stride': (16, 16)}}
    slide = init_model(tiny_config(), checkpoint, 'cpu', cfg_options=options)
    assert slide.test_cfg['mode'] == 'slide'
    result = inference_model(slide, picture())
    assert result.pred_sem_seg.shape == (40, 56)
    options['model.test_cfg']['stride'] = (33, 16)
    with pytest.raises(ConfigError, match='stride'):
        init_model(tiny_config(), None, 'cpu', cfg_options=options)


@pytest.mark.parametrize('size', [(40, 56), (64, 64), (33, 100), (1, 1)])
def test_one_image_as_array_and_as_file(model, tmp_path, size):
    image = picture(*size)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    from_array = inference_model(model, image)
    from_file = inference_model(model, tmp_path / 'a.png')
    assert from_array.pred_sem_seg.data.shape == (1, *size)
    assert from_array.pred_sem_seg.data.dtype == torch.int64
    assert from_array.seg_logits.data.shape == (3, *size)
    assert torch.equal(from_array.seg_logits.data, from_file.seg_logits.data)
    expected = from_file.seg_logits.data.argmax(dim=0, keepdim=True)
    assert torch.equal(from_file.pred_sem_seg.data, expected)
    assert len(expected.unique()) > 1 or size == (1, 1)  # else the tests would show little


def test_same_numbers_as_the_plain_network(model):
    """64x64 is the pipeline's own size, so nothing but normalising stands around the network."""
    image = picture(64, 64)
    rgb = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1).float()
    with torch.no_grad():
        logits = model.network(((rgb - 100) / 50)[None].to(next(model.parameters()).device))
    torch.testing.assert_close(inference_model(model, image).seg_logits.data, logits[0])


def test_a_list_of_different_sizes_comes_back_in_order(model):
    images = [picture(40, 56, 1), picture(20, 20, 2), picture(40, 56, 3)]
    together = inference_model(model, images)
    for image, result in zip(images, together, strict=True):
        alone = inference_model(model, image)
        assert torch.equal(alone.pred_sem_seg.data, result.pred_sem_seg.data)
    assert isinstance(inference_model(model, images[:1]), list)


def test_predicting_leaves_the_config_alone(model):
    before = copy.deepcopy(model.cfg.to_dict())
    inference_model(model, picture())
    assert model.cfg.to_dict() == before


def test_bad_images(model, tmp_path):
    with pytest.raises(DataError, match=r'none\.png'):
        inference_model(model, tmp_path / 'none.png')
    path = write_images(tmp_path, 1) / '0.png'
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r'0\.png'):
        inference_model(model, path)
    with pytest.raises(DataError, match='bands'):
        inference_model(model, np.zeros((8, 8, 5), dtype=np.uint8))


def test_bad_checkpoints(tmp_path, checkpoint):
    with pytest.raises(CheckpointError, match=r'none\.pth'):
        init_model(tiny_config(), tmp_path / 'none.pth', 'cpu')
    with pytest.raises(CheckpointError, match='3 classes, the model 4'):
        init_model(tiny_config(num_classes=4), checkpoint, 'cpu')
    with pytest.raises(ConfigError, match='no model'):
        init_model({'default_scope': 'mmseg_deeplab'}, None, 'cpu')
    with pytest.raises(ConfigError, match='device'):
        init_model(tiny_config(), None, 'nonsense')


def test_class_names_of_old_checkpoints(tmp_path):
    meta = {'CLASSES': ('a', 'b', 'c'), 'PALETTE': [[1, 1, 1], [2, 2, 2], [3, 3, 3]]}
    old = init_model(tiny_config(), save_checkpoint(tmp_path / 'a.pth', meta), 'cpu')
    assert old.dataset_meta['classes'] == ('a', 'b', 'c')
    assert old.dataset_meta['palette'][2] == [3, 3, 3]


def test_colours_of_the_data_set_where_the_checkpoint_has_none(tmp_path, told):
    path = save_checkpoint(tmp_path / 'a.pth', {'CLASSES': NAMES})
    assert init_model(tiny_config(), path, 'cpu').dataset_meta['palette'] == PALETTE
    assert "names no colours; those of the config's" in told.text
    path = save_checkpoint(tmp_path / 'b.pth', {'CLASSES': ('a', 'b', 'c')})
    assert len(init_model(tiny_config(), path, 'cpu').dataset_meta['palette']) == 3
    assert 'at random' in told.text


def test_class_names_of_the_data_set_with_a_warning(tmp_path, told):
    path = save_checkpoint(tmp_path / 'a.pth', {})
    assert init_model(tiny_config(), path, 'cpu').dataset_meta['classes'] == NAMES
    assert 'names no classes' in told.text and str(path) in told.text


def test_class_names_are_never_guessed(tmp_path, told):
    """19 classes are not Cityscapes because there are 19 of them."""
    config = tiny_config()
    del config['test_dataloader']
    meta = init_model(config, save_checkpoint(tmp_path / 'a.pth', {}), 'cpu').dataset_meta
    assert meta['classes'] == ('class 0', 'class 1', 'class 2') and len(meta['palette']) == 3
    assert 'they are numbered' in told.text


def test_names_that_do_not_fit_the_model_are_not_used(tmp_path, told):
    path = save_checkpoint(tmp_path / 'a.pth', {'dataset_meta': {'classes': ('a', 'b')}})
    assert init_model(tiny_config(), path, 'cpu').dataset_meta['classes'][0] == 'class 0'
    assert '2 class names were found for 3 classes' in told.text


@pytest.mark.parametrize('with_weights', [True, False])
def test_show_result_pyplot(model, tmp_path, with_weights):
    shown = model if with_weights else init_model(tiny_config(), None, 'cpu')
    image = picture()
    result = inference_model(shown, image)
    out_file = tmp_path / 'a.png'
    drawn = show_result_pyplot(
        shown, image, result, opacity=1.0, with_labels=False, show=False, out_file=str(out_file)
    )
    expected = np.array(PALETTE, dtype=np.uint8)[result.pred_sem_seg.data[0].cpu().numpy()]
    assert np.array_equal(drawn, expected)
    assert np.array_equal(cv2.imread(str(out_file))[..., ::-1], drawn)


def test_showing_without_a_display_is_a_warning_not_a_hang(model, told, monkeypatch):
    monkeypatch.setattr('matplotlib.get_backend', lambda: 'agg')
    monkeypatch.setattr('mmseg_deeplab.utils.log._SAID', set())  # it is said once a process
    show_result_pyplot(model, picture(), inference_model(model, picture()), show=True)
    assert 'no display' in told.text
