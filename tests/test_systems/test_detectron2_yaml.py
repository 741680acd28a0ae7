"""Detectron2's settings files and the arguments of its train_net."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mmseg_deeplab.cli import detectron2 as command
from mmseg_deeplab.cli.main import main
from mmseg_deeplab.config import check_config, load_config
from mmseg_deeplab.config.foreign_yaml.detectron2 import recognises
from mmseg_deeplab.config.foreign_yaml.detectron2_tree import with_bases, with_options
from mmseg_deeplab.utils.errors import ConfigError

NAMES = {
    'V3': 'deeplab_v3_R_103_os16_mg124_poly_90k_bs16',
    'V3Plus': 'deeplab_v3_plus_R_103_os16_mg124_poly_90k_bs16',
}
YAML = """\
_BASE_: Base-DeepLabV3-OS16-Semantic.yaml
MODEL:
  WEIGHTS: "detectron2://DeepLab/R-103.pkl"
  PIXEL_MEAN: [123.675, 116.280, 103.530]
  PIXEL_STD: [58.395, 57.120, 57.375]
  BACKBONE: {NAME: "build_resnet_deeplab_backbone"}
  RESNETS:
    DEPTH: 101
    NORM: "SyncBN"
    OUT_FEATURES: ["res2", "res5"]
    RES5_MULTI_GRID: [1, 2, 4]
    STEM_TYPE: "deeplab"
    STEM_OUT_CHANNELS: 128
    STRIDE_IN_1X1: False
  SEM_SEG_HEAD:
    NORM: "SyncBN"
"""
PLUS = """\
    NAME: "DeepLabV3PlusHead"
    IN_FEATURES: ["res2", "res5"]
    PROJECT_FEATURES: ["res2"]
    PROJECT_CHANNELS: [48]
    COMMON_STRIDE: 4
