"""ISPRS Vaihingen in 512x512 crops: Potsdam's classes, crops and pipelines."""

_base_ = './potsdam.py'
dataset_type = 'ISPRSDataset'
data_root = 'data/vaihingen'
train_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root))
val_dataloader = dict(dataset=dict(type=dataset_type, data_root=data_root))
test_dataloader = val_dataloader
