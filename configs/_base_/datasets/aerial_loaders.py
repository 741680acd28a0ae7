"""The folders of the converted aerial data sets, `{img,ann}_dir/{train,val}`.

A child gives each loader's `dataset` its type, `data_root` and pipeline.
"""

_base_ = './standard.py'
train_dataloader = dict(
    dataset=dict(data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train')),
)
val_dataloader = dict(
    dataset=dict(data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val')),
)
test_dataloader = val_dataloader
