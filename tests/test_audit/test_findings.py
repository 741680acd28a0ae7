"""Each defect is planted and found; a clean set is clean."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.apis.audit import audit_dataset
from tests.tiny_dataset import picture_of, write_png


def cut(path, share=0.6):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


# --- each plants a defect and returns the files that the finding must name --------------------


def mask_gone(project):
    project.mask(1).unlink()
    return [project.mask(1)]


def image_gone(project):
    project.image(1).unlink()
    return [project.mask(1)]


def image_truncated(project):
    cut(project.image(2))
    return [project.image(2)]


def image_is_text(project):
    project.image(2).write_text('no image')
    return [project.image(2)]


def mask_truncated(project):
    cut(project.mask(7))
    return [project.mask(7)]


def mask_of_other_size(project):
    write_png(project.mask(3), np.ones((30, 40), np.uint8))
    return [project.mask(3)]


def label_200(project):
    mask = read(project.mask(4))
    mask[10, 5:12] = 200
    write_png(project.mask(4), mask)
    return [project.mask(4)]


def one_bit_mask(project):
    Image.fromarray(read(project.mask(5)) > 1).save(project.mask(5))
    return [project.mask(5)]


def all_masks_binary(project):
    for number in range(6):
        write_png(project.mask(number), (read(project.mask(number)) > 0).astype(np.uint8))
    return [project.mask(number) for number in range(6)]


def one_mask_binary(project):
    write_png(project.mask(0), (read(project.mask(0)) > 0).astype(np.uint8))
    return [project.mask(0)]


def mask_all_ignored(project):
    write_png(project.mask(8), np.zeros((40, 40), np.uint8))
    return [project.mask(8)]


def road_never_occurs(project):
    for number in range(6):
        mask = read(project.mask(number))
        mask[mask == 3] = 1
        write_png(project.mask(number), mask)
    return []


def same_image(project):
    image = Image.open(project.image(2))
    image.save(project.image(7), compress_level=0)  # other bytes, the same pixels
    return [project.image(2), project.image(7)]


def like_image(project):
    image = cv2.imread(str(project.image(2)))
    encoded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    darker = cv2.imdecode(encoded, cv2.IMREAD_COLOR) * 0.8 + 10
    write_png(project.image(7), darker.astype(np.uint8))
    return [project.image(2), project.image(7)]


CASES = [
    (mask_gone, 'missing-mask', 'train', 'no such mask'),
    (image_gone, 'missing-image', 'train', 'a mask without an image'),
    (image_truncated, 'unreadable-image', 'train', 'truncated'),
    (image_is_text, 'unreadable-image', 'train', 'not an image'),
    (mask_truncated, 'unreadable-mask', 'val', 'truncated'),
    (mask_of_other_size, 'size-mismatch', 'train', '30x40'),
    (label_200, 'outside-classes', 'train', r'200 \(7 pixels\)'),
    (one_bit_mask, 'too-few-bits', 'train', '1 bit'),
    (all_masks_binary, 'too-few-bits', 'train', 'all 6 masks hold only 0 and 1'),
    (one_mask_binary, 'binary-mask', 'train', '1 of 6 masks hold only 0 and 1'),
    (mask_all_ignored, 'all-ignored', 'val', 'ignored'),
    (road_never_occurs, 'absent-class', 'train', "'road'"),
    (same_image, 'identical', 'train and val', 'the same pixels'),
    (like_image, 'near-identical', 'train and val', 'looks like'),
]
WARNINGS = {'binary-mask', 'all-ignored', 'absent-class', 'identical', 'near-identical'}


@pytest.mark.parametrize('quick', [False, True], ids=['whole', 'quick'])
@pytest.mark.parametrize(
    ('plant', 'kind', 'split', 'words'), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_defect_is_found(project, plant, kind, split, words, quick):
    files = [str(path) for path in plant(project)]
    report = audit_dataset(project.config(), quick=quick, seconds=60)
    found = [finding for finding in report.findings if finding.kind == kind]
    assert len(found) == 1, report.findings
    assert found[0].split == split
    assert sorted(found[0].files[: len(files)]) == sorted(files)
    assert re.search(words, found[0].message)
    for path in files[:3]:
        assert path in found[0].message or kind == 'too-few-bits'
    assert found[0].severity == ('warning' if kind in WARNINGS else 'error')
    others = {finding.kind for finding in report.findings} - {kind}
    # masks of 0 and 1 only lack the other classes as well
    assert others <= ({'absent-class'} if plant is all_masks_binary else set())


def test_clean_set_is_clean(project):
    report = audit_dataset(project.config())
    assert report.findings == []
    assert [(split.name, split.images, split.examined) for split in report.splits] == [
        ('train', 6, 6), ('val', 3, 3),
    ]  # fmt: skip
    train = report.splits[0]
    assert train.ignored == 6 * 16  # the corner without data
    assert train.counts.sum() == 6 * (40 * 40 - 16)


def test_counts_and_weights_by_hand(project):
    counts = np.array([8, 4, 4, 2, 1, 1, 0]) * 80
    for number in range(6):
        stored = np.repeat(np.arange(1, 8), counts).astype(np.uint8).reshape(40, 40)
        write_png(project.mask(number), stored)
    report = audit_dataset(project.config())
    assert report.splits[0].counts.tolist() == (6 * counts).tolist()
    # the median of 8, 4, 4, 2, 1, 1 is 3; a class without pixels has weight 1
    assert report.class_weights == [0.38, 0.75, 0.75, 1.5, 3.0, 3.0, 1.0]


def test_rare_class_has_a_bounded_weight():
    from mmseg_deeplab.datasets.audit import class_weights

    assert class_weights([1000, 1000, 1]) == [1.0, 1.0, 10.0]
    assert class_weights([0, 0]) == [1.0, 1.0]


def test_two_classes_may_be_binary(project):
    for number in range(9):
        write_png(project.mask(number), read(project.mask(number)) % 2)
    report = audit_dataset(
        project.config(
            type='BaseSegDataset', metainfo=dict(classes=('no', 'yes')), img_suffix='.png'
        )
    )
    assert report.findings == []


def test_even_images_are_not_alike(project):
    for number in (0, 6):  # a lake, twice
        image = np.full((40, 40, 3), 90 + number, np.uint8)
        write_png(project.image(number), image)
    assert audit_dataset(project.config()).findings == []


def test_image_of_another_resolution_is_found(project):
    ids = np.kron(read(project.mask(2)), np.ones((4, 4), np.uint8))
    image = picture_of(ids, seed=0)
    write_png(project.image(2), image)
    write_png(project.mask(2), ids)
    write_png(project.image(7), cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA))
    write_png(project.mask(7), cv2.resize(ids, (96, 96), interpolation=cv2.INTER_NEAREST))
    report = audit_dataset(project.config())
    assert [finding.kind for finding in report.findings] == ['near-identical']


def test_classes_left_out_count_as_ignored(project):
    report = audit_dataset(project.config(metainfo=dict(classes=('road', 'water'))))
    assert report.findings == [] and len(report.splits[0].counts) == 2
    assert report.splits[0].ignored > report.splits[0].counts.sum()


def test_stray_colours_are_found(project):
    palette = [[200, 0, 0], [0, 200, 0]]
    for number in range(9):
        ids = read(project.mask(number)) % 2
        write_png(project.mask(number), np.array(palette, np.uint8)[ids][..., ::-1])
    described = dict(
        type='BaseSegDataset', metainfo=dict(classes=('a', 'b'), palette=palette),
        img_suffix='.png', color_table='palette',
    )  # fmt: skip
    assert audit_dataset(project.config(**described)).findings == []
    mask = read(project.mask(3))
    mask[0, 0] = (1, 2, 3)
    write_png(project.mask(3), mask)
    report = audit_dataset(project.config(**described))
    assert [finding.kind for finding in report.findings] == ['unreadable-mask']
    assert 'train/3.png' in report.findings[0].message


def test_bands_and_no_data_are_read_as_in_training(tmp_path):
    """Five 16-bit bands, told by the pipeline: pixels of 0 in all bands count as ignored."""
    generator = np.random.default_rng(0)
    for split, size in (('train', 24), ('val', 20)):
        image = generator.integers(1, 5000, (size, size, 5)).astype(np.uint16)
        image[:3] = 0
        (tmp_path / split).mkdir()
        np.save(tmp_path / split / '0.npy', image)
        write_png(tmp_path / split / '0.png', (np.indices((size, size))[1] % 2).astype(np.uint8))
    loaders = {
        f'{split}_dataloader': dict(
            dataset=dict(
                type='BaseSegDataset',
                data_root=str(tmp_path),
                data_prefix=dict(img_path=split, seg_map_path=split),
                img_suffix='.npy',
                metainfo=dict(classes=('a', 'b')),
                pipeline=[dict(type='LoadImageFromFile', nodata=0)],
            )
        )
        for split in ('train', 'val')
    }
    report = audit_dataset(loaders)
    assert report.findings == []
    train = report.splits[0]
    assert (train.ignored, train.counts.tolist()) == (3 * 24, [21 * 12, 21 * 12])


def test_a_file_of_two_splits_is_told_of_once(project):
    config = project.config()
    config['val_dataloader'] = dict(dataset={**config['train_dataloader']['dataset'], 'indices': 4})
    project.mask(1).unlink()
    cut(project.mask(2))
    kinds = [finding.kind for finding in audit_dataset(config).findings]
    assert (kinds.count('missing-mask'), kinds.count('unreadable-mask')) == (1, 1)
