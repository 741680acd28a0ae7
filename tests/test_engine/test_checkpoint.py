"""Checkpoint files: whole or not at all, safe to load, found again; old ones load too."""

from __future__ import annotations

import errno
import os
import pickle
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import Runner

from mmseg_deeplab.engine import find_latest, load_checkpoint, save_checkpoint
from mmseg_deeplab.engine.checkpoint import read_meta, write_pointer
from mmseg_deeplab.engine.plain import hub_from_plain, hub_to_plain, to_plain
from mmseg_deeplab.utils.errors import CheckpointError, TrainingError
from mmseg_deeplab.utils.safe_load import META_KEY
from mmseg_deeplab.utils.safetensors_file import to_bytes
from tests.test_engine.compare import assert_same
from tests.test_engine.toy import toy_config

WEIGHTS = {'state_dict': {'w': torch.arange(6.0).reshape(2, 3)}, 'meta': {'iter': 1}}


def test_round_trip(tmp_path):
    save_checkpoint(WEIGHTS, tmp_path / 'new' / 'a.pth')
    assert_same(load_checkpoint(tmp_path / 'new' / 'a.pth'), WEIGHTS)
    assert read_meta(tmp_path / 'new' / 'a.pth') == {'iter': 1}
    assert os.listdir(tmp_path / 'new') == ['a.pth']


def test_anything_becomes_plain(said):
    class Kind(str):
        pass

    given = dict(
        array=np.arange(3), number=np.float32(0.5), path=Path('a/b'), kind=Kind('x'),
        nested=[(1, {'deep': np.int64(7)})], flag=True, nothing=None, odd=object(),
    )  # fmt: skip
    plain = to_plain(given)
    assert torch.equal(plain.pop('array'), torch.arange(3))
    assert plain == dict(number=0.5, path=str(Path('a/b')), kind='x', nested=[(1, {'deep': 7})],
                         flag=True, nothing=None)  # fmt: skip
    assert type(plain['kind']) is str
    assert 'checkpoint.odd is not saved: object has no plain form' in said.text


