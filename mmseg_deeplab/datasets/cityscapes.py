"""Cityscapes: street scenes from a car in fifty cities."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class CityscapesDataset(BaseSegDataset):
    """Cityscapes street scenes, fine annotations.

    Features: 5000 images: 2975 to train, 500 to validate, 1525 to test; the test labels are held
    back by a server.

    Format: PNG, 2048x1024, RGB, ``leftImg8bit/{train,val,test}/CITY/*_leftImg8bit.png``; labels
    are 8-bit PNGs ``gtFine/{train,val}/CITY/*_gtFine_labelTrainIds.png``, made from the
    published ones by a converter.

    Classes: ids 0 (road) to 18 (bicycle) as stored; 255 is everything else and ignored.

    Paper: Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR
    2016, arXiv 1604.01685.

    Licence: non-commercial use, after registration.
    """

    METAINFO = TableMetainfo('cityscapes')
    IMG_SUFFIX = '_leftImg8bit.png'
    SEG_MAP_SUFFIX = '_gtFine_labelTrainIds.png'
    SEG_MAP_HINT = '`mmseg-deeplab convert cityscapes DIR` makes these labels'
