"""Files that a list names and that are not there: before a test, with the list's line."""

from __future__ import annotations

import pytest

from mmseg_deeplab.datasets import BaseSegDataset, CityscapesDataset
from mmseg_deeplab.datasets.audit import check_pairs, require_files
from mmseg_deeplab.utils.errors import DataError


@pytest.mark.parametrize(
    'lines', ['0\n1\n\n2\n', 'x/0.jpg y/0.png\n\n\n/x/2.jpg /y/2.png\n', '0.jpg\n1.jpg\n\n2.jpg\n']
)
def test_missing_files_are_told_with_their_line(tmp_path, lines):
    (tmp_path / 'list.txt').write_text(lines)
    folder = '' if ' ' in lines else 'x'
    for name in ('x/0.jpg', 'x/1.jpg', 'y/0.png', 'y/1.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    dataset = BaseSegDataset(
        ann_file='list.txt',
        data_root=str(tmp_path),
        data_prefix=dict(img_path=folder, seg_map_path=folder.replace('x', 'y')),
        img_suffix='.jpg',
        seg_map_suffix='.png',
        metainfo=dict(classes=('a', 'b')),
        pipeline=[],
    )
    place = f'though line 4 of {tmp_path / "list.txt"} names it'
    with pytest.raises(DataError, match=f'x/2.jpg: no such image, {place}'):
        require_files(dataset)
    (tmp_path / 'x' / '2.jpg').touch()
    (tmp_path / 'y' / '0.png').unlink()
    require_files(dataset, labelled=False)
    with pytest.raises(DataError, match=r'y/0.png: no such mask; .* line 1 .* \(2 files are miss'):
        require_files(dataset)
    complete, findings = check_pairs(dataset, 'val')
    assert [place in finding.message for finding in findings] == [False, True]
    assert len(complete) == len(dataset) - 2


def test_how_labels_are_made_is_told(tmp_path):
    for name in ('leftImg8bit/train/a/a_leftImg8bit.png', 'gtFine/train/a/x_labelIds.png'):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    dataset = CityscapesDataset(
        data_root=str(tmp_path),
        data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
        pipeline=[],
    )
    with pytest.raises(DataError, match='no such mask; .* `mmseg-deeplab convert cityscapes DIR`'):
        require_files(dataset)
