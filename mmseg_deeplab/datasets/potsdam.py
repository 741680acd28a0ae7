"""Potsdam: aerial images of a German city, by the ISPRS."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.crops import add_own_parts
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class PotsdamDataset(BaseSegDataset):
    """ISPRS Potsdam, land cover.

    Features: 38 orthophotos of 6000x6000, cut into 512x512 crops: 3456 of 24 tiles to train,
    2016 of 14 tiles to validate.

    Format: PNG, RGB, 0.05 m per pixel, in ``img_dir/{train,val}``; labels are 8-bit PNGs of the
    same names in ``ann_dir/{train,val}``. Uncut label files hold colours: read them with
    ``color_table=dict(ignore=['#000000'])`` and ``reduce_zero_label=False``.

    Classes: stored label 0 is the eroded boundary and ignored (``reduce_zero_label=True``);
    1 impervious_surface, 2 building, 3 low_vegetation, 4 tree, 5 car, 6 clutter become ids
    0 to 5. Many papers leave clutter out of the mean.

    Paper: Rottensteiner et al., "Results of the ISPRS benchmark on urban object detection and
    3D building reconstruction", ISPRS Journal 2014.

    Licence: research use, by the ISPRS.
    """

    METAINFO = TableMetainfo('isprs')
    IMG_SUFFIX = '.png'
    SEG_MAP_SUFFIX = '.png'
    REDUCE_ZERO_LABEL = True

    def load_data_list(self) -> list[dict]:
        """Find the crops, and which part of each counts where whole images are scored."""
        return add_own_parts(super().load_data_list(), 'xyxy')
