"""Files, folders and arrays in; predictions and files out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import tifffile
import torch

from mmseg_deeplab.apis import MMSegInferencer, inference_model, init_model, predict
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils import get_classes, get_palette
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError, DataError

from .tiny import PALETTE, picture, save_checkpoint, tiny_config, write_images


@pytest.fixture(scope='module')
def inferencer(checkpoint):
    return MMSegInferencer(tiny_config(), checkpoint, device='cpu')


def ids_of(model, image):
    return inference_model(model, image).pred_sem_seg.data[0].cpu().numpy()


def test_one_array(inferencer, model):
    found = inferencer(picture(), return_vis=True)
    assert np.array_equal(found['predictions'], ids_of(model, picture()))
    assert found['visualization'].shape == (40, 56, 3)
    assert isinstance(inferencer(picture(), return_datasamples=True), SegDataSample)


@pytest.mark.parametrize('batch_size', [1, 2, 5])
def test_a_folder_and_a_mixed_list(inferencer, model, tmp_path, batch_size):
    folder = write_images(tmp_path / 'in', 3)
    cv2.imwrite(str(folder / 'odd.png'), picture(16, 24))
    (folder / 'notes.txt').write_text('not an image')
    found = inferencer(str(folder), batch_size=batch_size)['predictions']
    assert [ids.shape for ids in found] == [(40, 56)] * 3 + [(16, 24)]
    for index in range(3):
        assert np.array_equal(found[index], ids_of(model, picture(seed=index)))
    mixed = inferencer([folder / '1.png', picture(seed=2)], batch_size=batch_size)['predictions']
    assert np.array_equal(mixed[0], found[1]) and np.array_equal(mixed[1], found[2])


def test_result_files(inferencer, tmp_path):
    folder = write_images(tmp_path / 'in', 1)
    ids = inferencer([folder / '0.png', picture()], out_dir=tmp_path / 'out')['predictions'][0]
    written = sorted(p.relative_to(tmp_path / 'out').as_posix()
                     for p in (tmp_path / 'out').rglob('*.png'))  # fmt: skip
    assert written == ['pred/0.png', 'pred/00000001.png', 'vis/0.png', 'vis/00000001.png']
    saved = cv2.imread(str(tmp_path / 'out' / 'pred' / '0.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(saved, ids)
    inferencer(picture(), out_dir=tmp_path / 'only', pred_out_dir='')
    assert [p.name for p in (tmp_path / 'only').iterdir()] == ['vis']


def test_own_names_and_untrained_models(told):
    inferencer = MMSegInferencer(tiny_config(), classes=['a', 'b', 'c'], device='cpu')
    assert inferencer.model.dataset_meta['classes'] == ['a', 'b', 'c']
    assert 'untrained' in told.text
    with pytest.raises(ConfigError, match=r'classes must have one entry per class \(3\), got 1'):
        MMSegInferencer(tiny_config(), classes=['a'], device='cpu')


def test_positions_are_mmsegmentations():
    config = tiny_config(num_classes=7)
    for scope in ('mmseg', 'mmseg_deeplab', None):
        meta = MMSegInferencer(config, None, None, None, 'loveda', 'cpu', scope).model.dataset_meta
        assert meta['classes'] == get_classes('loveda')
        assert meta['palette'] == get_palette('loveda')
    own = list('abcdefg')
    meta = MMSegInferencer(config, None, own, None, 'loveda', 'cpu').model.dataset_meta
    assert meta['classes'] == own and meta['palette'] == get_palette('loveda')
    with pytest.raises(ConfigError, match='dataset must be one of'):
        MMSegInferencer(config, dataset_name='nope')
    with pytest.raises(ConfigError, match="scope must be 'mmseg' or 'mmseg_deeplab', got 'mmdet'"):
        MMSegInferencer(config, device='cpu', scope='mmdet')


def test_inputs_that_are_not_there(inferencer, tmp_path):
    with pytest.raises(DataError, match='no such image or folder'):
        inferencer(str(tmp_path / 'none'))
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=r'empty: the folder holds no images'):
        inferencer(tmp_path / 'empty')
    with pytest.raises(DataError, match='the list is empty'):
        inferencer([])
    with pytest.raises(TypeError, match='must be a path or an array .*, got int'):
        inferencer(5)
    write_images(tmp_path / 'a', 1)
    write_images(tmp_path / 'b', 1)
    with pytest.raises(DataError, match='overwrite'):
        inferencer([tmp_path / 'a', tmp_path / 'b'])
    with pytest.raises(ConfigError, match='batch_size'):
        inferencer(picture(), batch_size=0)


def test_predict_writes_masks_colours_and_overlays(checkpoint, model, tmp_path):
    folder = write_images(tmp_path / 'in' / 'urban', 2).parent
    write_images(tmp_path / 'in' / 'rural', 1)
    seen = []
    written = predict(
        tiny_config(), checkpoint, folder, tmp_path / 'out', device='cpu', opacity=0.0,
        on_progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]
    names = [path.relative_to(tmp_path / 'out').as_posix() for path in written]
    assert names[:3] == ['masks/rural/0.png', 'colors/rural/0.png', 'overlays/rural/0.png']
    assert len(names) == 9 and all(path.is_file() for path in written)
    ids = cv2.imread(str(tmp_path / 'out/masks/urban/1.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(ids, ids_of(model, picture(seed=1)))
    colours = cv2.imread(str(tmp_path / 'out/colors/urban/1.png'))[..., ::-1]
    assert np.array_equal(colours, np.array(PALETTE, dtype=np.uint8)[ids])
    bare = cv2.imread(str(tmp_path / 'out/overlays/urban/1.png'))
    assert np.array_equal(bare, picture(seed=1))


def test_predict_with_augmentation_is_the_mean_of_the_views(checkpoint, model, tmp_path):
    """Ratios 0.5 and 1, each with and without a flip, by hand from the plain network."""
    image = picture(48, 48)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    predict(tiny_config(), checkpoint, tmp_path / 'a.png', tmp_path / 'out', aug_test=True,
            device='cpu', kinds=('masks',), on_progress=lambda done, total: None)  # fmt: skip
    total = torch.zeros(3, 48, 48)
    for size in (24, 48):
        for mirrored in (False, True):
            view = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
            view = np.flip(view, 1) if mirrored else view
            pixels = torch.from_numpy(view[..., ::-1].copy()).permute(2, 0, 1).float()
            with torch.no_grad():
                logits = model.network(((pixels - 100) / 50)[None])
            logits = logits.flip(-1) if mirrored else logits
            logits = nn_resize(logits, (48, 48))
            total += logits[0].softmax(dim=0)
    ids = cv2.imread(str(tmp_path / 'out' / 'masks' / 'a.png'), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(ids, total.argmax(dim=0).numpy())


def nn_resize(logits, size):
    return torch.nn.functional.interpolate(logits, size=size, mode='bilinear', align_corners=False)


def test_predict_draws_a_bar(checkpoint, tmp_path, capsys):
    folder = write_images(tmp_path / 'in', 2)
    predict(tiny_config(), checkpoint, folder, tmp_path / 'out', device='cpu', kinds=('masks',))
    assert '2/2' in capsys.readouterr().err


@pytest.mark.parametrize('aug_test', [False, True])
@pytest.mark.parametrize('suffix', ['.npy', '.tif'])
def test_five_bands_of_16_bits_with_no_data(tmp_path, suffix, aug_test):
    image = np.random.default_rng(0).integers(1, 60000, (40, 56, 5)).astype(np.uint16)
    image[:7, :9] = 0
    path = tmp_path / f'a{suffix}'
    np.save(path, image) if suffix == '.npy' else tifffile.imwrite(path, image)
    config = tiny_config(in_channels=5)
    config['test_pipeline'][0]['nodata'] = 0
    weights = save_checkpoint(tmp_path / 'a.pth', {'dataset_meta': {}}, in_channels=5)
    predict(config, weights, path, tmp_path / 'out', aug_test=aug_test, device='cpu')
    ids = cv2.imread(str(tmp_path / 'out' / 'masks' / 'a.png'), cv2.IMREAD_UNCHANGED)
    assert (ids[:7, :9] == 255).all() and (ids != 255).sum() == 40 * 56 - 63
    if not aug_test:
        model = init_model(config, weights, 'cpu')
        assert np.array_equal(ids_of(model, image), ids)
    over = cv2.imread(str(tmp_path / 'out' / 'overlays' / 'a.png'))
    assert over.shape == (40, 56, 3)


@pytest.mark.parametrize('wrong', ['opacity', 'inputs', 'checkpoint', 'own input', 'no tta'])
def test_errors_of_predict_come_before_anything_is_written(checkpoint, tmp_path, wrong):
    folder = write_images(tmp_path / 'masks', 1)
    before = (folder / '0.png').read_bytes()
    config = tiny_config()
    arguments = {'inputs': folder, 'out_dir': tmp_path / 'out', 'device': 'cpu'}
    weights, expected = checkpoint, ConfigError
    if wrong == 'opacity':
        arguments['opacity'] = 3
    elif wrong == 'inputs':
        arguments['inputs'], expected = tmp_path / 'none', DataError
    elif wrong == 'checkpoint':
        weights, expected = tmp_path / 'none.pth', CheckpointError
    elif wrong == 'own input':
        arguments['out_dir'], expected = tmp_path, DataError
    else:
        del config['tta_pipeline']
        arguments['aug_test'] = True
    with pytest.raises(expected):
        predict(config, weights, **arguments)
    assert not (tmp_path / 'out').exists()
    assert (folder / '0.png').read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ['masks']
