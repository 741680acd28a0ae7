# DeepLabV3 (arXiv:1706.05587) on UNet-S5-D16 with CE + Dice loss, CHASE_DB1
_base_ = ['./unet_s5-d16_deeplabv3_4xb4-40k_chase-db1-128x128.py', '../_base_/variants/ce_dice.py']
model = {{_base_.ce_dice}}
