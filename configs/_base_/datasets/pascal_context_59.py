"""Pascal Context without background: label 0 is ignored."""

_base_ = './pascal_context.py'
dataset_type = 'PascalContextDataset59'
num_classes = 59
train_dataloader = dict(dataset=dict(type=dataset_type))
val_dataloader = dict(dataset=dict(type=dataset_type))
test_dataloader = val_dataloader
model_settings = dict(
    decode_head=dict(num_classes=num_classes), auxiliary_head=dict(num_classes=num_classes)
)
