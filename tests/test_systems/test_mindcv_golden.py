"""MindCV: what the original gave for given weights, samples and steps is what comes out here."""

from __future__ import annotations

import pytest

from benchmarks.systems import mindcv, mindcv_evaluation, mindcv_recipe
from mmseg_deeplab.hub.foreign import mindspore
from tests.golden import recipe
from tests.test_systems.rows import hold


@pytest.mark.parametrize(
    'rows_of',
    [
        mindcv.operator_rows,
        mindcv_recipe.schedule_rows,
        mindcv_recipe.loss_rows,
        mindcv_evaluation.sample_rows,
        mindcv_evaluation.metric_rows,
    ],
)
def test_parts(small_golden, rows_of):
    hold(rows_of(small_golden / 'mindcv'))


def test_every_entry_has_its_place(small_golden):
    hold(mindcv.key_rows(small_golden / 'mindcv', ('deeplabv3_r50', 'deeplabv3plus_r50')))


def test_files_of_the_original(golden):
    hold(mindcv.format_rows(golden / 'mindcv'))


def test_five_steps_of_the_original_trainer(golden):
    shapes = recipe.read_keys(golden / 'mindcv' / 'keys_small_train.txt')
    start = recipe.weights({key: s for key, s in shapes.items() if mindspore.is_weight(key)})
    hold(mindcv_recipe.training_rows(golden / 'mindcv', start))


@pytest.mark.slow
def test_everything(golden):
    hold(mindcv.rows(golden))
