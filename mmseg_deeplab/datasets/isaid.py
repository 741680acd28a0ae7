"""iSAID: objects in the satellite and aerial images of DOTA."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.crops import add_own_parts
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class iSAIDDataset(BaseSegDataset):
    """iSAID, 15 kinds of objects and background.

    Features: 2806 images of DOTA-v1.0 from 800 to 13000 pixels wide, cut into 896x896 crops
    that overlap by 384: 33978 to train, 11644 to validate.

    Format: RGB images named ``.png`` in ``img_dir/{train,val,test}`` (some converters write BMP
    under that name, which is read as well); labels are 8-bit PNGs that end in
    ``_instance_color_RGB.png`` in ``ann_dir/{train,val}``.

    Classes: ids 0 (background) to 15 as stored, spelt as published; 255 is padding. Labels that
    hold only 0 and 1 were spoilt by a converter on Pillow 10 or later.

    Paper: Waqas Zamir et al., "iSAID: A Large-scale Dataset for Instance Segmentation in Aerial
    Images", CVPR Workshops 2019, arXiv 1905.12886.

    Licence: academic use only.
    """

    METAINFO = TableMetainfo('isaid')
    IMG_SUFFIX = '.png'
    SEG_MAP_SUFFIX = '_instance_color_RGB.png'

    def load_data_list(self) -> list[dict]:
        """Find the crops, and which part of each counts where whole images are scored."""
        return add_own_parts(super().load_data_list(), 'yyxx')
