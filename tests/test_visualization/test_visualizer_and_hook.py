"""The visualizer and the hook, as configs name and runners call them."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from mmseg_deeplab.engine.hooks import SegVisualizationHook
from mmseg_deeplab.engine.hooks.visualization_hook import input_picture
from mmseg_deeplab.registry import HOOKS, VISUALIZERS
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.visualization import SegLocalVisualizer

NAMES = ('field', 'road')
PALETTE = [[10, 200, 30], [255, 255, 255]]


def sample(height=40, width=60, gt=True, pred=True, **meta):
    made = SegDataSample(metainfo={'img_path': 'tiles/a.png', 'ori_shape': (height, width), **meta})
    ids = torch.zeros(1, height, width, dtype=torch.int64)
    if gt:
        label = ids.clone()
        label[:, : height // 2] = 255
        made.gt_sem_seg = PixelData(data=label)
    if pred:
        made.pred_sem_seg = PixelData(data=ids + 1)
    return made


def built(**options):
    cls = VISUALIZERS.get('SegLocalVisualizer')  # build() would give one shared instance
    return cls(classes=NAMES, palette=PALETTE, **options)


def test_label_and_prediction_side_by_side(tmp_path):
    visualizer = built(alpha=1.0)
    image = np.full((40, 60, 3), 7, dtype=np.uint8)
    visualizer.add_datasample(
        'a', image, sample(), out_file=str(tmp_path / 'a.png'), with_labels=False
    )
    drawn = visualizer.get_image()
    assert drawn.shape == (40, 120, 3)
    assert drawn[5, 5].tolist() == [7, 7, 7]  # ignored
    assert drawn[30, 5].tolist() == PALETTE[0] and drawn[5, 70].tolist() == PALETTE[1]
    assert np.array_equal(cv2.imread(str(tmp_path / 'a.png'))[..., ::-1], drawn)


def test_parts_that_are_absent_or_not_wanted(tmp_path):
    visualizer = built()
    image = np.zeros((40, 60, 3), dtype=np.uint8)
    for options, width in (({'draw_gt': False}, 60), ({'draw_pred': False}, 60), ({}, 120)):
        visualizer.add_datasample('a', image, sample(), **options)
        assert visualizer.get_image().shape == (40, width, 3)
    visualizer.add_datasample('a', image, sample(gt=False, pred=False))
    assert np.array_equal(visualizer.get_image(), image)
    visualizer.add_datasample('a', image, None)
    assert visualizer.get_image().shape == image.shape


def test_backends_get_the_picture_and_their_config_is_not_edited(tmp_path):
    backends = [{'type': 'LocalVisBackend', 'name': 'files'}]
    visualizer = built(vis_backends=backends, save_dir=str(tmp_path))
    visualizer.add_datasample('a', np.zeros((40, 60, 3), dtype=np.uint8), sample(), step=3)
    assert backends == [{'type': 'LocalVisBackend', 'name': 'files'}]
    assert (tmp_path / 'vis_data' / 'vis_image' / 'a_3.png').is_file()


def test_no_palette_is_said():
    visualizer = SegLocalVisualizer()
    with pytest.raises(ConfigError, match='palette to draw with'):
        visualizer.add_datasample('a', np.zeros((40, 60, 3), dtype=np.uint8), sample())
    with pytest.raises(RuntimeError, match='nothing was drawn'):
        visualizer.get_image()


def runner(visualizer=None):
    dataset = SimpleNamespace(metainfo={'classes': NAMES, 'palette': PALETTE})
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    return SimpleNamespace(visualizer=visualizer, test_loop=loop, iter=5)


def batch(count=1, height=20, width=30):
    inputs = [torch.full((3, height, width), 50 * i, dtype=torch.uint8) for i in range(count)]
    return {'inputs': inputs, 'data_samples': [sample() for _ in range(count)]}


def test_every_image_of_a_test_goes_to_the_folder(tmp_path):
    hook = HOOKS.build({'type': 'SegVisualizationHook', 'show_dir': str(tmp_path)})
    hook.before_test(None)
    outputs = [sample(img_path='tiles/a.png'), sample(img_path='tiles/b.png', gt=False)]
    hook.after_test_iter(runner(), 0, batch(2), outputs)
    wide, narrow = cv2.imread(str(tmp_path / 'a.png')), cv2.imread(str(tmp_path / 'b.png'))
    assert wide.shape[1] > narrow.shape[1] > 0
    with pytest.raises(DataError, match='overwrite'):
        hook.after_test_iter(runner(), 1, batch(), [sample(img_path='other/a.png')])


def test_visualizer_gets_every_nth_image():
    seen = []
    fake = SimpleNamespace(add_datasample=lambda name, image, **more: seen.append((name, more)))
    hook = SegVisualizationHook(draw=True, interval=2)
    for index in range(4):
        hook.after_val_iter(runner(fake), index, batch(), [sample()])
    assert [name for name, _ in seen] == ['val_a.png', 'val_a.png'] and seen[0][1]['step'] == 5
    SegVisualizationHook().after_val_iter(runner(fake), 1, batch(), [sample()])
    assert len(seen) == 2
    with pytest.raises(ConfigError, match='interval'):
        SegVisualizationHook(interval=0)


def test_input_picture_undoes_flips_and_takes_the_plainest_view():
    pixels = torch.zeros(3, 4, 6, dtype=torch.uint8)
    pixels[0, :, :3] = 200  # blue, as loaders order bands
    mirrored = {'inputs': [pixels.flip(-1)], 'data_samples': [
        sample(4, 6, flip=True, flip_direction='horizontal')]}  # fmt: skip
    assert input_picture(mirrored, 0, (4, 6))[0, 0].tolist() == [0, 0, 200]
    half = torch.zeros(3, 2, 3, dtype=torch.uint8)
    plain = sample(4, 6, flip=False)
    views = {
        'inputs': [[half], *([one] for one in mirrored['inputs']), [pixels]],
        'data_samples': [[plain], mirrored['data_samples'], [plain]],
    }
    assert input_picture(views, 0, (4, 6))[0, :, 2].tolist() == [200] * 3 + [0] * 3
    assert input_picture(views, 0, (8, 12)).shape == (8, 12, 3)
