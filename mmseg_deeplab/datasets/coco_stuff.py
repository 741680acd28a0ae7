"""COCO-Stuff: the images of COCO with objects and surroundings labelled."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class COCOStuffDataset(BaseSegDataset):
    """COCO-Stuff, 80 kinds of things and 91 of stuff.

    Features: the 164k version has 118287 images to train and 5000 to validate, the 10k version
    9000 and 1000.

    Format: JPEG; labels are 8-bit PNGs ``*_labelTrainIds.png``, made from the published ones by
    a converter.

    Classes: 164k: ids 0 to 170 as stored, 255 ignored. 10k: set ``reduce_zero_label=True``:
    stored 0 is ignored, 1 to 171 become ids 0 to 170.

    Paper: Caesar et al., "COCO-Stuff: Thing and Stuff Classes in Context", CVPR 2018, arXiv
    1612.03716.

    Licence: CC BY 4.0 for the annotations, that of Flickr for the images.
    """

    METAINFO = TableMetainfo('coco_stuff')
    SEG_MAP_SUFFIX = '_labelTrainIds.png'
