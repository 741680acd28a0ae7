"""ISPRS Potsdam in 512x512 crops; label 0 (boundary) is ignored."""

_base_ = './aerial_loaders.py'
dataset_type = 'PotsdamDataset'
data_root = 'data/potsdam'
num_classes = 6
crop_size = (512, 512)  # height, width; the one place where it is set
img_scale = (512, 512)  # width, height
sizes = dict(
    RandomResize=dict(scale=img_scale),
    RandomCrop=dict(crop_size=crop_size),
    Resize=dict(scale=img_scale),
)
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.test_pipeline]
train_dataloader = dict(
    dataset=dict(type=dataset_type, data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root, pipeline=test_pipeline))
full = dict(seg_map_path_full_boundaries='ann_dir_full/val')  # scored as well, if it is there
test_dataloader = dict(dataset=dict(val_dataloader['dataset'], data_prefix=full))
test_evaluator = dict(label_set='eroded boundaries', left_out=['clutter'])
model_settings = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=num_classes),
    auxiliary_head=dict(num_classes=num_classes),
)
