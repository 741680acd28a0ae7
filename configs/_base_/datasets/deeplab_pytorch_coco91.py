"""COCO's 91 ids of objects in crops of 321; the loaders and the pipelines are those of VOC."""

_base_ = './deeplab_pytorch_voc12.py'
num_classes = 91
dataset = dict(type='COCO91Dataset', data_root='data/coco')
train_dataloader = dict(
    dataset=dict(
        dataset,
        _delete_=True,
        data_prefix=dict(img_path='images/train2017', seg_map_path='masks/train2017'),
        pipeline=_base_.train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        dataset,
        _delete_=True,
        data_prefix=dict(img_path='images/val2017', seg_map_path='masks/val2017'),
        pipeline=_base_.test_pipeline,
    ),
)
test_dataloader = val_dataloader
model_settings = dict(
    data_preprocessor=dict(size=_base_.crop_size), decode_head=dict(num_classes=num_classes)
)
