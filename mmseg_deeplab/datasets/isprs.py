"""Vaihingen: aerial images of a German town, by the ISPRS; its classes are Potsdam's too."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.crops import add_own_parts
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class ISPRSDataset(BaseSegDataset):
    """ISPRS Vaihingen, land cover.

    Features: 33 orthophotos of different sizes, cut into 512x512 crops: 344 to train, 398 to
    validate.

    Format: PNG, infrared, red and green as three channels, 0.09 m per pixel, in
    ``img_dir/{train,val}``; labels are 8-bit PNGs of the same names in ``ann_dir/{train,val}``.

    Classes: stored label 0 is the eroded boundary and ignored (``reduce_zero_label=True``);
    1 impervious_surface, 2 building, 3 low_vegetation, 4 tree, 5 car, 6 clutter become ids
    0 to 5. Many papers leave clutter out of the mean.

    Paper: Rottensteiner et al., "The ISPRS Benchmark on Urban Object Classification and 3D
    Building Reconstruction", ISPRS Annals 2012.

    Licence: research use, by the ISPRS and the DGPF.
    """

    METAINFO = TableMetainfo('isprs')
    IMG_SUFFIX = '.png'
    SEG_MAP_SUFFIX = '.png'
    REDUCE_ZERO_LABEL = True

    def load_data_list(self) -> list[dict]:
        """Find the crops, and which part of each counts where whole images are scored."""
        return add_own_parts(super().load_data_list(), 'xyxy')
