"""LoveDA, rural to urban: trained on rural scenes, scored on the urban ones of val."""

_base_ = './loveda_domains.py'
train_dataloader = dict(dataset=dict(ann_file='splits/train_rural.txt'))
val_dataloader = dict(dataset=dict(ann_file='splits/val_urban.txt'))
test_dataloader = val_dataloader
