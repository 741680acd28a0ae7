"""Data sets, their transforms, and the one way of reading an image or a label.

Importing this package registers every data set and transform.
"""

from mmseg_deeplab.datasets import transforms
from mmseg_deeplab.datasets.ade import ADE20KDataset, ADE20KFolders
from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.cityscapes import CityscapesDataset
from mmseg_deeplab.datasets.coco_stuff import COCO91Dataset, COCOStuff182Dataset, COCOStuffDataset
from mmseg_deeplab.datasets.color_table import ColorTable
from mmseg_deeplab.datasets.dataset_wrappers import ConcatDataset, RepeatDataset
from mmseg_deeplab.datasets.isaid import iSAIDDataset
from mmseg_deeplab.datasets.isprs import ISPRSDataset
from mmseg_deeplab.datasets.loveda import LoveDADataset
from mmseg_deeplab.datasets.mapillary import MapillaryDataset_v1, MapillaryDataset_v2
from mmseg_deeplab.datasets.mix_dataset import MultiImageMixDataset
from mmseg_deeplab.datasets.pascal_context import PascalContextDataset, PascalContextDataset59
from mmseg_deeplab.datasets.potsdam import PotsdamDataset
from mmseg_deeplab.datasets.reading import read, read_image, read_label
from mmseg_deeplab.datasets.retina import (
    ChaseDB1Dataset,
    DRIVEDataset,
    HRFDataset,
    STAREDataset,
)
from mmseg_deeplab.datasets.transforms import *  # noqa: F403  MMSegmentation has them here too
from mmseg_deeplab.datasets.voc import PascalVOCDataset

__all__ = [
    'ADE20KDataset',
    'ADE20KFolders',
    'BaseSegDataset',
    'COCO91Dataset',
    'COCOStuff182Dataset',
    'COCOStuffDataset',
    'ChaseDB1Dataset',
    'CityscapesDataset',
    'ColorTable',
    'ConcatDataset',
    'DRIVEDataset',
    'HRFDataset',
    'ISPRSDataset',
    'LoveDADataset',
    'MapillaryDataset_v1',
    'MapillaryDataset_v2',
    'MultiImageMixDataset',
    'PascalContextDataset',
    'PascalContextDataset59',
    'PascalVOCDataset',
    'PotsdamDataset',
    'RepeatDataset',
    'STAREDataset',
    'iSAIDDataset',
    'read',
    'read_image',
    'read_label',
    'transforms',
    *transforms.__all__,
]
