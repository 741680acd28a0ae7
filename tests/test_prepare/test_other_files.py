"""What lies in the output folder besides: users' files, older crops, other conversions."""

from __future__ import annotations

import json
import shutil
import threading
import time
import zipfile

import numpy as np
import pytest

from benchmarks.make_archives import png
from mmseg_deeplab.apis.conversion import convert_dataset, plan_conversion
from mmseg_deeplab.datasets.prepare import Plan, convert
from mmseg_deeplab.datasets.prepare.plan import file_job
from mmseg_deeplab.hub.lock import exclusive
from mmseg_deeplab.utils.errors import ConfigError, DataError

from .conftest import names


def plan(out, files: dict[str, bytes], merge: bool = False, **settings) -> Plan:
    """A conversion whose every file is a job of its own."""
    jobs = [file_job(path, content) for path, content in files.items()]
    return Plan('toy', out, settings, jobs, folders=['img'], merge=merge)


def cityscapes(root, gt_dir: str) -> None:
    label = root / gt_dir / f'train/bonn/bonn_1_2_{gt_dir}_labelIds.png'
    label.parent.mkdir(parents=True)
    label.write_bytes(png(np.zeros((2, 3), np.uint8)))


def test_coarse_labels_after_fine_ones_in_one_folder(tmp_path):
    for gt_dir in ('gtFine', 'gtCoarse'):
        cityscapes(tmp_path, gt_dir)
        convert_dataset('cityscapes', tmp_path, settings={'gt_dir': gt_dir})
    assert {
        'gtFine/train/bonn/bonn_1_2_gtFine_labelTrainIds.png',
        'gtCoarse/train/bonn/bonn_1_2_gtCoarse_labelTrainIds.png',
        'train.txt',
        'gtCoarse_train.txt',
    } < set(names(tmp_path))
    for gt_dir in ('gtFine', 'gtCoarse'):
        assert convert_dataset('cityscapes', tmp_path, settings={'gt_dir': gt_dir}).made == 0


def test_never_told_to_remove_the_folder_of_the_data(tmp_path):
    convert(plan(tmp_path, {'img/a.png': b'a'}, merge=True, size=1))
    with pytest.raises(DataError) as error:
        convert(plan(tmp_path, {'img/a.png': b'a'}, merge=True, size=2))
    receipt = tmp_path / 'conversion_toy.json'
    assert f'remove {receipt} and the files that it lists first' in str(error.value)


@pytest.mark.parametrize('merge', [False, True])
def test_files_of_sources_that_are_gone_are_removed(tmp_path, merge):
    both = {'img/a.png': b'a', 'img/b.png': b'b'}
    convert(plan(tmp_path, both, merge))
    mine = tmp_path / 'img/mine.png'
    mine.write_bytes(b'mine')
    result = convert(plan(tmp_path, {'img/a.png': b'a'}, merge))
    assert (result.made, result.counts['img']) == (0, 1)
    assert [name for name in names(tmp_path) if 'img' in name] == ['img/a.png', 'img/mine.png']
    assert convert(plan(tmp_path, both, merge)).made == 1
    assert mine.read_bytes() == b'mine'


def test_old_crops_of_a_changed_source_are_removed(convert, raw, tmp_path):
    source = tmp_path / 'raw'
    shutil.copytree(raw / 'vaihingen', source)
    convert('vaihingen', source)
    receipt = tmp_path / 'out/conversion.json'
    whole = json.loads(receipt.read_text())
    job = whole['jobs']['area1']
    job['sources'][0][1] += 1  # as if the image had been another one, with a crop more
    job['files']['img_dir/train/area1_9_9_9_9.png'] = 3
    receipt.write_text(json.dumps(whole))
    extra = tmp_path / 'out/img_dir/train/area1_9_9_9_9.png'
    extra.write_bytes(b'old')
    assert convert('vaihingen', source).made == 1
    assert not extra.exists()


def test_parts_of_an_interrupted_run_whose_sources_are_gone_are_left_out(tmp_path):
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files = {f'img/{name}.png': b'x' for name in 'abc'}
        convert(plan(tmp_path, files), workers=1, on_progress=stop)
    convert(plan(tmp_path, {'img/c.png': b'x'}))
    assert names(tmp_path) == ['conversion.json', 'img/c.png']


