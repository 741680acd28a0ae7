"""Pack a list of images and labels into shards for fast sequential reading."""

from __future__ import annotations

import argparse

_WORDS = {'true': True, '1': True, 'yes': True, 'false': False, '0': False, 'no': False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``pack``."""
    parser.add_argument(
        '--data_lst', '--data-lst', '--data_list', required=True, metavar='FILE',
        help='list whose lines are an image and a label',
    )  # fmt: skip
    parser.add_argument(
        '--data_root', '--data-root', default='', metavar='DIR',
        help='folder that the paths in the list are relative to',
    )  # fmt: skip
    parser.add_argument(
        '--dst_path', '--dst-path', required=True, metavar='DIR/NAME',
        help='the shards become NAME0.tar, NAME1.tar, ... and their index NAME.shards.json',
    )  # fmt: skip
    parser.add_argument(
        '--num_shards', '--num-shards', type=int, default=8, metavar='N', help='files (8)'
    )
    parser.add_argument(
        '--shuffle', nargs='?', const=True, default=True, type=_truth, metavar='True|False',
        help='change the order before packing (True); reading shuffles as well',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of that order (0)')


def run(arguments: argparse.Namespace) -> int:
    """Pack; returns the exit code."""
    from mmseg_deeplab.apis.packing import pack_list

    index = pack_list(
        arguments.data_lst,
        arguments.dst_path,
        data_root=arguments.data_root,
        num_shards=arguments.num_shards,
        shuffle=arguments.shuffle,
        seed=arguments.seed,
    )
    print(f'read them with train_dataloader.dataset.ann_file={index.resolve()}')
    return 0


def _truth(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise argparse.ArgumentTypeError(f'must be True or False, got {text!r}')
    return _WORDS[text.lower()]
