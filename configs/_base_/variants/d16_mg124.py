"""Output stride 16 with a multi-grid of 1, 2, 4 in the last stage, and hard pixel mining."""

d16_mg124 = dict(
    backbone=dict(dilations=(1, 1, 1, 2), strides=(1, 2, 2, 1), multi_grid=(1, 2, 4)),
    decode_head=dict(
        dilations=(1, 6, 12, 18),
        sampler=dict(type='OHEMPixelSampler', min_kept=100000),
    ),
)
