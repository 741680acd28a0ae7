# DeepLabV3 (arXiv:1706.05587) on UNet-S5-D16 with CE + Dice loss, DRIVE
_base_ = ['./unet-s5-d16_deeplabv3_4xb4-40k_drive-64x64.py', '../_base_/variants/ce_dice.py']
model = {{_base_.ce_dice}}