"""
INPUT = 'INPUT: {FORMAT: "RGB"}\n'
# the file says what our configs leave to defaults, or to the number of processes
SAID = (
    *('env_cfg.cudnn_benchmark', 'model.backbone.frozen_stages', 'model.backbone.norm_eval'),
    *('model.backbone.style', 'model.decode_head.ignore_index', 'model.decode_head.separable'),
    *('model.decode_head.loss_decode.loss_weight', 'optim_wrapper.optimizer.nesterov'),
    *('optimizer.nesterov', 'train_dataloader.batch_size', 'work_dir'),
)


@pytest.fixture
def file(tmp_path):
    """The V3+ file as published, without its checkout."""
    path = tmp_path / f'{NAMES["V3Plus"]}.yaml'
    path.write_text(YAML + PLUS + INPUT)
    return path


def flat(config, prefix=''):
    found = {}
    for key, value in config.items():
        if isinstance(value, dict):
            found |= flat(value, f'{prefix}{key}.')
        elif key == 'pipeline' or key.endswith('_pipeline'):
            found |= {f'{prefix}{key}.{i}.{k}': str(v).replace('(', '[').replace(')', ']')
                      for i, step in enumerate(value) for k, v in step.items()}  # fmt: skip
        else:
            found[prefix + key] = list(value) if isinstance(value, tuple) else value
    return found


@pytest.mark.parametrize('kind', NAMES)
def test_published_files_are_the_shipped_configs(tmp_path, kind):
    path = tmp_path / 'x.yaml'
    path.write_text(YAML + PLUS * (kind == 'V3Plus') + INPUT)
    config = load_config(path)
    check_config(config)
    ours, wanted = flat(config.to_dict()), flat(load_config(NAMES[kind]).to_dict())
    differ = {key for key in ours.keys() | wanted.keys() if ours.get(key) != wanted.get(key)}
    assert {key for key in differ if not key.endswith(('num_workers', '2.direction', '4.direction'))
            } == set(SAID)  # fmt: skip
    assert config.train_dataloader.batch_size == 16
    assert config.model.backbone.frozen_stages == -1 and not config.model.backbone.norm_eval


def test_a_dump_of_all_settings_is_the_published_file(file):
    dumped = load_config(Path(__file__).with_name('detectron2_dump.yaml'))
    check_config(dumped)
    ours, wanted = flat(dumped.to_dict()), flat(load_config(file).to_dict())
    differ = {key for key in ours.keys() | wanted.keys() if ours.get(key) != wanted.get(key)}
    assert differ == {'device'}


def test_without_crop_whole_images_are_pooled_globally(file):
    config = config_with(file, 'INPUT.CROP.ENABLED', 'False')
    check_config(config)
    assert config.model.decode_head.pool_window is None
    assert config.model.data_preprocessor['size'] is None
    assert [step['type'] for step in config.train_pipeline][3] == 'RandomFlip'


def test_bases_beside_the_file_come_first(file):
    (file.parent / 'Base-DeepLabV3-OS16-Semantic.yaml').write_text('SOLVER: {MAX_ITER: 7}')
    assert with_bases({'_BASE_': 'Base-DeepLabV3-OS16-Semantic.yaml'}, file) == {
        'SOLVER': {'MAX_ITER': 7}
    }
    (file.parent / 'round.yaml').write_text('_BASE_: round.yaml')
    with pytest.raises(ConfigError, match='more than 8 bases in a row'):
        with_bases({'_BASE_': 'round.yaml'}, file)
    with pytest.raises(ConfigError, match='its base .*absent.yaml is not there'):
        with_bases({'_BASE_': 'absent.yaml'}, file)


def test_options_above_the_file():
    tree = with_options(
        {'SOLVER': {'MAX_ITER': 3, 'STEPS': [1]}},
        ['SOLVER.MAX_ITER', '9', 'INPUT.CROP.SIZE', '(32, 64)', 'MODEL.WEIGHTS', 'a.pkl'],
    )
    assert tree == {
        'SOLVER': {'MAX_ITER': 9, 'STEPS': [1]},
        'INPUT': {'CROP': {'SIZE': [32, 64]}},
        'MODEL': {'WEIGHTS': 'a.pkl'},
    }
    with pytest.raises(ConfigError, match="'SEED' has no value"):
        with_options({}, ['SEED'])


def config_with(file, *words):
    return command._config(SimpleNamespace(config_file=str(file), opts=list(words)))


def test_settings_reach_the_config(file, monkeypatch, tmp_path):
    monkeypatch.setenv('WORLD_SIZE', '4')
    (tmp_path / 'datasets' / 'cityscapes').mkdir(parents=True)
    monkeypatch.setenv('DETECTRON2_DATASETS', str(tmp_path / 'datasets'))
    config = config_with(
        file, 'SOLVER.IMS_PER_BATCH', '8', 'MODEL.WEIGHTS', 'model_final_a8a355.pkl',
        'INPUT.CROP.SINGLE_CATEGORY_MAX_AREA', '0.75', 'INPUT.CROP.SIZE', '(256, 512)',
        'MODEL.SEM_SEG_HEAD.USE_DEPTHWISE_SEPARABLE_CONV', 'True', 'SEED', '5',
        'MODEL.SEM_SEG_HEAD.LOSS_TYPE', 'cross_entropy', 'MODEL.BACKBONE.NAME',
        'build_resnet_backbone', 'MODEL.RESNETS.STEM_OUT_CHANNELS', '64',
        'SOLVER.CLIP_GRADIENTS.ENABLED', 'True', 'MODEL.BACKBONE.FREEZE_AT', '2',
    )  # fmt: skip
    check_config(config)
    model = config.model
    assert config.train_dataloader.batch_size == 2
    assert (config.load_from, model.pretrained) == ('model_final_a8a355.pkl', None)
    assert config.train_pipeline[3].cat_max_ratio == 0.75
    assert tuple(config.crop_size) == tuple(model.data_preprocessor.size) == (256, 512)
    assert tuple(model.decode_head.pool_window) == (16, 32) and model.decode_head.separable
    assert model.decode_head.loss_decode == {
        'type': 'CrossEntropyLoss', 'avg_non_ignore': True, 'loss_weight': 1.0,
    }  # fmt: skip
    assert (model.backbone.type, model.backbone.frozen_stages) == ('ResNet', 1)
    assert (model.backbone.dilations[3], model.backbone.multi_grid) == (2, None)
    assert config.optim_wrapper.clip_grad == {'type': 'value', 'clip_value': 1.0}
    assert config.randomness.seed == 5
    assert config.train_dataloader.dataset.data_root == str(tmp_path / 'datasets' / 'cityscapes')


@pytest.mark.parametrize(
    ('words', 'why'),
    [
        (('SOLVER.BASE_LRR', '1'), 'unknown setting SOLVER.BASE_LRR; did you mean SOLVER.BASE_LR'),
        (
            ('DATASETS.TRAIN', '("coco",)'),
            'DATASETS.TRAIN must be .*cityscapes.*docs/own_dataset.md',
        ),
        (('MODEL.SEM_SEG_HEAD.NAME', 'FPNHead'), 'must be one of DeepLabV3Head, DeepLabV3PlusHead'),
        (('SOLVER.LR_SCHEDULER_NAME', 'WarmupMultiStepLR'), 'must be .WarmupPolyLR. here'),
        (('MODEL.RESNETS.NUM_GROUPS', '32'), 'no other ResNet'),
    ],
)
def test_what_cannot_be_had_is_told(file, words, why):
    with pytest.raises(ConfigError, match=why):
        config_with(file, *words)


def test_batches_are_shared_out_evenly(file, monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '3')
    with pytest.raises(ConfigError, match='a multiple of the 3 processes, got 16'):
        config_with(file)


def test_recognised_by_its_sections():
    assert recognises({'_BASE_': 'x.yaml'}) and recognises({'MODEL': {'SEM_SEG_HEAD': {}}})
    assert not recognises({'MODEL': {'NAME': 'x'}, 'EXP': {}}) and not recognises({'model': {}})


def test_several_processes_are_started_by_torchrun():
    arguments = SimpleNamespace(
        config_file='a.yaml', num_gpus=8, num_machines=2, machine_rank=1, resume=True,
        eval_only=False, dist_url='tcp://10.0.0.1:4000', opts=['SEED', '1'],
    )  # fmt: skip
    words = ' '.join(command._place(arguments))
    assert words == '--nnodes 2 --master_addr 10.0.0.1 --node_rank 1 --master_port 4000'
    assert ' '.join(command._words(arguments)) == (
        'detectron2 --config-file a.yaml --num-gpus 8 --num-machines 2 --resume SEED 1'
    )
    arguments.dist_url = 'auto'
    with pytest.raises(ConfigError, match='--dist-url must be tcp://HOST:PORT'):
        command._place(arguments)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--eval-only', 'MODEL.WEIGHTS', ''], '--eval-only needs weights of a whole model; add'),
        (['--eval-only'], 'needs weights of a whole model, got those of a backbone (detectron2:'),
        (['--num-gpus', '2', '--eval-only', 'MODEL.DEVICE', 'cpu'], '--eval-only needs weights'),
        (
            ['--num-gpus', '2', '--eval-only', 'MODEL.DEVICE', 'cpu', 'MODEL.WEIGHTS', 'no.pth'],
            'no.pth: no such checkpoint',
        ),
        (['--num-gpus', '3', 'SOLVER.IMS_PER_BATCH', '2'], 'must be a multiple of the 3 processes'),
        (['--num-gpus', '8'], '--num-gpus 8, but this machine has 0 GPUs; choose fewer'),
        (
            ['--num-gpus', '9999', 'MODEL.DEVICE', 'cpu', 'SOLVER.IMS_PER_BATCH', '9999'],
            'CPU cores',
        ),
        (['--num-gpus', '-1'], '--num-gpus must be 0 or more'),
        (['SOLVR.BASE_LR', '0.1'], 'unknown setting SOLVR.BASE_LR; did you mean SOLVER.BASE_LR'),
    ],
)
def test_command_line_mistakes_are_told_before_anything_starts(
    file, capsys, monkeypatch, words, message
):
    monkeypatch.setattr(command, 'run_processes', None)  # nothing is started
    monkeypatch.setattr('torch.cuda.device_count', lambda: 0)
    monkeypatch.delenv('RANK', raising=False)
    assert main(['detectron2', '--config-file', str(file), *words]) == 1
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1


def test_command_line_mistakes(file, capsys):
    assert main(['detectron2', '--config-file', 'absent.yaml']) == 1
    assert 'absent.yaml does not exist' in capsys.readouterr().err
