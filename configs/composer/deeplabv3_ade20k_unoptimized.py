# DeepLabV3+ (arXiv:1802.02611) on ResNet-101, ADE20K: Composer's deeplabv3_ade20k_unoptimized.yaml
# the typical hyperparameters, but with torchvision's newer weights
_base_ = ['./deeplabv3plus_r101_typical-127ep_ade20k-512x512.py']
model = dict(pretrained='https://download.pytorch.org/models/resnet101-cd907fc2.pth')
