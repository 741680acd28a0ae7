"""Cross entropy with weight 1 plus Dice loss (arXiv:1606.04797) with weight 3."""

ce_dice = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='CrossEntropyLoss', loss_weight=1.0),
            dict(type='DiceLoss', loss_weight=3.0),
        ],
    ),
)
