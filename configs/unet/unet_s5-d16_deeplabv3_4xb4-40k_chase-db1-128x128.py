# DeepLabV3 (arXiv:1706.05587) on UNet-S5-D16, CHASE_DB1
_base_ = [
    '../_base_/models/deeplabv3_unet_s5-d16.py', '../_base_/datasets/chase_db1.py',
    '../_base_/default_runtime.py', '../_base_/schedules/schedule_40k.py',
]  # fmt: skip
model = {{_base_.model_settings}}
