"""Composer's parts against outputs of the original code."""

from __future__ import annotations

import pytest

from benchmarks.systems import composer
from tests.test_systems.rows import hold


@pytest.mark.parametrize('part', composer.SMALL, ids=lambda part: part.__name__)
@pytest.mark.filterwarnings('ignore:.*lr_scheduler.step:UserWarning')
def test_part(part, small_golden):
    hold(part(small_golden / 'composer'))


def test_transforms(golden):
    hold(composer.transforms(golden / 'composer'))


@pytest.mark.slow
def test_network(golden):
    hold(composer.logits(golden / 'composer'))
    hold(composer.composer_recipe.initialised_entries(golden / 'composer'))


@pytest.mark.slow
def test_all_key_lists(golden):
    hold(composer.keys(golden / 'composer'))
