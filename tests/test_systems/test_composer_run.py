"""Composer's recipes from end to end on drawn data in ADE20K's layout."""

from __future__ import annotations

import pytest
import torch

from mmseg_deeplab.apis import test as score
from mmseg_deeplab.apis import train

from .composer_tiny import tiny_options

MEDIUM = 'deeplabv3plus_r101_recipe-medium-90ep_ade20k-512x512'


def run(tmp_path, name, epochs=2, **options):
    settings = tiny_options(tmp_path / 'ade', tmp_path / name)
    settings['train_cfg.max_epochs'] = epochs
    train(MEDIUM, work_dir=tmp_path / name, audit=False, cfg_options=settings, **options)
    return tmp_path / name / f'epoch_{epochs}.pth'


@pytest.mark.slow
def test_medium_recipe_trains_and_is_scored_at_both_sizes(tmp_path, capsys):
    path = run(tmp_path, 'a', epochs=1)
    content = torch.load(path, weights_only=True)
    average = content['state_dict']['decode_head.conv_seg.weight']
    trained = content['ema_state_dict']['module.decode_head.conv_seg.weight']
    assert not torch.equal(average, trained)
    assert content['message_hub']['runtime_info']['train_seconds'] > 0
    scores = score(
        MEDIUM, path, work_dir=tmp_path / 't', cfg_options=tiny_options(tmp_path / 'ade', tmp_path)
    )
    assert {'32x32/mIoU', 'original_size/mIoU'} <= set(scores)
    assert (
        'Time-to-Train on 1 CPU process' in (tmp_path / 'a').rglob('*.log').__next__().read_text()
    )


@pytest.mark.slow
def test_a_resumed_recipe_goes_on_as_if_never_stopped(tmp_path):
    whole = torch.load(run(tmp_path, 'whole'), weights_only=True)
    first = run(tmp_path, 'parts', epochs=2)
    first.unlink()
    (tmp_path / 'parts' / 'last_checkpoint').unlink(missing_ok=True)
    resumed = run(tmp_path, 'parts', resume=str(tmp_path / 'parts' / 'epoch_1.pth'))
    again = torch.load(resumed, weights_only=True)
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in whole[part].items():
            assert torch.equal(value, again[part][key]), (part, key)
