"""What MMSegmentation raises for wrong arguments can be caught as that here as well."""

from __future__ import annotations

import pickle

import pytest
import torch

from mmseg_deeplab.apis import inference_model, init_model, show_result_pyplot
from mmseg_deeplab.datasets import LoveDADataset
from mmseg_deeplab.datasets.transforms import (
    LoadImageFromFile,
    RandomCrop,
    RandomFlip,
    RandomRotate,
    Resize,
)
from mmseg_deeplab.models import (
    ASPPHead,
    CrossEntropyLoss,
    FCNHead,
    FocalLoss,
    LovaszLoss,
    ResNet,
    SegDataPreProcessor,
)
from mmseg_deeplab.models.losses import accuracy
from mmseg_deeplab.registry import MODELS
from mmseg_deeplab.structures import OHEMPixelSampler, SegDataSample
from mmseg_deeplab.utils import errors, get_classes, stack_batch

HEAD = dict(in_channels=32, channels=16, num_classes=4)
R18 = 'deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512'
# raised by MMSegmentation 1.2.2, found by calling it
RAISED = {
    FileNotFoundError: [
        lambda: init_model('missing.py', device='cpu'),
        lambda: init_model(R18, 'missing.pth', device='cpu'),
        lambda: LoadImageFromFile()({'img_path': 'missing.png'}),
        lambda: LoveDADataset(data_root='missing', data_prefix={'img_path': 'a'}),
    ],
    TypeError: [
        lambda: init_model(123, device='cpu'),
        lambda: get_classes(3),
        lambda: MODELS.build({'type': 'CrossEntropyLoss', 'nope': 1}),
        lambda: MODELS.build(3),
        lambda: ResNet(18, pretrained=0),
        lambda: LoveDADataset(metainfo=5, lazy_init=True),
    ],
    KeyError: [
        lambda: MODELS.build({'type': 'Nope'}),
        lambda: MODELS.build({'depth': 18}),
        lambda: ResNet(20),
    ],
    ValueError: [
        lambda: get_classes('nope'),
        lambda: LoveDADataset(metainfo={'classes': ('nope',)}, lazy_init=True),
    ],
    AttributeError: [
        lambda: show_result_pyplot(None, 'missing.png', None, show=False),
    ],
    AssertionError: [
        lambda: ASPPHead(**HEAD, dilations=3),
        lambda: LovaszLoss(reduction='mean'),
        lambda: FocalLoss(alpha='x'),
        lambda: FocalLoss(gamma='x'),
        lambda: accuracy(torch.ones(2, 3, 4), torch.ones(2, 4), topk='x'),
        lambda: accuracy(torch.ones(2, 3, 4), torch.ones(1, 4)),
        lambda: accuracy(torch.ones(2, 3, 4), torch.ones(2, 4), topk=4),
        lambda: LovaszLoss(classes=3, reduction='none'),
        lambda: stack_batch(torch.ones(2, 3, 4, 4), size=(4, 4)),
        lambda: stack_batch([], size=(4, 4)),
        lambda: stack_batch([torch.ones(4, 4)], size=(4, 4)),
        lambda: RandomCrop(crop_size=(-1, 0)),
        lambda: RandomRotate(prob=-0.5, degree=10),
        lambda: RandomFlip(prob=1.5),
        lambda: Resize(),
        lambda: ResNet(50, num_stages=0),
        lambda: FCNHead(**HEAD, input_transform='nope'),
        lambda: FCNHead(**HEAD, num_convs=-1),
        lambda: CrossEntropyLoss(use_sigmoid=True, use_mask=True),
        lambda: SegDataPreProcessor(bgr_to_rgb=True, rgb_to_bgr=True),
        lambda: SegDataPreProcessor(mean=[1, 2, 3]),
        lambda: OHEMPixelSampler(None, min_kept=1),
        lambda: setattr(SegDataSample(), 'gt_sem_seg', 3),
        lambda: stack_batch([torch.ones(3, 4, 4)], size=(4, 4), size_divisor=2),
    ],
}


@pytest.mark.parametrize('kind', RAISED)
def test_the_same_errors_can_be_caught(kind):
    for call in RAISED[kind]:
        with pytest.raises(kind):
            call()


def test_wrong_arguments_of_a_model():
    model = init_model(R18, device='cpu')
    with pytest.raises(FileNotFoundError, match=r'missing\.png'):
        inference_model(model, 'missing.png')
    with pytest.raises(FileNotFoundError, match=r'missing\.png'):
        show_result_pyplot(model, 'missing.png', SegDataSample(), show=False)
    with pytest.raises(AttributeError, match='must be the SegDataSample .*, got list'):
        show_result_pyplot(model, 'missing.png', [SegDataSample()], show=False)
    with pytest.raises(TypeError, match='img must be a path or an array, got list'):
        show_result_pyplot(model, [], SegDataSample(), show=False)
    for wrong in (5, None, [5]):
        with pytest.raises(errors.ConfigTypeError, match='must be a path or an array .*, got '):
            inference_model(model, wrong)


def test_metainfo_that_is_no_mapping():
    with pytest.raises(errors.ConfigTypeError, match='metainfo must be a dict, .*, got int'):
        LoveDADataset(metainfo=5, lazy_init=True)


def test_every_error_survives_the_way_out_of_a_loader_worker():
    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]
    assert len(kinds) > 8
    for kind in kinds:
        assert str(pickle.loads(pickle.dumps(kind('a message')))) == 'a message'
        assert str(kind('a message')) == 'a message' and issubclass(kind, errors.SegError)
