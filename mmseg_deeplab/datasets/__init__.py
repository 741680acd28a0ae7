"""Data sets, their transforms, and the one way of reading an image or a label.

Importing this package registers every data set and transform.
"""

from mmseg_deeplab.datasets import transforms
from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.color_table import ColorTable
from mmseg_deeplab.datasets.dataset_wrappers import ConcatDataset, RepeatDataset
from mmseg_deeplab.datasets.isaid import iSAIDDataset
from mmseg_deeplab.datasets.isprs import ISPRSDataset
from mmseg_deeplab.datasets.loveda import LoveDADataset
from mmseg_deeplab.datasets.potsdam import PotsdamDataset
from mmseg_deeplab.datasets.reading import read, read_image, read_label

__all__ = [
    'BaseSegDataset',
    'ColorTable',
    'ConcatDataset',
    'ISPRSDataset',
    'LoveDADataset',
    'PotsdamDataset',
    'RepeatDataset',
    'iSAIDDataset',
    'read',
    'read_image',
    'read_label',
    'transforms',
]
