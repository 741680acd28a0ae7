# DeepLabV3 (arXiv:1706.05587) on UNet-S5-D16 with CE + Dice loss, STARE
_base_ = ['./unet-s5-d16_deeplabv3_4xb4-40k_stare-128x128.py', '../_base_/variants/ce_dice.py']
model = {{_base_.ce_dice}}
