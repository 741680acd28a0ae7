"""Cityscapes, VOC with SBD, PASCAL Context, COCO-Stuff: ids and lists, computed by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.make_archives import png
from mmseg_deeplab.apis.conversion import CONVERTERS, convert_dataset
from mmseg_deeplab.cli.convert import CONVERTERS as COMMANDS
from mmseg_deeplab.datasets.prepare.coco_stuff import IDS_10K, IDS_164K
from mmseg_deeplab.datasets.prepare.pascal_context import CATEGORIES, decode_mask
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

from .conftest import names, stored


def write(path, content: bytes | str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_command_line_and_python_know_the_same_converters():
    assert list(COMMANDS) == list(CONVERTERS)
    with pytest.raises(ConfigError, match="no converter 'lovda'; there are loveda, potsdam"):
        convert_dataset('lovda', 'x')


def test_cityscapes_ids(tmp_path):
    ids = np.array([[0, 6, 7, 8, 11, 18, 19, 24, 26, 29, 31, 33]], np.uint8)
    folder = tmp_path / 'gtFine'
    write(folder / 'val/bonn/bonn_1_2_gtFine_labelIds.png', png(ids))
    write(folder / 'val/bonn/bonn_1_2_gtFine_instanceIds.png', png(ids))
    write(folder / 'val/bonn/bonn_1_2_gtFine_polygons.json', '{}')
    result = convert_dataset('cityscapes', tmp_path)
    label = stored(folder / 'val/bonn/bonn_1_2_gtFine_labelTrainIds.png')
    assert label.tolist() == [[255, 255, 0, 1, 2, 255, 6, 11, 13, 255, 16, 18]]
    assert (tmp_path / 'val.txt').read_text() == 'bonn/bonn_1_2\n'
    assert result.lines()[1:3] == [
        '  .: 1 files', '  gtFine/val: 1 files (documented: 500)  <-- differs',
    ]  # fmt: skip
    assert convert_dataset('cityscapes', tmp_path).made == 0
    write(folder / 'val/bonn/bonn_1_2_gtFine_labelIds.png', png(ids + np.uint8(1)))
    with pytest.raises(DataError, match=r'labelIds.png: ids that .* not have: 34 \(1 pixels\)'):
        convert_dataset('cityscapes', tmp_path)


def test_cityscapes_polygons(tmp_path):
    def square(label, x0, x1, **more):
        return {'label': label, 'polygon': [[x0, 0], [x1, 0], [x1, 2], [x0, 2]], **more}

    scene = {
        'imgHeight': 3,
        'imgWidth': 9,
        'objects': [
            square('road', 0, 8),
            square('cargroup', 2, 3),
            square('license plate', 3, 3),
            square('trailer', 5, 5),
            square('sky', 7, 7, deleted=1),
        ],
    }
    path = write(tmp_path / 'gtFine/train/a/a_gtFine_polygons.json', json.dumps(scene))
    result = convert_dataset('cityscapes', tmp_path, out_dir=tmp_path / 'out')
    label = stored(tmp_path / 'out/gtFine/train/a/a_gtFine_labelTrainIds.png')
    assert label.tolist() == [[0, 0, 13, 13, 0, 255, 0, 0, 0]] * 3
    assert result.notes == ['1 labels are drawn from polygons, there is no labelIds.png for them']
    path.write_text(json.dumps(scene | {'objects': [square('dragon', 0, 1)]}))
    with pytest.raises(DataError, match=r"not an annotation of Cityscapes \(KeyError\('dragon'\)"):
        convert_dataset('cityscapes', tmp_path, out_dir=tmp_path / 'out')


def test_voc_with_sbd(tmp_path):
    io = pytest.importorskip('scipy.io', reason='SciPy is not installed')
    ids = np.array([[0, 20, 255]], np.uint8)
    sbd, lists = tmp_path / 'sbd/dataset', tmp_path / 'VOCdevkit/VOC2012/ImageSets/Segmentation'
    for stem in ('b', 'c'):
        path = write(sbd / f'cls/{stem}.mat', '')
        field = {'Segmentation': ids, 'Boundaries': 0}
        io.savemat(path, {'GTcls': field})
    for path, stems in (
        (sbd / 'train.txt', 'c b'),
        (sbd / 'val.txt', 'd'),
        (lists / 'train.txt', 'a b'),
        (lists / 'val.txt', 'd e'),
    ):
        write(path, '\n'.join(stems.split()) + '\n')
    result = convert_dataset('voc_aug', tmp_path / 'VOCdevkit', tmp_path / 'sbd')
    out = lists.parents[1]
    assert stored(out / 'SegmentationClassAug/b.png').tolist() == ids.tolist()
    assert (lists / 'trainaug.txt').read_text().split() == ['a', 'b', 'c']
    assert (lists / 'aug.txt').read_text().split() == ['c']
    assert result.notes == ['trainaug.txt: 3 images (documented: 10582)']
    with pytest.raises(ConfigError, match='out_dir must be inside'):
        convert_dataset('voc_aug', tmp_path / 'VOCdevkit', tmp_path / 'sbd', out_dir=tmp_path)


def test_coco_ids():
    """The published ids have eleven holes, in both systems of counting."""
    assert [IDS_10K[k] for k in (0, 1, 11, 13, 25, 27, 182)] == [0, 1, 11, 12, 24, 25, 171]
    assert [IDS_164K[k] for k in (0, 10, 12, 24, 26, 181, 255)] == [0, 10, 11, 23, 24, 170, 255]
    assert sorted(IDS_10K.values()) == list(range(172)) and 12 not in IDS_10K
    assert sorted(IDS_164K.values()) == [*range(171), 255] and 11 not in IDS_164K


def test_coco_stuff_10k(tmp_path):
    io = pytest.importorskip('scipy.io', reason='SciPy is not installed')
    for split, stem in (('train', 'COCO_1'), ('test', 'COCO_2')):
        write(tmp_path / f'images/{stem}.jpg', b'bytes of ' + stem.encode())
        path = write(tmp_path / f'annotations/{stem}.mat', '')
        io.savemat(path, {'S': np.array([[0, 13, 182]], np.uint16), 'names': 0})
        write(tmp_path / f'imageLists/{split}.txt', f'{stem}\n')
    for _ in range(2):  # its own results, in the same folders, are not taken for sources
        convert_dataset('coco_stuff10k', tmp_path)
    label = stored(tmp_path / 'annotations/test2014/COCO_2_labelTrainIds.png')
    assert label.tolist() == [[0, 12, 171]]
    assert (tmp_path / 'images/train2014/COCO_1.jpg').read_bytes() == b'bytes of COCO_1'
    write(tmp_path / 'imageLists/test.txt', 'COCO_9\n')
    with pytest.raises(DataError, match=r"1 have no image or no label: \['COCO_9'\]"):
        convert_dataset('coco_stuff10k', tmp_path)


def test_coco_stuff_164k(tmp_path):
    ids = np.array([[0, 12, 181, 255]], np.uint8)
    write(tmp_path / 'annotations/val2017/7.png', png(ids))
    for _ in range(2):
        result = convert_dataset('coco_stuff164k', tmp_path)
    assert result.counts == {'annotations/val2017': 1, 'annotations/train2017': 0}
    label = stored(tmp_path / 'annotations/val2017/7_labelTrainIds.png')
    assert label.tolist() == [[0, 11, 170, 255]]
    with pytest.raises(DatasetNotFoundError, match='stuffthingmaps_trainval2017.zip'):
        convert_dataset('coco_stuff164k', tmp_path / 'none')


def test_run_lengths_are_those_of_cocos_tools():
    """Texts made by pycocotools 2."""
    rows = ['11001', '11101', '10100', '01001', '10110', '01010', '11001']
    wanted = [[int(bit) for bit in row] for row in rows]
    assert decode_mask('031N020N01000O51K00O10', [7, 5]).astype(int).tolist() == wanted
    square = np.zeros((40, 90), bool)
    square[5:38, 20:71] = True
    square[10:12, 30:40] = False  # runs longer than five bits hold
    text = f'Ui0Q17{"0" * 18}TOKe0{"5[OKe0" * 9}57{"0" * 60}cg0'
    assert np.array_equal(decode_mask(text, [40, 90]), square)
    assert not decode_mask('<', [3, 4]).any() and decode_mask('0<', [3, 4]).all()


def test_pascal_context(tmp_path):
    bag, mountain = CATEGORIES[1], CATEGORIES[35]
    images = [
        {'image_id': n, 'file_name': f'{n}.jpg', 'phase': phase, 'height': 2, 'width': 3}
        for n, phase in ((5, 'train'), (6, 'val'), (7, 'test'))
    ]
    masks = [
        {'image_id': 5, 'category_id': bag, 'segmentation': {'size': [2, 3], 'counts': [1, 2, 3]}},
        {'image_id': 5, 'category_id': mountain,
         'segmentation': {'size': [2, 3], 'counts': [5, 1]}},
    ]  # fmt: skip
    path = tmp_path / 'trainval_merged.json'
    path.write_text(json.dumps({'images': images, 'annos_segmentation': masks}))
    convert_dataset('pascal_context', tmp_path, path)
    out = tmp_path / 'VOC2010'
    assert stored(out / 'SegmentationClassContext/5.png').tolist() == [[0, 2, 0], [2, 0, 36]]
    assert not stored(out / 'SegmentationClassContext/6.png').any()
    assert (out / 'ImageSets/SegmentationContext/val.txt').read_text() == '6\n'
    assert 'SegmentationClassContext/7.png' not in names(out)
    masks[0]['segmentation']['counts'] = [1, 2]
    path.write_text(json.dumps({'images': images, 'annos_segmentation': masks}))
    with pytest.raises(DataError, match='image 5: damaged mask .*runs of 3 pixels'):
        convert_dataset('pascal_context', tmp_path, path)
