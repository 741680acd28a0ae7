"""What is compared: models of the zoo's own configs, and the parts of each."""

from __future__ import annotations

from typing import NamedTuple

ALL = ('logits', 'predict', 'slide', 'tta', 'losses', 'gradients', 'ten steps')
FORWARD = ('logits', 'losses')
TRAIN = ('logits', 'losses', 'gradients')
ODD = (61, 83)
ALIGNED = (65, 97)  # 8n + 1, the sizes that align_corners is made for
SMALL = (32, 48)  # a UNet takes multiples of 16 only


class ModelCase(NamedTuple):
    """One model.

    Attributes:
        config: Path of MMSegmentation's config, below its ``configs``, without ``.py``.
        size: Height and width of the input, pixels.
        parts: What is compared.
        sampler: Replaces the decode head's pixel sampler.
        note: Shown beside the config's name.
    """

    config: str
    size: tuple[int, int]
    parts: tuple[str, ...]
    sampler: dict | None = None
    note: str = ''

    @property
    def name(self) -> str:
        """Name in the table."""
        return self.config.split('/')[1] + (f' ({self.note})' if self.note else '')


# so few pixels are kept that the sampler has a choice at these sizes
HARD = {'type': 'OHEMPixelSampler', 'min_kept': 1000}
HARD_BY_THRESHOLD = HARD | {'thresh': 0.3}

MODELS = [
    ModelCase('deeplabv3plus/deeplabv3plus_r18-d8_4xb4-80k_loveda-512x512', ODD, ALL),
    ModelCase('deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-769x769', ALIGNED, ALL[:-1]),
    ModelCase('deeplabv3plus/deeplabv3plus_r18b-d8_4xb2-80k_cityscapes-512x1024', ODD, TRAIN),
    ModelCase('deeplabv3plus/deeplabv3plus_r50-d8_4xb4-80k_potsdam-512x512', ODD, TRAIN),
    ModelCase('deeplabv3plus/deeplabv3plus_r50b-d8_4xb2-80k_cityscapes-769x769', ALIGNED, FORWARD),
    ModelCase('deeplabv3plus/deeplabv3plus_r101-d8_4xb4-80k_vaihingen-512x512', ODD, TRAIN),
    ModelCase(
        'deeplabv3plus/deeplabv3plus_r101-d16-mg124_4xb2-80k_cityscapes-512x1024',
        ODD, TRAIN, HARD, 'OHEM',
    ),
    ModelCase('deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-512x1024', ODD, ALL),
    ModelCase('deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-769x769', ALIGNED, TRAIN),
    ModelCase('deeplabv3/deeplabv3_r50-d8_4xb4-80k_ade20k-512x512', ODD, TRAIN),
    ModelCase('deeplabv3/deeplabv3_r101-d8_4xb4-40k_pascal-context-59-480x480', ODD, FORWARD),
    ModelCase(
        'deeplabv3/deeplabv3_r101-d16-mg124_4xb2-80k_cityscapes-512x1024',
        ODD, FORWARD, HARD_BY_THRESHOLD, 'OHEM, thresh',
    ),
    ModelCase(
        'mobilenet_v2/mobilenet-v2-d8_deeplabv3plus_4xb2-80k_cityscapes-512x1024', ODD, ALL
    ),
    ModelCase('mobilenet_v2/mobilenet-v2-d8_deeplabv3_4xb4-160k_ade20k-512x512', ODD, TRAIN),
    ModelCase(
        'resnest/resnest_s101-d8_deeplabv3plus_4xb4-160k_ade20k-512x512', ODD, TRAIN
    ),
    ModelCase(
        'resnest/resnest_s101-d8_deeplabv3_4xb2-80k_cityscapes-512x1024', ODD, FORWARD
    ),
    ModelCase('unet/unet-s5-d16_deeplabv3_4xb4-40k_drive-64x64', SMALL, ALL),
    ModelCase(
        'unet/unet-s5-d16_deeplabv3_4xb4-ce-1.0-dice-3.0-40k_drive-64x64', SMALL, TRAIN
    ),
]  # fmt: skip

CLASSES, IGNORED = 5, 255
LOSSES = [
    ('CrossEntropyLoss', {}),
    ('CrossEntropyLoss', {'avg_non_ignore': True}),
    ('CrossEntropyLoss', {'use_sigmoid': True}),
    ('CrossEntropyLoss', {'use_sigmoid': True, 'avg_non_ignore': True}),
    ('CrossEntropyLoss', {'class_weight': [0.5, 1.0, 2.0, 0.0, 3.0], 'loss_weight': 0.4}),
    ('DiceLoss', {}),
    ('DiceLoss', {'use_sigmoid': False}),
    ('DiceLoss', {'use_sigmoid': False, 'naive_dice': True, 'loss_weight': 3.0}),
    ('FocalLoss', {}),
    ('FocalLoss', {'gamma': 1.5, 'alpha': 0.25, 'class_weight': [0.5, 1.0, 2.0, 0.0, 3.0]}),
    ('LovaszLoss', {'reduction': 'none'}),
    ('LovaszLoss', {'per_image': True}),
    ('LovaszLoss', {'classes': 'all', 'reduction': 'none'}),
]
# MMSegmentation 1.2.2 fails on ignored pixels here, or lets the prediction in them count
WITHOUT_IGNORED = {'DiceLoss', 'FocalLoss'}

RESIZED = {'scale': (2048, 512), 'ratio_range': (0.5, 2.0), 'keep_ratio': True}
TRANSFORMS = [
    ('Resize', {'scale': (150, 60), 'keep_ratio': True}),
    ('Resize', {'scale': (77, 51), 'keep_ratio': False}),
    ('RandomResize', {'scale': (256, 64), 'ratio_range': (0.5, 2.0), 'keep_ratio': True}),
    ('RandomChoiceResize', {'scales': [(64, 48), (100, 90), (130, 33)], 'keep_ratio': False}),
    ('RandomCrop', {'crop_size': (48, 64)}),
    ('RandomCrop', {'crop_size': (48, 64), 'cat_max_ratio': 0.3}),
    ('RandomFlip', {'prob': 0.5}),
    ('RandomFlip', {'prob': [0.3, 0.3, 0.2], 'direction': ['horizontal', 'vertical', 'diagonal']}),
    ('PhotoMetricDistortion', {}),
    ('RandomRotate', {'prob': 0.7, 'degree': 20.0}),
    ('RandomRotate', {'prob': 1.0, 'degree': (5.0, 30.0), 'auto_bound': True}),
    ('Pad', {'size': (120, 140)}),
    ('PackSegInputs', {}),
]
PIPELINES = {
    'LoveDA training': [
        ('LoadAnnotations', {'reduce_zero_label': True}),
        ('RandomResize', RESIZED),
        ('RandomCrop', {'crop_size': (128, 128), 'cat_max_ratio': 0.75}),
        ('RandomFlip', {'prob': 0.5}),
        ('PhotoMetricDistortion', {}),
        ('PackSegInputs', {}),
    ],
    'Cityscapes training': [
        ('LoadAnnotations', {}),
        ('RandomResize', RESIZED | {'scale': (2048, 1024)}),
        ('RandomCrop', {'crop_size': (160, 320), 'cat_max_ratio': 0.75}),
        ('RandomFlip', {'prob': 0.5}),
        ('PhotoMetricDistortion', {}),
        ('PackSegInputs', {}),
    ],
}
