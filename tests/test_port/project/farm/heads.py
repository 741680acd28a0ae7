from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import accuracy
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import nn


@MODELS.register_module()
class FieldHead(BaseDecodeHead):
    def __init__(self, num_convs=2, **kwargs):
        super().__init__(**kwargs)
        widths = [self.in_channels] + [self.channels] * num_convs
        self.convs = nn.Sequential(
            *(
                ConvModule(
                    widths[k],
                    widths[k + 1],
                    3,
                    padding=1,
                    conv_cfg=self.conv_cfg,
                    norm_cfg=self.norm_cfg,
                    act_cfg=self.act_cfg,
                )
                for k in range(num_convs)
            )
        )

    def forward(self, inputs):
        return self.cls_seg(self.convs(self._transform_inputs(inputs)))

    def loss_by_feat(self, seg_logits, batch_data_samples: SampleList):
        label = self._stack_batch_gt(batch_data_samples)
        logits = resize(
            input=seg_logits,
            size=label.shape[2:],
            mode='bilinear',
            align_corners=self.align_corners,
        )
        weight = None if self.sampler is None else self.sampler.sample(logits, label)
        label = label.squeeze(1)
        return {
            self.loss_decode.loss_name: self.loss_decode(
                logits, label, weight=weight, ignore_index=self.ignore_index
            ),
            'acc_seg': accuracy(logits, label, ignore_index=self.ignore_index),
        }