def test_files_from_elsewhere_are_not_overwritten(tmp_path):
    mine = tmp_path / 'img/a.png'
    mine.parent.mkdir()
    mine.write_bytes(b'mine')
    (tmp_path / 'same.txt').write_bytes(b'same')
    wanted = {'img/a.png': b'a', 'img/b.png': b'b', 'same.txt': b'same'}
    for _ in range(2):
        with pytest.raises(DataError, match=r'img/a.png: this converter did not make it'):
            convert(plan(tmp_path, wanted, merge=True))
        assert mine.read_bytes() == b'mine' and not (tmp_path / 'img/b.png').exists()
    mine.unlink()
    assert convert(plan(tmp_path, wanted, merge=True)).made == 0
    assert mine.read_bytes() == b'a'


def test_a_second_process_waits_for_the_first(tmp_path):
    made = threading.Event()
    entered = exclusive(tmp_path / '.converting.lock', lambda: None)
    with entered:
        other = threading.Thread(
            target=lambda: (convert(plan(tmp_path, {'img/a.png': b'a'})), made.set())
        )
        other.start()
        time.sleep(0.3)
        assert not made.is_set() and names(tmp_path) == ['.converting.lock']
    other.join(30)
    assert names(tmp_path) == ['conversion.json', 'img/a.png']


def test_a_hidden_folder_in_the_stage_is_harmless(tmp_path):
    (tmp_path / '.converting/img/.hidden').mkdir(parents=True)
    convert(plan(tmp_path, {'img/a.png': b'a'}))
    assert names(tmp_path) == ['conversion.json', 'img/a.png']


@pytest.mark.parametrize(
    'entry',
    [
        {'files': {}, 'notes': []},
        {'sources': [], 'files': {'../b.png': 1}, 'notes': []},
        {'sources': [], 'files': ['b.png'], 'notes': []},
        7,
    ],
)
def test_damaged_entries_of_a_receipt_are_an_error_that_names_it(tmp_path, entry):
    convert(plan(tmp_path, {'img/a.png': b'a'}))
    receipt = tmp_path / 'conversion.json'
    whole = json.loads(receipt.read_text())
    whole['jobs']['img/a.png'] = entry
    receipt.write_text(json.dumps(whole))
    with pytest.raises(DataError, match=r'conversion.json: not a receipt of a conversion'):
        convert(plan(tmp_path, {'img/a.png': b'a'}))


def test_discarding_happens_only_if_the_conversion_is_the_same(tmp_path):
    convert(plan(tmp_path, {'img/a.png': b'a'}, size=1))
    left = tmp_path / '.converting/img/b.png'
    left.parent.mkdir(parents=True)
    left.write_bytes(b'b')
    with pytest.raises(DataError, match='was made with toy size=1'):
        convert(plan(tmp_path, {'img/a.png': b'a'}, size=2), resume=False)
    assert left.exists()
    assert convert(plan(tmp_path, {'img/a.png': b'a'}, size=1), resume=False).made == 0
    assert not left.exists()


def test_wrong_settings_and_numbers_of_paths_are_the_callers_error(tmp_path):
    with pytest.raises(ConfigError, match=r"potsdam: .*'clip'; its arguments are dataset_path"):
        plan_conversion('potsdam', tmp_path, settings={'clip': 3})
    with pytest.raises(ConfigError, match="stare: missing a required argument: 'labels_vk'"):
        plan_conversion('stare', 'a.tar', 'b.tar')
    with pytest.raises(ConfigError, match='loveda: multiple values|loveda: too many'):
        plan_conversion('loveda', 'a', 'b', 'c')


def test_an_unreadable_list_of_names_is_named(tmp_path):
    for name in ('images', 'annotations', 'imageLists'):
        (tmp_path / name).mkdir()
    (tmp_path / 'imageLists/train.txt').write_bytes(b'\xff\xfe')
    with pytest.raises(DataError, match=r'train.txt: not a list of names'):
        plan_conversion('coco_stuff10k', tmp_path)


def test_archives_without_pictures_are_told_once(tmp_path):
    with zipfile.ZipFile(tmp_path / '1_DSM.zip', 'w') as file:
        for tile in ('02_10', '02_11'):
            file.writestr(f'dsm_potsdam_{tile}.tif', b'')
    with zipfile.ZipFile(tmp_path / '2.zip', 'w') as file:
        file.writestr('top_potsdam_2_10_RGB.tif', b'')
        file.writestr('top_potsdam_2_10_label.tif', b'')
    told = [note for note in plan_conversion('potsdam', tmp_path).notes if 'passed over' in note]
    assert told == ['1_DSM.zip: passed over, no RGB images and no labels']
