"""ADE20K: scenes of all kinds, indoors and outdoors."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class ADE20KDataset(BaseSegDataset):
    """ADE20K in the form of the scene parsing challenge of 2016.

    Features: 20210 images to train, 2000 to validate, of many sizes.

    Format: JPEG in ``images/{training,validation}``; labels are 8-bit PNGs of the same names in
    ``annotations/{training,validation}``.

    Classes: stored label 0 is everything else and ignored (``reduce_zero_label=True``); 1 (wall)
    to 150 (flag) become ids 0 to 149. One name, ``'bed '``, ends in a space, as published and as
    in the checkpoints.

    Paper: Zhou et al., "Scene Parsing through ADE20K Dataset", CVPR 2017, arXiv 1608.05442.

    Licence: BSD 3-clause for the annotations, non-commercial research for the images.
    """

    METAINFO = TableMetainfo('ade20k')
    REDUCE_ZERO_LABEL = True
