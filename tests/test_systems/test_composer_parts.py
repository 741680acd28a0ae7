"""Composer's parts on their own: the model's arguments, MixUp, data, weights, settings files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from mmseg_deeplab.config.foreign_yaml import composer as settings
from mmseg_deeplab.datasets import ADE20KFolders
from mmseg_deeplab.engine.build import scheduler_in_steps
from mmseg_deeplab.evaluation import InputSizeIoUMetric
from mmseg_deeplab.hub.foreign import composer as weights
from mmseg_deeplab.models import BatchDiceLoss, CrossEntropyLoss, MixUp, composer_deeplabv3
from mmseg_deeplab.models.composer import ComposerDeepLab, arguments, initialize, network
from mmseg_deeplab.structures import SegDataSample
from mmseg_deeplab.utils.durations import Duration
from mmseg_deeplab.utils.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DatasetNotFoundError,
)

V2 = 'https://download.pytorch.org/models/resnet101-cd907fc2.pth'
SEED_MODEL = dict(
    initializers=['kaiming_normal', 'bn_ones'], num_classes=150, backbone_arch='resnet101',
    is_backbone_pretrained=True, use_plus=True, sync_bn=True,
)  # fmt: skip
TYPICAL = dict(
    model=dict(deeplabv3=SEED_MODEL),
    optimizer=dict(sgd=dict(lr=0.01, momentum=0.9, weight_decay=5e-4, dampening=0, nesterov=False)),
    schedulers=[dict(polynomial=dict(alpha_f=0.01, power=0.9))],
    max_duration='127ep',
    train_batch_size=16,
    precision='amp',
)


@pytest.fixture
def asked_for(monkeypatch):
    """The weights that a model asks for, which are not fetched; no memory is taken."""
    found = []
    monkeypatch.setattr(network, 'load_pretrained', lambda _, source: found.append(source))
    with torch.device('meta'):
        yield found


@pytest.mark.parametrize(
    ('arguments', 'source'),
    [
        (dict(is_backbone_pretrained=True, backbone_url=V2, sync_bn=False), V2),  # the seed's
        (dict(is_backbone_pretrained=True), network.WEIGHTS['resnet50', 'IMAGENET1K_V1']),
        (dict(is_backbone_pretrained=False), None),
        (dict(backbone_weights=True), network.WEIGHTS['resnet50', 'IMAGENET1K_V1']),
        (dict(backbone_weights='IMAGENET1K_V2'), network.WEIGHTS['resnet50', 'IMAGENET1K_V2']),
        ({}, None),
        (dict(is_backbone_pretrained=False, backbone_url=''), None),
    ],
)
def test_both_ages_of_the_signature(asked_for, arguments, source):
    composer_deeplabv3(150, 'resnet50', **arguments)
    assert asked_for == ([] if source is None else [source])


def test_by_place_in_the_older_order(asked_for):
    model = composer_deeplabv3(7, 'resnet50', False, '', False)
    assert asked_for == [] and model.module.classifier.conv_seg.out_channels == 7
    names = ['kaiming_normal']
    model = composer_deeplabv3(7, 'resnet50', True, V2, False, False, 255, 0.5, 1.5, names)
    assert asked_for == [V2] and type(model.module.classifier).__name__ == 'ASPPHead'
    assert (model.ignore_index, model.cross_entropy_weight, model.dice_weight) == (255, 0.5, 1.5)
    composer_deeplabv3(7, 'resnet50', True, V2, use_plus=False)
    with pytest.raises(ConfigError, match='backbone_url given by place and by name'):
        composer_deeplabv3(7, 'resnet50', True, V2, backbone_url=V2)
    with pytest.raises(TypeError, match='positional arguments'):
        composer_deeplabv3(7, 'resnet50', None, True, True, 255, 0.5, 1.5, names, 1)


def test_other_start_than_before_is_told(asked_for, monkeypatch):
    told = []
    monkeypatch.setattr(arguments, 'warn_once', told.append)
    composer_deeplabv3(7, 'resnet50', backbone_weights=None)
    assert told == []
    composer_deeplabv3(7, 'resnet50')
    assert len(told) == 1 and 'no weights were asked for' in told[0]


def test_labels_of_every_form():
    model = ComposerDeepLab(torch.nn.Identity(), 3, dice_weight=1.0)
    logits, ids = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    wanted = model.loss(logits, (None, ids))['total']
    one_hot = torch.nn.functional.one_hot(ids, 3)
    for labels in (ids.to(torch.uint8), ids.int(), one_hot.permute(0, 3, 1, 2)):
        torch.testing.assert_close(model.loss(logits, (None, labels))['total'], wanted)
        model.update_metric((None, labels), logits, model.get_metrics()['MIoU'])
    with pytest.raises(DataError, match=r'got shape \(2, 4, 5, 3\); .* permute\(0, 3, 1, 2\)'):
        model.loss(logits, (None, one_hot))
    with pytest.raises(DataError, match='labels must be 0 to 2 or -1 .ignored., got 255'):
        model.loss(logits, (None, ids.clone().fill_(255)))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(initializers='kaiming_norml'), "'kaiming_norml' is unknown; did you mean"),
        (dict(backbone_arch='resnet18'), 'resnet50, resnet101'),
        (dict(backbone_weights='IMAGENET1K_V3'), 'did you mean IMAGENET1K_V'),
        (dict(backbone_weights='IMAGENET1K_V1', backbone_url=V2), 'not both'),
        (dict(initializers=['kaiming_norml']), 'did you mean kaiming_normal'),
        (dict(cross_entropy_weight=0.0), 'not both 0'),
        (dict(dice_weight=-1.0), '0 or more'),
    ],
)
def test_wrong_arguments_are_named(asked_for, arguments, message):
    with pytest.raises(ConfigError, match=message):
        composer_deeplabv3(5, **{'backbone_arch': 'resnet50', **arguments})


def test_mixup_keeps_the_larger_share():
    images = torch.randn(4, 3, 5, 6)
    labels = torch.randint(0, 3, (4, 1, 5, 6))
    labels[0, 0, 0] = 255
    samples = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
    mixup = MixUp(num_classes=3, alpha=0.5)
    mixed, found = mixup(images, samples)
    np.random.seed(0)
    share = np.random.beta(0.5, 0.5)
    share = min(share, 1 - share)
    torch.manual_seed(0)
    torch.randn(4, 3, 5, 6), torch.randint(0, 3, (4, 1, 5, 6))
    order = torch.randperm(4)
    torch.testing.assert_close(mixed, (1 - share) * images + share * images[order])
    target = torch.stack([sample.gt_sem_seg.data for sample in found])
    onehot = (labels == torch.arange(3).view(1, 3, 1, 1)).float()
    torch.testing.assert_close(target, (1 - share) * onehot + share * onehot[order])
    assert samples[0].gt_sem_seg.data.dtype == torch.int64


def test_losses_of_ignored_pixels_alone_are_zero():
    logits, label = torch.randn(1, 3, 4, 4), torch.full((1, 4, 4), 255)
    assert BatchDiceLoss()(logits, label) == CrossEntropyLoss(avg_non_ignore=True)(logits, label)


@pytest.mark.parametrize('challenge', [True, False])
def test_both_layouts_are_found_by_either_name(tmp_path, challenge):
    folders = ('training', 'validation') if challenge else ('train', 'val')
    names = ['ADE_train_00000001', 'ADE_train_00000002', 'ADE_train_00001701', 'thumbnail']
    for folder, stems in zip(folders, (names, ['ADE_val_00000001']), strict=True):
        for kind, suffix in (('images', '.jpg'), ('annotations', '.png')):
            (tmp_path / kind / folder).mkdir(parents=True)
            for stem in stems:
                (tmp_path / kind / folder / f'{stem}{suffix}').touch()
    (tmp_path / 'annotations' / folders[0] / 'thumbnail.png').unlink()
    # asked for by the name that the other layout has
    found = ADE20KFolders(str(tmp_path), 'train' if challenge else 'training')
    stems = sorted(Path(found.get_data_info(n)['img_path']).stem for n in range(len(found)))
    assert stems == names[:2]  # neither grey nor a stray file
    assert len(ADE20KFolders(str(tmp_path), 'val' if challenge else 'validation')) == 1
    assert len(ADE20KFolders(str(tmp_path), 'train', skip_grey=False)) == 3
    with pytest.raises(DatasetNotFoundError, match='images/test or images/testing'):
        ADE20KFolders(str(tmp_path), 'test')
    with pytest.raises(ConfigError, match='split must be one of'):
        ADE20KFolders(str(tmp_path), 'valid')


def test_real_samples(data_root):
    images = data_root / 'ade20k_sample' / 'images'
    assert len(list(images.iterdir())) == 3
    with pytest.raises(DatasetNotFoundError, match='images/val or images/validation'):
        ADE20KFolders(str(data_root / 'ade20k_sample'), 'val')


def test_input_size_metric_resizes_the_label():
    metric = InputSizeIoUMetric()
    by_size = InputSizeIoUMetric(prefix=None)
    by_size.dataset_meta = {'classes': ('a', 'b')}
    metric.dataset_meta = {'classes': ('a', 'b')}
    label = torch.tensor([[[0, 0, 1, 1], [0, 0, 1, 255], [1, 1, 1, 1], [0, 0, 1, 1]]])
    predicted = torch.tensor([[[0, 1], [0, 0]]])  # against [[0, 255], [0, 1]]
    sample = {'gt_sem_seg': {'data': label}, 'pred_at_input': {'data': predicted}}
    metric.process(None, [sample])
    assert metric.evaluate(1) == {
        'input_size/aAcc': 66.67, 'input_size/mIoU': 33.33, 'input_size/mAcc': 50.0
    }  # fmt: skip
    by_size.process(None, [sample])
    assert set(by_size.evaluate(1)) == {'2x2/aAcc', '2x2/mIoU', '2x2/mAcc'}
    with pytest.raises(ConfigError, match='also_at_input_size'):
        metric.process(None, [{'gt_sem_seg': {'data': label}}])


def test_weights_go_both_ways():
    with torch.device('meta'):
        theirs = composer_deeplabv3(21).state_dict()
    ours = weights.to_ours(theirs)
    assert len(ours) == 710 and weights.recognises(theirs) and not weights.recognises(ours)
    back = weights.from_ours(ours)
    assert list(back) == list(theirs) and all(back[key] is theirs[key] for key in theirs)
    bare = {key.removeprefix('module.'): value for key, value in theirs.items()}
    assert list(weights.to_ours(bare)) == list(ours)
    found = weights.target(theirs)
    assert found.config.startswith('deeplabv3plus') and found.options == {
        'model.decode_head.num_classes': 21
    }
    with pytest.raises(CheckpointError, match=r'1 names are unknown .* classifier.fc'):
        weights.to_ours({**theirs, 'module.classifier.fc.weight': torch.ones(1)})
    with pytest.raises(CheckpointError, match='auxiliary_head.conv_seg.weight'):
        weights.from_ours({**ours, 'auxiliary_head.conv_seg.weight': torch.ones(1)})


def test_a_written_file_is_read(tmp_path):
    state = {'module.classifier.conv_seg.weight': torch.randn(2, 3, 1, 1)}
    weights.write(tmp_path / 'a.pt', state)
    found = weights.read(tmp_path / 'a.pt').state
    assert torch.equal(found['module.classifier.conv_seg.weight'], *state.values())
    torch.save({'state': 3}, tmp_path / 'b.pt')
    with pytest.raises(CheckpointError, match='b.pt: must hold a state dict'):
        weights.read(tmp_path / 'b.pt')


def test_settings_of_the_seed():
    assert settings.recognises(TYPICAL) and not settings.recognises({'model': {'type': 'x'}})
    found = settings.translate(TYPICAL, Path('a.yaml'))
    assert found['optim_wrapper']['optimizer']['weight_decay'] == 5e-4
    assert found['train_cfg']['max_epochs'] == 127
    assert found['param_scheduler'] == [
        dict(type='PolynomialDecayLR', by_epoch=False, alpha_f=0.01, power=0.9, t_max='1dur')
    ]
    assert found['model']['decode_head']['init_cfg']['names'] == ['kaiming_normal', 'bn_ones']


def test_algorithms_of_settings():
    recipe = dict(TYPICAL, algorithms=dict(
        channels_last=dict(), ema=dict(half_life='2ep'), sam=dict(rho=0.3), mixup=dict(alpha=0.2)
    ))  # fmt: skip
    found = settings.translate(recipe, Path('a.yaml'))
    kinds = [hook['type'] for hook in found['custom_hooks']]
    assert kinds == ['TimeToTrainHook', 'ChannelsLastHook', 'HalfLifeEMAHook']
    assert found['optim_wrapper']['type'] == 'SAMOptimWrapper' and found['optim_wrapper']['amp']
    assert found['model']['data_preprocessor']['batch_augments']['num_classes'] == 150


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(max_durations='1ep'), 'unknown setting max_durations; did you mean max_duration'),
        (dict(optimizer=dict(adam=dict(lr=1))), 'optimizer must be one of sgd, decoupled_sgdw'),
        (dict(schedulers=[dict(step=dict(gamma=1))]), 'schedulers must be polynomial'),
        (dict(algorithms=['cutmix']), 'algorithms must be channels_last, ema, sam or mixup'),
        (dict(max_duration='1.5ep'), 'whole number of ep'),
    ],
)
def test_settings_that_cannot_be_had(change, message):
    with pytest.raises(ConfigError, match=message):
        settings.translate({**TYPICAL, **change}, Path('a.yaml'))


def test_durations():
    assert Duration.parse('2ep').iterations(5, 40) == 10
    assert Duration.parse('0.5dur').iterations(5, 40) == 20
    assert Duration.parse(7).iterations(5, 40) == 7
    with pytest.raises(ConfigError, match="got '3 weeks'"):
        Duration.parse('3 weeks')
    found = scheduler_in_steps([dict(type='A', t_max='2ep', by_epoch=False)], 5, 40)
    assert found == [dict(type='A', t_max=10, by_epoch=False)]


def test_initialisers_reach_everything():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 64, 3), torch.nn.SyncBatchNorm(64))
    initialize(module, ['xavier_uniform', 'bn_uniform'])
    assert module[0].weight.abs().max() <= (6 / (9 * 67)) ** 0.5
    assert 0 <= module[1].weight.min() < module[1].weight.max() < 1
