"""MindCV's configs, its YAML files, and the options that choose views and output stride."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
import yaml

from mmseg_deeplab.apis import result_table
from mmseg_deeplab.apis import test as score
from mmseg_deeplab.apis.run_config import prepare
from mmseg_deeplab.apis.views import use_output_stride, use_views, views_name
from mmseg_deeplab.cli import main
from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.engine.schedulers.warmup_cosine import WarmupCosineLR, warmup_cosine_factor
from mmseg_deeplab.models import DilatedResNet
from mmseg_deeplab.utils.errors import CheckpointError, ConfigError
from mmseg_deeplab.utils.processes import started_rank

HERE = Path(__file__).parent
STEPS = {16: (12300, 0.08, 32, 3072.0), 8: (41000, 0.02, 16, 2048.0)}


@pytest.fixture
def settings():
    """The file of 2023, to be changed and written."""
    return yaml.safe_load((HERE / 'mindcv_s16.yaml').read_text())


def loaded(tmp_path, settings, **changes):
    """The config that a changed file gives."""
    path = tmp_path / 'x.yaml'
    path.write_text(yaml.safe_dump({**settings, **changes}))
    return load_config(path)


@pytest.mark.parametrize('model', ['deeplabv3', 'deeplabv3plus'])
@pytest.mark.parametrize('stride', [16, 8])
@pytest.mark.parametrize('depth', [50, 101])
def test_shipped_configs(model, stride, depth):
    config = load_config(f'{model}_s{stride}_dilated_resnet{depth}')
    check_config(config)
    iterations, rate, batch, scale = STEPS[stride]
    assert config.train_cfg.max_iters == config.param_scheduler[0].end == iterations
    assert config.optim_wrapper.optimizer.lr == rate
    assert config.optim_wrapper.loss_scale == scale
    assert config.train_dataloader.batch_size == batch
    assert (config.model.backbone.output_stride, config.model.backbone.depth) == (stride, depth)
    assert (config.load_from is None) == (stride == 16)
    assert tuple(config.model.data_preprocessor.size) == (513, 513)


def test_output_stride_is_one_setting():
    with torch.device('meta'):
        networks = {stride: DilatedResNet(50, stride, base_channels=8) for stride in (8, 16)}
    for stride, network in networks.items():
        assert network.out_strides == (4, 8, min(16, stride), stride)
        last = [block.conv2.dilation[0] for block in network.layer4]
        assert last == [32 // stride * step for step in (1, 2, 4)]
        assert {block.conv2.dilation[0] for block in network.layer3} == {16 // stride}
    shapes = [{k: v.shape for k, v in n.state_dict().items()} for n in networks.values()]
    assert shapes[0] == shapes[1]
    with pytest.raises(ConfigError, match='output_stride must be 8 or 16, got 32'):
        DilatedResNet(50, 32)


def test_warm_up_then_cosine():
    factors = [warmup_cosine_factor(step, 2, 4, 0.5) for step in range(8)]
    assert factors == pytest.approx([0, 0.5, 1, 0.75 + 0.25 * 2**-0.5, 0.75, 0.75 - 0.25 * 2**-0.5,
                                     0.5, 0.5])  # fmt: skip
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    assert WarmupCosineLR(optimiser, 2, end=10).decay_steps == 8
    with pytest.raises(ConfigError, match='leave steps to decay in'):
        WarmupCosineLR(optimiser, 10, end=10)


def test_file_of_the_first_step():
    config = load_config(HERE / 'mindcv_s16.yaml')
    check_config(config)
    assert config.model.pretrained == 'path/resnet101-689c5e77.ckpt'
    assert (config.model.backbone.depth, config.model.backbone.output_stride) == (101, 16)
    assert (config.train_cfg.max_epochs, config.train_cfg.val_begin) == (300, 50)
    schedule = config.param_scheduler[0]
    assert (schedule.warmup_steps, schedule.decay_steps, schedule.end) == (3, 40000, 300)
    wrapper = config.optim_wrapper
    assert (wrapper.type, wrapper.loss_scale) == ('AmpOptimWrapper', 3072.0)
    assert dict(wrapper.optimizer) == dict(type='SGD', lr=0.08, momentum=0.9, weight_decay=1e-4)
    assert wrapper.paramwise_cfg is None  # it says that norms and biases decay too
    dataset = config.train_dataloader.dataset
    assert dataset.ann_file == os.path.abspath('path/vocaug.shards.json')
    assert dataset.pipeline == load_config('deeplabv3_s16_dilated_resnet101').train_pipeline
    assert config.val_dataloader.dataset.ann_file == os.path.abspath('path/voc_val_lst.txt')
    assert (config.work_dir, config.randomness.seed) == ('./ckpt', 1)


def test_file_of_the_second_step_in_its_later_form(tmp_path, settings):
    settings["filter_bias_and_bn'"] = settings.pop('filter_bias_and_bn')
    config = loaded(
        tmp_path, settings, model='deeplabv3plus', backbone_out_indices=[1, 4], output_stride=8,
        ckpt_pre_trained=True, ckpt_path='s16.ckpt', amp_level='O0', crop_size=65,
        scales=[0.5, 1.5], flip=True, eval_while_train=False,
    )  # fmt: skip
    assert config.model.decode_head.type == 'DeepLabV3PlusHead'
    assert (config.load_from, config.model.pretrained) == ('s16.ckpt', None)
    assert config.optim_wrapper.type == 'OptimWrapper'
    assert config.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
    assert config.val_cfg is None
    steps = {step.type: step for step in config.train_dataloader.dataset.pipeline}
    assert steps['RandomCrop'].crop_size == steps['Pad'].size == (65, 65)
    views = config.tta_pipeline[1].transforms
    assert [one.scale_factor for one in views[0]] == [0.5, 1.5] and len(views[3]) == 2
    assert views[0][0].base_size == 65


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(momentun=0.9), 'unknown setting momentun; did you mean momentum'),
        (dict(scheduler='step_decay'), "scheduler must be 'cosine_decay'"),
        (dict(num_classes='21x'), 'num_classes must be 21'),
        (dict(backbone='resnet101'), 'backbone must be one of dilated_resnet50'),
        (dict(ckpt_pre_trained=True), 'ckpt_path must name a checkpoint'),
        (dict(model='deeplabv2'), 'model must be one of deeplabv3'),
    ],
)
def test_files_that_cannot_be_meant(tmp_path, settings, change, message):
    with pytest.raises(ConfigError, match=message):
        loaded(tmp_path, settings, **change)


def test_the_file_names_the_checkpoint_to_test(tmp_path, settings):
    config = loaded(tmp_path, settings, ckpt_path='s16.ckpt')
    assert (config.test_from, config.load_from) == ('s16.ckpt', None)
    check_config(config)
    with pytest.raises(CheckpointError, match='s16.ckpt: no such checkpoint'):
        score(config, work_dir=tmp_path)
    with pytest.raises(ConfigError, match='x.yaml: a checkpoint to test must be given'):
        score(loaded(tmp_path, settings), work_dir=tmp_path)


@pytest.mark.parametrize(
    ('variables', 'wanted'),
    [
        ({}, ('none', 0)),
        ({'OMPI_COMM_WORLD_SIZE': '1', 'OMPI_COMM_WORLD_RANK': '0'}, ('none', 0)),
        ({'OMPI_COMM_WORLD_SIZE': '2', 'OMPI_COMM_WORLD_RANK': '1'}, ('mpi', 1)),
        ({'PMI_SIZE': '2', 'PMI_RANK': '1'}, ('mpi', 1)),
    ],
)
def test_processes_of_mpirun_belong_together(monkeypatch, tmp_path, variables, wanted):
    for name in ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_SIZE', 'PMI_SIZE'):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = dict(cfg_options=None, data_root=None, device='cpu', work_dir=tmp_path)
    config = HERE / 'mindcv_s16.yaml'
    assert prepare(config, launcher=None, **settings).launcher == wanted[0]
    assert prepare(config, launcher='none', **settings).launcher == 'none'
    assert started_rank() == wanted[1]


def test_views_of_any_config():
    for name in ('deeplabv3_s8_dilated_resnet101', 'deeplabv3_r50-d8_4xb4-40k_voc12aug-512x512'):
        config = load_config(name)
        use_views(config, [0.75, 1.25], flip=False)
        lists = config.test_dataloader.dataset.pipeline[1].transforms
        assert [step.scale_factor for step in lists[0]] == [0.75, 1.25]
        (flips,) = [steps for steps in lists if steps[0].type == 'RandomFlip']
        assert [step.prob for step in flips] == [0.0]
        assert config.model.type == 'SegTTAModel'
    with pytest.raises(ConfigError, match='needs a backbone with this setting.*SegTTA|None'):
        use_output_stride(config, 8)
    with pytest.raises(ConfigError, match='factors above 0'):
        use_views(config, [0], flip=True)
    assert views_name([0.5, 1], True, 8) == 'test_s8_0.5-1_flip'
    assert views_name(None, False, None) == 'test'


def test_table_of_five_rows(monkeypatch, tmp_path, capsys):
    asked = []

    def scored(config, checkpoint, **settings):
        asked.append((checkpoint, settings['output_stride'], settings['scales'], settings['flip']))
        return {'mIoU': 70.0 + len(asked)}

    monkeypatch.setattr(result_table, 'test', scored)
    table = ['test-table', '--s16', 'a', '--s8', 'b', '--work-dir', str(tmp_path)]
    monkeypatch.chdir(tmp_path)
    Path('a').touch()
    assert main(table) == 1 and not asked  # not after the first test
    assert 'b: no such checkpoint' in capsys.readouterr().err
    Path('b').touch()
    assert main(table) == 0
    scales = (0.5, 0.75, 1.0, 1.25, 1.75)
    assert asked == [
        ('a', 16, None, False), ('b', 16, None, False), ('b', 8, None, False),
        ('b', 8, scales, False), ('b', 8, scales, True),
    ]  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == '| 16 | 16 |  |  | 71.00 | 78.20 |'
    assert lines[6] == '| 16, 8 | 8 | yes | yes | 75.00 | 80.14 |'
    assert (tmp_path / 'table.md').read_text().splitlines() == lines
