"""Composer's parts against outputs of the original code."""

from __future__ import annotations

import pytest

from benchmarks.systems import composer


def too_far(part, root):
    """The rows of one part that are beyond their bound; there must be rows."""
    rows = list(part(root))
    assert rows
    return [row for row in rows if not row[2] <= row[3]]


@pytest.mark.parametrize('part', composer.SMALL, ids=lambda part: part.__name__)
@pytest.mark.filterwarnings('ignore:.*lr_scheduler.step:UserWarning')
def test_part(part, small_golden):
    assert too_far(part, small_golden / 'composer') == []


def test_transforms(golden):
    assert too_far(composer.transforms, golden / 'composer') == []


@pytest.mark.slow
def test_network(golden):
    assert too_far(composer.logits, golden / 'composer') == []
    assert too_far(composer.composer_recipe.initialised_entries, golden / 'composer') == []


@pytest.mark.slow
def test_all_key_lists(golden):
    assert too_far(composer.keys, golden / 'composer') == []
