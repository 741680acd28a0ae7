"""Detectron2: what the original gave for given weights and samples comes out here."""

from __future__ import annotations

import pytest

from benchmarks.systems import detectron2, detectron2_parts
from tests.test_systems.rows import hold


@pytest.mark.parametrize('part', ['schedule', 'augmentation', 'metrics', 'weight_files'])
def test_parts(small_golden, part):
    hold(getattr(detectron2_parts, part)(small_golden / 'detectron2'))


def test_losses(golden):
    hold(detectron2_parts.losses(golden / 'detectron2'))


def test_every_entry_of_v3plus_has_its_place(small_golden):
    hold(detectron2.keys(small_golden / 'detectron2', ['v3plus']))


def test_norms_have_no_decay(small_golden):
    hold(detectron2.optimizer(small_golden / 'detectron2'))


@pytest.mark.slow
def test_names_of_all_networks(golden):
    hold(detectron2.keys(golden / 'detectron2'))
    hold(detectron2.round_trip('v3plus_dwsep'))


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'damped'), [('v3', True), ('v3plus', False)])
def test_logits(golden, name, damped):
    hold(detectron2.outputs(name, damped))


@pytest.mark.slow
def test_gradients(golden):
    hold(detectron2.training('v3plus_dwsep'))
