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


@DATASETS.register_module()
class COCOStuff182Dataset(BaseSegDataset):
    """COCO-Stuff under its published ids, as deeplab-pytorch's weights have them.

    Features: as :class:`COCOStuffDataset`.

    Format: 164k: ``images/{train2017,val2017}/*.jpg`` and 8-bit PNGs of the same names in
    ``annotations/{train2017,val2017}``. 10k: ``images/*.jpg``, ``annotations/*.mat`` and the
    lists ``imageLists/{train,test}.txt``; set ``seg_map_suffix='.mat'`` and
    ``reduce_zero_label=True``.

    Classes: 164k: ids 0 to 181 as stored, 255 ignored. 10k: stored 0 is ignored, 1 to 182 become
    ids 0 to 181. Eleven of the 182 are in no label.

    Paper and licence: as :class:`COCOStuffDataset`.
    """

    METAINFO = TableMetainfo('coco_stuff182')
    SEG_MAP_SUFFIX = '.png'


@DATASETS.register_module()
class COCO91Dataset(BaseSegDataset):
    """COCO's objects under their own ids, which DeepLab v1's start weights tell apart.

    Format: JPEG; labels are 8-bit PNGs of the same names, drawn from the published outlines.

    Classes: 0 is the background, 1 (person) to 90 (toothbrush) are COCO's ids, ten of which have
    no object; 255 ignored.

    Paper: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, arXiv 1405.0312.

    Licence: CC BY 4.0 for the annotations, that of Flickr for the images.
    """

    METAINFO = TableMetainfo('coco91')
    SEG_MAP_SUFFIX = '.png'
