"""Pascal Context: VOC 2010 with every pixel labelled."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class PascalContextDataset(BaseSegDataset):
    """Pascal Context with 60 classes, background included.

    Features: 10103 images of VOC 2010: 4998 to train, 5105 to validate.

    Format: JPEG in ``JPEGImages``; labels are 8-bit PNGs of the same names in
    ``SegmentationClassContext``; ``ann_file`` names the list of the split.

    Classes: ids 0 (background) to 59 (wood) as stored.

    Paper: Mottaghi et al., "The Role of Context for Object Detection and Semantic Segmentation
    in the Wild", CVPR 2014.

    Licence: that of Flickr for the images.
    """

    METAINFO = TableMetainfo('pascal_context')


@DATASETS.register_module()
class PascalContextDataset59(BaseSegDataset):
    """Pascal Context with 59 classes, from the same files as :class:`PascalContextDataset`.

    Features: as there.

    Format: as there.

    Classes: stored label 0, background, is ignored (``reduce_zero_label=True``); 1 (aeroplane)
    to 59 (wood) become ids 0 to 58.

    Paper: as there.

    Licence: as there.
    """

    METAINFO = TableMetainfo('pascal_context', first=1)
    REDUCE_ZERO_LABEL = True
