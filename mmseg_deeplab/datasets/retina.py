"""DRIVE, STARE, CHASE_DB1 and HRF: the blood vessels of the retina."""

from __future__ import annotations

import os

import numpy as np

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.labels import IGNORE
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.datasets.reading import read_label
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import DataError


class RetinaDataset(BaseSegDataset):
    """What the four have in common: labels hold 0 (background) and 1 (vessel).

    The published masks hold 0 and 255; a converter makes them 0 and 1. Unconverted ones would
    lose every vessel to the ignored value, so they are refused.
    """

    METAINFO = TableMetainfo('vessels')
    IMG_SUFFIX = '.png'

    def load_data_list(self) -> list[dict]:
        """Find the images and their labels.

        Raises:
            DataError: The labels were not converted.
        """
        records = super().load_data_list()
        path = records[0].get('seg_map_path')
        if path is not None and self.color_table is None and os.path.isfile(path):
            values = set(np.unique(read_label(path)).tolist())
            if values == {0, IGNORE}:
                raise DataError(
                    f'{path}: the mask holds 0 and 255, and 255 means ignored; run the converter, '
                    "or read it by colour: color_table=dict(colors={'#000000': 'background', "
                    "'#FFFFFF': 'vessel'})"
                )
        return records


@DATASETS.register_module()
class DRIVEDataset(RetinaDataset):
    """DRIVE retina images.

    Features: 40 photographs of 565x584: 20 to train, 20 to validate.

    Format: PNG in ``images/{training,validation}``; labels are 8-bit PNGs ``*_manual1.png`` in
    ``annotations/{training,validation}``, made from the published GIFs by a converter.

    Classes: ids 0 (background) and 1 (vessel) as stored.

    Paper: Staal et al., "Ridge-Based Vessel Segmentation in Color Images of the Retina", IEEE
    Transactions on Medical Imaging 2004.

    Licence: research and education, after registration.
    """

    SEG_MAP_SUFFIX = '_manual1.png'


@DATASETS.register_module()
class STAREDataset(RetinaDataset):
    """STARE retina images.

    Features: 20 photographs of 700x605: 10 to train, 10 to validate.

    Format: PNG in ``images/{training,validation}``; labels are 8-bit PNGs ``*.ah.png`` in
    ``annotations/{training,validation}``, made from the published ones by a converter.

    Classes: ids 0 (background) and 1 (vessel) as stored.

    Paper: Hoover et al., "Locating Blood Vessels in Retinal Images by Piecewise Threshold
    Probing of a Matched Filter Response", IEEE Transactions on Medical Imaging 2000.

    Licence: not stated by its authors.
    """

    SEG_MAP_SUFFIX = '.ah.png'


@DATASETS.register_module()
class ChaseDB1Dataset(RetinaDataset):
    """CHASE_DB1 retina images.

    Features: 28 photographs of 999x960: 20 to train, 8 to validate.

    Format: PNG in ``images/{training,validation}``; labels are 8-bit PNGs ``*_1stHO.png`` in
    ``annotations/{training,validation}``, made from the published ones by a converter.

    Classes: ids 0 (background) and 1 (vessel) as stored.

    Paper: Fraz et al., "An Ensemble Classification-Based Approach Applied to Retinal Blood
    Vessel Segmentation", IEEE Transactions on Biomedical Engineering 2012.

    Licence: CC BY 4.0.
    """

    SEG_MAP_SUFFIX = '_1stHO.png'


@DATASETS.register_module()
class HRFDataset(RetinaDataset):
    """HRF retina images.

    Features: 45 photographs of 3504x2336: 15 to train, 30 to validate.

    Format: PNG in ``images/{training,validation}``; labels are 8-bit PNGs of the same names in
    ``annotations/{training,validation}``, made from the published TIFFs by a converter.

    Classes: ids 0 (background) and 1 (vessel) as stored.

    Paper: Budai et al., "Robust Vessel Segmentation in Fundus Images", International Journal of
    Biomedical Imaging 2013.

    Licence: CC BY 4.0.
    """
