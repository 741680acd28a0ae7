"""Pack images and labels into shards: the files, or pixels that are quick to read."""

from __future__ import annotations

import argparse

_WORDS = {'true': True, '1': True, 'yes': True, 'false': False, '0': False, 'no': False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``pack``."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--data_lst', '--data-lst', '--data_list', metavar='FILE',
        help='list whose lines are an image and a label',
    )  # fmt: skip
    source.add_argument(
        '--from-config', metavar='CONFIG',
        help="pack a config's data set instead, in its order",
    )  # fmt: skip
    source.add_argument(
        '--verify', metavar='INDEX',
        help='pack nothing: read every picture of a store of pixels, and compare its sources',
    )  # fmt: skip
    parser.add_argument(
        '--phase', choices=('train', 'val', 'test'), default='train',
        help="with --from-config: whose data set (train)",
    )  # fmt: skip
    parser.add_argument(
        '--pixels',
        nargs='?',
        const='',
        choices=('', 'zstd', 'raw', 'zlib'),
        metavar='zstd|raw',
        help='store pixels that are quick to read instead of the files: zstd (the default) is as '
        'small as PNG, raw the fastest',
    )  # fmt: skip
    parser.add_argument(
        '--data_root', '--data-root', default='', metavar='DIR',
        help='folder that the paths in the list are relative to; of the data, with --from-config',
    )  # fmt: skip
    parser.add_argument(
        '--dst_path', '--dst-path', metavar='DIR/NAME',
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
    """Pack or verify; returns the exit code."""
    from mmseg_deeplab.apis import packing
    from mmseg_deeplab.utils.errors import ConfigError

    if arguments.verify:
        return _verify(arguments.verify)
    if not arguments.dst_path:
        raise ConfigError('pack needs --dst_path DIR/NAME: where the shards go')
    if arguments.from_config:
        index = packing.pack_dataset(
            arguments.from_config,
            arguments.dst_path,
            phase=arguments.phase,
            num_shards=arguments.num_shards,
            pixels=arguments.pixels is not None,
            codec=arguments.pixels or None,
            data_root=arguments.data_root or None,
        )
    else:
        index = packing.pack_list(
            arguments.data_lst,
            arguments.dst_path,
            data_root=arguments.data_root,
            num_shards=arguments.num_shards,
            shuffle=arguments.shuffle,
            seed=arguments.seed,
            pixels=arguments.pixels is not None,
            codec=arguments.pixels or None,
        )
    phase = arguments.phase if arguments.from_config else 'train'
    print(f'read them with {phase}_dataloader.dataset.ann_file={index.resolve()}')
    return 0


def _verify(index: str) -> int:
    """Prints what was found; 1 where files have changed since they were packed."""
    from mmseg_deeplab.apis.packing import verify_pack

    samples, changed = verify_pack(index)
    print(f'{index}: {samples} samples are whole')
    for path in changed:
        print(f'{path}: has changed since it was packed; pack again')
    return 1 if changed else 0


def _truth(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise argparse.ArgumentTypeError(f'must be True or False, got {text!r}')
    return _WORDS[text.lower()]
