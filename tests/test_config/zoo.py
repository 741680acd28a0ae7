"""What the tests of the shipped configs share: their names taken apart, and each config once."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

import mmseg_deeplab
from mmseg_deeplab.config import load_config
from mmseg_deeplab.config.names import shipped_configs

CONFIGS = shipped_configs()
# folders with the models of other DeepLab systems, under names of their own
SYSTEMS = ('composer', 'deeplab_pytorch', 'detectron2', 'mindcv')
OF_SYSTEMS = {name: file for name, file in CONFIGS.items() if file.parent.name in SYSTEMS}
NAME = re.compile(
    r'(?P<model>.+)_(?P<gpus>\d)xb(?P<batch>\d)-(?P<extra>amp-|ce-1\.0-dice-3\.0-)?'
    r'(?P<iters>\d+)k_(?P<data>.+)-(?P<height>\d+)x(?P<width>\d+)'
)
# The rest are of other systems, or examples: demo, dubai, five-bands.
ZOO = {name: NAME.fullmatch(name).groupdict() for name in CONFIGS if NAME.fullmatch(name)}
DATASETS = {
    'cityscapes': 'CityscapesDataset',
    'ade20k': 'ADE20KDataset',
    'voc12aug': 'PascalVOCDataset',
    'pascal-context': 'PascalContextDataset',
    'pascal-context-59': 'PascalContextDataset59',
    'coco-stuff10k': 'COCOStuffDataset',
    'coco-stuff164k': 'COCOStuffDataset',
    'mapillay_v1_65': 'MapillaryDataset_v1',
    'loveda': 'LoveDADataset',
    'loveda-r2u': 'LoveDADataset',
    'loveda-u2r': 'LoveDADataset',
    'potsdam': 'PotsdamDataset',
    'vaihingen': 'ISPRSDataset',
    'isaid': 'iSAIDDataset',
    'drive': 'DRIVEDataset',
    'stare': 'STAREDataset',
    'chase-db1': 'ChaseDB1Dataset',
    'hrf': 'HRFDataset',
}


@cache
def config_of(name: str) -> Config:
    """A shipped config, read once in a process; a test must not change it."""
    return load_config(CONFIGS[name])


def training_sets(config: Config) -> list[Any]:
    """The data sets that are trained on, out of their wrappers."""
    dataset = config.train_dataloader.dataset
    if 'datasets' in dataset:
        return list(dataset.datasets)
    return [dataset.dataset if 'dataset' in dataset else dataset]


def published() -> list[dict[str, str]]:
    """The rows of the catalogue of the zoo's published models."""
    path = Path(mmseg_deeplab.__file__).parent / 'hub' / 'models.csv'
    with path.open(encoding='utf-8', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['kind'] == 'model']
    return [row for row in rows if row['config'] not in OF_SYSTEMS]
