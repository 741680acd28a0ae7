"""Mapillary Vistas: street scenes from all over the world."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class MapillaryDataset_v1(BaseSegDataset):
    """Mapillary Vistas 1.2.

    Features: 25000 images of many sizes: 18000 to train, 2000 to validate, 5000 to test.

    Format: JPEG in ``{training,validation}/images``; labels are 8-bit PNGs of the same names in
    ``{training,validation}/v1.2/labels_mask``.

    Classes: ids 0 (Bird) to 65 (Unlabeled) as stored. Most papers leave Unlabeled out: give
    ``metainfo`` the other 65 names and it is ignored.

    Paper: Neuhold et al., "The Mapillary Vistas Dataset for Semantic Understanding of Street
    Scenes", ICCV 2017.

    Licence: CC BY-NC-SA 4.0, after registration.
    """

    METAINFO = TableMetainfo('mapillary_v1')


@DATASETS.register_module()
class MapillaryDataset_v2(BaseSegDataset):
    """Mapillary Vistas 2.0: the images of 1.2 with finer classes.

    Features: as :class:`MapillaryDataset_v1`.

    Format: as there, labels in ``{training,validation}/v2.0/labels_mask``.

    Classes: ids 0 (Bird) to 123 (Unlabeled) as stored.

    Paper: as there.

    Licence: as there.
    """

    METAINFO = TableMetainfo('mapillary_v2')
