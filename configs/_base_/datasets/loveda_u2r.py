"""LoveDA, urban to rural: trained on urban scenes, scored on the rural ones of val."""

_base_ = './loveda_domains.py'
train_dataloader = dict(dataset=dict(ann_file='splits/train_urban.txt'))
val_dataloader = dict(dataset=dict(ann_file='splits/val_rural.txt'))
test_dataloader = val_dataloader
