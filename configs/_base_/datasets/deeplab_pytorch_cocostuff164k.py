"""COCO-Stuff, the 164k images of 2017, under its 182 published ids; crops as for VOC."""

_base_ = './deeplab_pytorch_voc12.py'
dataset_type = 'COCOStuff182Dataset'
data_root = 'data/coco_stuff164k'
num_classes = 182
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='images/train2017', seg_map_path='annotations/train2017'),
        pipeline={{_base_.train_pipeline}},
    ),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path='images/val2017', seg_map_path='annotations/val2017'),
        pipeline={{_base_.test_pipeline}},
    ),
)
test_dataloader = val_dataloader
model_settings = dict(decode_head=dict(num_classes=num_classes))
