"""Entry points of ``torch.hub``.

model = torch.hub.load('FOLDER', 'deeplabv2_resnet101', source='local', n_classes=182)
model.load_state_dict(torch.load('deeplabv2_resnet101_msc-cocostuff164k-100000.pth'))
"""

from mmseg_deeplab.apis.entry_points import (
    deeplab,
    deeplabv1_resnet101,
    deeplabv2_resnet101,
    detectron2_deeplab,
    mindcv_deeplab,
)
from mmseg_deeplab.models import composer_deeplabv3, deeplabv3, deeplabv3plus

dependencies = ['torch', 'mmengine', 'mmcv', 'numpy', 'cv2']
__all__ = [
    'composer_deeplabv3',
    'deeplab',
    'deeplabv1_resnet101',
    'deeplabv2_resnet101',
    'deeplabv3',
    'deeplabv3plus',
    'detectron2_deeplab',
    'mindcv_deeplab',
]
