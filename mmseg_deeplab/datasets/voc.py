"""PASCAL VOC 2012: twenty kinds of objects in photographs."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError


@DATASETS.register_module()
class PascalVOCDataset(BaseSegDataset):
    """PASCAL VOC 2012, with or without the annotations of SBD ("VOC aug").

    Features: 1464 images to train, 1449 to validate; SBD makes it 10582 to train.

    Format: JPEG in ``JPEGImages``; labels are palette PNGs of the same names in
    ``SegmentationClass``, those of SBD in ``SegmentationClassAug``. ``ann_file`` must name the
    list of the split: the folders hold all of them, and images without labels. VOC aug is two of
    these data sets in a ``ConcatDataset``, one with ``train.txt`` and one with ``aug.txt``.

    Classes: ids 0 (background) to 20 (tvmonitor) as stored; 255 is the objects' outline and
    ignored.

    Papers: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", IJCV 2010;
    Hariharan et al., "Semantic Contours from Inverse Detectors", ICCV 2011 (SBD).

    Licence: that of Flickr for the images.
    """

    METAINFO = TableMetainfo('voc')

    def load_data_list(self) -> list[dict]:
        """Find the images of the list.

        Raises:
            ConfigError: There is no ``ann_file``.
        """
        if not self.ann_file:
            raise ConfigError(
                f'{self._name()}.ann_file must be given, got none; name the list of the split, '
                "for example ann_file='ImageSets/Segmentation/val.txt'"
            )
        return super().load_data_list()
