"""What stands in the way of a goal that is missed, by row or by case; written by hand.

A row that misses its goal stays in the table with its true figure and the words from here.
"""

from __future__ import annotations

_FILES = (
    'the look-up of the colours takes 70 to 95 ms for 6000x6000; the rest is reading the TIFF and '
    'writing crops as PNG, which both sides leave to the same library'
)
_ONE_WINDOW = (
    'at this size most of the peak is one window in the network, with the scratch memory of its '
    'convolutions; the map of logits that MMSegmentation holds beside it is small'
)
_PIECES = (
    'freed memory that stays with the process lies in pieces, and the 3x3 convolutions of up to '
    '2560 channels need scratch memory; MMSEG_DEEPLAB_SPEED=plain has neither'
)
REASONS: dict[str, str] = {
    'slide-1024': _ONE_WINDOW,
    'slide-2048': _ONE_WINDOW,
    'loader/pixels-zstd': (
        'without any decoding (pixels-raw) what is left is the augmentation itself: resizing, '
        'colours, padding; zstd adds 4 ms of decoding'
    ),
    'loader/pixels-raw': (
        'nothing is decoded any more: what is left is the augmentation of the sample itself'
    ),
    'whole-2048': (
        'measured when a convolution by tiles held its whole result twice, which it does no more; '
        'not measured again in this form'
    ),
    'train-r50-256': _PIECES,
    'train-r50-512': _PIECES,
    'labels-potsdam': _FILES,
    'labels-vaihingen': _FILES,
}