@pytest.mark.parametrize('name', ['fsync', 'replace'])
def test_full_disk_leaves_the_old_file(name, tmp_path, monkeypatch):
    path = tmp_path / 'iter_1.pth'
    save_checkpoint(WEIGHTS, path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, full)
    with pytest.raises(TrainingError, match=r'iter_1\.pth: cannot be written .*No space.*MB free'):
        save_checkpoint({'state_dict': {'w': torch.zeros(3)}}, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ['iter_1.pth']


def test_disk_that_fills_while_writing(tmp_path):
    """A real failure of ``write``: the limit on a file's size."""
    path = tmp_path / 'iter_1.pth'
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(TrainingError, match='cannot be written'):
            save_checkpoint({'state_dict': {'w': torch.zeros(100_000)}}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_full_disk_in_a_run(run, tmp_path, monkeypatch):
    """With one checkpoint kept, the old one is removed only when the new one is safe."""
    keep_one = {'default_hooks.checkpoint.max_keep_ckpts': 1, 'val_cfg.type': 'ValLoop'}
    calls = []

    def full(*args, original=os.fsync):
        calls.append(args)
        if len(calls) > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(*args)

    with monkeypatch.context() as patch, pytest.raises(TrainingError, match='--resume'):
        patch.setattr(os, 'fsync', full)
        run(**keep_one)
    survivor = find_latest(tmp_path / 'run')
    assert survivor is not None
    assert load_checkpoint(survivor)['meta']['iter'] > 0
    assert run(resume='auto', **keep_one).iter == 12


class Malice:
    def __reduce__(self):
        return os.system, ('echo malice > malice_was_here',)


class MaliceByGetattr:
    """Tries to get at globals through the one method that old files may name."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


@pytest.mark.parametrize('bad', [Malice(), MaliceByGetattr()])
def test_malicious_pickle(bad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': {'w': torch.zeros(1)}, 'meta': bad}, 'bad.pth')
    with pytest.raises(CheckpointError, match=r'bad\.pth: refused, because loading .* run code'):
        load_checkpoint('bad.pth')
    Path('raw.pth').write_bytes(pickle.dumps({'state_dict': bad}, protocol=2))
    with pytest.raises(CheckpointError, match=r'raw\.pth: (refused|truncated)'):
        load_checkpoint('raw.pth')
    assert not Path('malice_was_here').exists()


def test_broken_files(tmp_path):
    whole = tmp_path / 'whole.pth'
    save_checkpoint(WEIGHTS, whole)
    content = whole.read_bytes()
    cases = {
        'half.pth': content[: len(content) // 2],
        'empty.pth': b'',
        'text.pth': b'hello, I am no checkpoint',
        'picture.pth': b'\x89PNG\r\n\x1a\n' + bytes(64),
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CheckpointError, match=f'{name}: truncated, or no checkpoint'):
            load_checkpoint(tmp_path / name)
    with pytest.raises(CheckpointError, match=r'nowhere\.pth: no such checkpoint'):
        load_checkpoint(tmp_path / 'nowhere.pth')
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(CheckpointError, match='must hold a state_dict, got list'):
        load_checkpoint(tmp_path / 'list.pth')


@pytest.mark.parametrize('text', ['[1]', '"x"', '{', '[' * 100_000])
def test_safetensors_whose_meta_is_no_object(tmp_path, text):
    path = tmp_path / 'a.safetensors'
    path.write_bytes(to_bytes(WEIGHTS['state_dict'], {META_KEY: text}))
    with pytest.raises(CheckpointError, match=r'a\.safetensors: its mmseg_deeplab\.meta '):
        load_checkpoint(path)


def test_odd_checkpoints(tmp_path):
    for content, reason in (
        ({**WEIGHTS, 'meta': 'x'}, 'its meta must be a dict, got str'),
        ({'state_dict': {1: torch.zeros(1)}}, 'its state_dict must have text as keys'),
    ):
        torch.save(content, tmp_path / 'a.pth')
        with pytest.raises(CheckpointError, match=reason):
            load_checkpoint(tmp_path / 'a.pth')


def test_file_address(tmp_path):
    path = tmp_path / 'with blank.pth'
    save_checkpoint(WEIGHTS, path)
    assert '%20' in path.as_uri()
    assert read_meta(path.as_uri()) == {'iter': 1}


def test_bare_state_dict(tmp_path):
    torch.save(WEIGHTS['state_dict'], tmp_path / 'bare.pth')
    assert_same(load_checkpoint(tmp_path / 'bare.pth'), {'state_dict': WEIGHTS['state_dict']})


def test_find_latest(tmp_path):
    assert find_latest(tmp_path) is None
    for number in (900, 1000, 99):
        save_checkpoint({**WEIGHTS, 'meta': {'iter': number}}, tmp_path / f'iter_{number}.pth')
    (tmp_path / '.iter_2000.pth.tmp').write_bytes(b'half')
    (tmp_path / 'best_mIoU_iter_5000.pth').write_bytes(b'of no use')
    assert find_latest(tmp_path).name == 'iter_1000.pth'
    (tmp_path / 'iter_1000.pth').write_bytes(b'broken')
    assert find_latest(tmp_path).name == 'iter_900.pth'
    write_pointer(tmp_path, '/gone/since/iter_99.pth')  # the folder was moved
    assert find_latest(tmp_path).name == 'iter_99.pth'
    save_checkpoint({**WEIGHTS, 'meta': {'iter': 950}}, tmp_path / 'epoch_3.pth')
    write_pointer(tmp_path, tmp_path / 'not_there.pth')
    assert find_latest(tmp_path).name == 'epoch_3.pth'


def test_only_broken_checkpoints(tmp_path):
    (tmp_path / 'iter_5.pth').write_bytes(b'broken')
    with pytest.raises(CheckpointError, match='no whole checkpoint to resume from'):
        find_latest(tmp_path)


def test_hub_round_trip():
    hub = MessageHub('there')
    for value in (0.5, 0.25, 1.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best', 3.5)
    hub.update_info('not_kept', 1, resumed=False)
    back = MessageHub('back')
    back.load_state_dict(hub_from_plain(hub_to_plain(hub)))
    assert back.get_scalar('train/loss').mean(2) == 0.625
    np.testing.assert_array_equal(back.get_scalar('train/loss').data[1], [1, 1, 1])
    assert back.get_info('best') == 3.5 and back.get_info('not_kept') is None


def test_old_mmengine_checkpoint_resumes(run, tmp_path):
    """One that MMEngine's own runner has written, histories pickled as objects."""
    changes = {
        'optim_wrapper.accumulative_counts': 1,
        'custom_hooks': [dict(type='EMAHook')],
        'default_hooks.logger': dict(type='mmengine.LoggerHook'),
        'default_hooks.checkpoint': dict(
            type='mmengine.CheckpointHook', interval=3, by_epoch=False
        ),
        'default_hooks.runtime_info': dict(type='mmengine.RuntimeInfoHook'),
        'default_scope': 'mmengine',
    }
    old = toy_config(tmp_path / 'old', iters=6, **changes)
    old.experiment_name = 'old'
    Runner.from_cfg(old).train()
    path = tmp_path / 'old' / 'iter_6.pth'
    loss = load_checkpoint(path)['message_hub']['log_scalars']['train/loss']
    assert len(loss['log_history']) == 6
    runner = run('new', resume=str(path), iters=9)
    assert runner.iter == 9
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 9
    saved = load_checkpoint(tmp_path / 'new' / 'iter_9.pth')
    assert 'ema_state_dict' in saved and saved['meta']['seed'] == 3


def test_meta_has_what_prediction_needs(run, tmp_path):
    run(iters=3)
    meta = load_checkpoint(tmp_path / 'run' / 'iter_3.pth')['meta']
    assert meta['dataset_meta']['classes'] == ('a', 'b', 'c')
    assert meta['iter'] == 3 and meta['seed'] == 3
    assert "type='ToyModel'" in meta['cfg']
    ours = meta['mmseg_deeplab']
    assert set(ours['input']) == {'bands', 'mean', 'std', 'bgr_to_rgb', 'nodata', 'scaling',
                                  'ground_resolution'}  # fmt: skip
    assert ours['batch_size'] == 2 and ours['processes'] == 1


def test_best_and_kept_checkpoints(run, tmp_path):
    runner = run()
    names = sorted(path.name for path in (tmp_path / 'run').glob('*.pth'))
    best = runner.message_hub.get_info('best_ckpt')
    assert names == sorted([Path(best).name, 'iter_12.pth', 'iter_10.pth'])
    assert 'optimizer' not in load_checkpoint(best)
    scores = runner.message_hub.get_scalar('val/mIoU').data[0]
    assert runner.message_hub.get_info('best_score') == max(scores)


def test_published_checkpoint(run, tmp_path):
    run(iters=3, **{'default_hooks.checkpoint.published_keys': ['meta', 'state_dict']})
    published = next((tmp_path / 'run').glob('iter_3-*.pth'))
    assert set(load_checkpoint(published)) == {'meta', 'state_dict'}
