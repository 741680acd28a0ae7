"""Values of a wrong kind in other systems' YAML files: one line with the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmarks.systems.deeplab_pytorch_end_to_end import YAML
from mmseg_deeplab.config.foreign_yaml import Keys, read_yaml, translate
from mmseg_deeplab.utils.errors import ConfigError

HERE = Path(__file__).parent
FILES = {
    'mindcv': (HERE / 'mindcv_s16.yaml').read_text(),
    'deeplab_pytorch': YAML.format(
        name='voc12',
        root='out',
        dataset='vocaug',
        data='data',
        classes=21,
        train='train',
        val='val',
        crop=33,
        updates=2,
    ),  # fmt: skip
    'detectron2': '_BASE_: Base-DeepLabV3-OS16-Semantic.yaml\n',
    'composer': 'max_duration: 2ep\nmodel: {deeplabv3: {num_classes: 3}}\n'
    'optimizer: {sgd: {lr: 0.1}}\nschedulers: [polynomial: {alpha_f: 0.1}]\n',
}


def read(text, tmp_path):
    """What our reader makes of a text."""
    path = tmp_path / 'x.yaml'
    path.write_text(text)
    return read_yaml(path)


def changed(system, change, tmp_path):
    """A system's file with a dotted key set to what YAML reads from a text."""
    tree = read(FILES[system], tmp_path)
    key, _, value = change.partition('=')
    *above, last = key.split('.')
    place = tree
    for name in above:
        place = place.setdefault(name, {})
    place[last] = yaml.safe_load(value)
    return tree


@pytest.mark.parametrize(
    ('system', 'change', 'message'),
    [
        ('mindcv', 'lr=abc', "lr must be a number above 0, got 'abc'"),
        ('mindcv', 'epoch_size=two', "epoch_size must be a whole number of 1 or more, got 'two'"),
        ('mindcv', 'decay_epochs="40000"', "decay_epochs must be a whole number .* got '40000'"),
        ('mindcv', 'scales=1.0', 'scales must be a list of numbers above 0, got 1.0'),
        ('mindcv', 'max_scale=0.4', 'max_scale must be a number of 0.5 or more, got 0.4'),
        ('mindcv', 'image_std=[1, 0, 1]', 'image_std must be a list of 3 numbers above 0'),
        ('mindcv', 'model=[deeplabv3]', r"model must be one of deeplabv3, .* got \['deeplabv3'\]"),
        ('deeplab_pytorch', 'SOLVER.ITER_MAX=two', "ITER_MAX must be a whole number .* 'two'"),
        ('deeplab_pytorch', 'MODEL.ATROUS_RATES=6', 'ATROUS_RATES must be a list of numbers'),
        ('deeplab_pytorch', 'DATASET.SCALES=0.5', 'SCALES must be a list of numbers .* got 0.5'),
        ('deeplab_pytorch', 'IMAGE.SIZE.TRAIN=', 'SIZE.TRAIN must be .* got nothing'),
        ('deeplab_pytorch', 'DATASET.NAME=[vocaug]', r"NAME must be a text, got \['vocaug'\]"),
        ('deeplab_pytorch', 'SOLVER.LR=fast', "SOLVER.LR must be a number above 0, got 'fast'"),
        ('deeplab_pytorch', 'SOLVER.WEIGHT_DECAY=x', 'WEIGHT_DECAY must be a number of 0 or more'),
        ('deeplab_pytorch', 'SOLVER.LR_DECAY=0', 'LR_DECAY must be a whole number of 1 or more'),
        ('deeplab_pytorch', 'SOLVER.AVERAGE_LOSS=0', 'AVERAGE_LOSS must be .* of 1 or more, got 0'),
        ('deeplab_pytorch', 'CRF.BI_XY_STD=0', 'CRF.BI_XY_STD must be a number above 0, got 0'),
        ('detectron2', 'SOLVER.BASE_LR=x', "SOLVER.BASE_LR must be a number above 0, got 'x'"),
        ('detectron2', 'INPUT.CROP.SIZE=512', 'CROP.SIZE must be a list of 2 numbers .* got 512'),
        ('detectron2', 'INPUT.FORMAT=[RGB]', r"INPUT.FORMAT must be one of RGB, BGR, got \['RGB'"),
        ('detectron2', 'SOLVER.IMS_PER_BATCH=a', 'IMS_PER_BATCH must be a whole number'),
        ('composer', 'model.deeplabv3.num_classes=x', 'num_classes must be a whole number'),
        ('composer', 'model.deeplabv3.dice_weight=-1', 'dice_weight must be a number of 0 or more'),
        ('composer', 'optimizer.sgd.lr=fast', "optimizer.sgd.lr must be a number .* got 'fast'"),
        ('composer', 'optimizer.sgd.beta=1', 'unknown setting optimizer.sgd.beta'),
        ('composer', 'optimizer.sgd=3', 'optimizer must be a list of names with options'),
        ('composer', 'algorithms.sam.rho=x', 'algorithms.sam.rho must be a number above 0'),
        ('composer', 'algorithms.ema.half_life=x', 'algorithms.ema.half_life must be a number of'),
        (
            'composer',
            'schedulers=[cosine_decay: {t_max: x}]',
            'schedulers.cosine_decay.t_max must be',
        ),
        ('composer', 'train_batch_size=1.5', 'train_batch_size must be a whole number'),
    ],
)
def test_values_of_a_wrong_kind(system, change, message, tmp_path):
    with pytest.raises(ConfigError, match=f'x.yaml: .*{message}'):
        translate(changed(system, change, tmp_path), Path('x.yaml'))


def test_each_file_unchanged_is_read(tmp_path):
    for text in FILES.values():
        config, notes = translate(read(text, tmp_path), Path('x.yaml'))
        assert config['_base_'] in notes[0]


def test_typed_reads():
    keys = Keys({'a': 2e4, 'b': [1, 2.5], 'c': 7, 'd': None, 'e': True, 'f': float('inf')}, 'x')
    assert (keys.whole('a'), type(keys.whole('z', 3))) == (20000, int)
    assert keys.numbers('b', count=2) == [1, 2.5]
    assert (keys.text('c'), keys.number('d', None)) == ('7', None)
    for read, key in ((keys.number, 'e'), (keys.whole, 'f')):
        with pytest.raises(ConfigError, match=f'x: {key} must be a'):
            read(key)


def test_numbers_of_a_real_file(tmp_path):
    assert read('a: 1e-4', tmp_path) == {'a': 1e-4}  # a text to PyYAML
