"""One image's labels, predictions and facts about it."""

from __future__ import annotations

from mmengine.structures import BaseDataElement, PixelData


def _pixel_field(name: str, meaning: str) -> property:
    """A typed attribute of a data sample, so that a wrong kind of value is refused when set."""
    private = f'_{name}'

    def read(self: BaseDataElement) -> PixelData:
        return getattr(self, private)

    def write(self: BaseDataElement, value: PixelData) -> None:
        self.set_field(value, private, dtype=PixelData)

    def delete(self: BaseDataElement) -> None:
        delattr(self, private)

    return property(read, write, delete, doc=meaning)


class SegDataSample(BaseDataElement):
    """Labels and predictions of one image, with its metainfo (paths, shapes, flips).

    Fields are ``PixelData``; each is absent until it is set.

    Shape:
        - gt_sem_seg.data: (1, H, W) int64, train ids, 255 = ignore
        - pred_sem_seg.data: (1, H0, W0) int64 (float for one-channel models), original size
        - seg_logits.data: (K, H0, W0) float32, before softmax
        - valid_mask.data: (1, H0, W0) bool, False where the file holds no data
    """

    gt_sem_seg = _pixel_field('gt_sem_seg', 'Ground truth, (1, H, W) int64, 255 = ignore.')
    pred_sem_seg = _pixel_field('pred_sem_seg', 'Predicted class ids, (1, H0, W0).')
    seg_logits = _pixel_field('seg_logits', 'Logits before softmax, (K, H0, W0) float32.')
    valid_mask = _pixel_field('valid_mask', 'False where the image holds no data, (1, H0, W0).')


SampleList = list[SegDataSample]
OptSampleList = SampleList | None
