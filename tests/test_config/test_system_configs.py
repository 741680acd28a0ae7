"""The configs of the other DeepLab systems: read, checked, in the catalogue, one setting each."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config

from mmseg_deeplab.config import check_config
from mmseg_deeplab.config.cross_check import class_names
from mmseg_deeplab.hub import catalogue, find_exact
from mmseg_deeplab.registry import MODELS

from .zoo import OF_SYSTEMS, SYSTEMS, config_of, training_sets


def test_every_system_has_configs():
    assert {file.parent.name for file in OF_SYSTEMS.values()} == set(SYSTEMS)


@pytest.mark.parametrize('name', OF_SYSTEMS)
def test_config_is_right_and_agrees_with_itself(name):
    config = config_of(name)
    check_config(config)
    classes = {len(class_names(dataset)) for dataset in training_sets(config)}
    assert classes == {config.model.decode_head.num_classes}
    assert config.model.get('auxiliary_head') is None  # none of these systems has one
    length = config.train_cfg.get('max_iters') or config.train_cfg.get('max_epochs')
    assert length > 0


def test_every_published_model_has_its_config():
    named = {row.config for row in catalogue() if row.is_foreign and row.config}
    assert named <= set(OF_SYSTEMS) and len(named) == 4 + 5 + 4 + 3
    for row in catalogue():
        if row.kind == 'file':  # its note says which config it is for
            assert row.url and not row.config and row.note
            assert find_exact(row.aliases) is row


@pytest.mark.slow
@pytest.mark.parametrize('name', OF_SYSTEMS)
def test_model_is_built(name):
    model = Config(dict(model=config_of(name).model.to_dict())).model
    model.pretrained = None
    model.backbone.init_cfg = None
    with torch.device('meta'):
        assert MODELS.build(model).num_classes == config_of(name).model.decode_head.num_classes
