"""The decoder of DeepLabV3+, as Detectron2 builds it, on a DeepLabV3 of Detectron2."""

detectron2_plus = dict(
    decode_head=dict(
        type='DeepLabV3PlusHead',
        c1_in_channels=256,
        c1_channels=48,
        output_scale=4,
    ),
)
