"""LoveDA: land cover of Chinese cities and villages from 0.3 m images."""

from __future__ import annotations

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS


@DATASETS.register_module()
class LoveDADataset(BaseSegDataset):
    """LoveDA land cover.

    Features: 5987 images of urban and rural scenes in Nanjing, Changzhou and Wuhan: 2522 to
    train, 1669 to validate, 1796 to test; the test labels are held back by a server.

    Format: PNG, 1024x1024, RGB, 0.3 m per pixel, in ``img_dir/{train,val,test}``; labels are
    8-bit PNGs of the same names in ``ann_dir/{train,val}``.

    Classes: stored label 0 is no-data and ignored (``reduce_zero_label=True``); 1 background,
    2 building, 3 road, 4 water, 5 barren, 6 forest, 7 agricultural become ids 0 to 6.

    Paper: Wang et al., "LoveDA: A Remote Sensing Land-Cover Dataset for Domain Adaptive
    Semantic Segmentation", NeurIPS 2021 Datasets and Benchmarks, arXiv 2110.08733.

    Licence: academic use only, CC BY-NC-SA 4.0.
    """

    METAINFO = TableMetainfo('loveda')
    IMG_SUFFIX = '.png'
    SEG_MAP_SUFFIX = '.png'
    REDUCE_ZERO_LABEL = True
