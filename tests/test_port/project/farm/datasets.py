from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class FarmDataset(BaseSegDataset):
    METAINFO = dict(
        classes=('soil', 'crop', 'water'), palette=[[120, 80, 40], [0, 200, 0], [0, 80, 255]]
    )

    def __init__(self, img_suffix='.png', seg_map_suffix='.png', reduce_zero_label=True, **kwargs):
        super().__init__(
            img_suffix=img_suffix,
            seg_map_suffix=seg_map_suffix,
            reduce_zero_label=reduce_zero_label,
            **kwargs,
        )
