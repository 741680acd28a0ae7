"""Verify predictions of LoveDA's test set and pack them for its server."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg_deeplab.cli.arguments import ConfigOption
from mmseg_deeplab.utils.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``submit-loveda``."""
    parser.add_argument('config', nargs='?', help='config file, or the name of one that is shipped')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file')
    parser.add_argument(
        '--images',
        default='data/loveDA/img_dir/test',
        metavar='DIR',
        help='the test images (data/loveDA/img_dir/test)',
    )
    parser.add_argument(
        '--masks', metavar='DIR', help='masks that are predicted already, in place of a config'
    )
    parser.add_argument(
        '--out',
        default='submission',
        metavar='DIR',
        help='folder for Results.zip, and for the masks that are predicted (submission)',
    )
    parser.add_argument(
        '--aug-test',
        '--tta',
        action='store_true',
        dest='aug_test',
        help='several scales and flips, mean of the probabilities',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1 or mps; the best one if not given')
    parser.add_argument('--batch-size', type=int, default=1, help='images in one pass (1)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOption,
        metavar='KEY=VALUE',
        help='change the config',
    )


def run(arguments: argparse.Namespace) -> int:
    """Predict if asked to, verify, pack; returns the exit code."""
    from mmseg_deeplab.apis import pack_loveda, submit_loveda

    if (arguments.masks is None) == (arguments.checkpoint is None):
        raise ConfigError('give either a config and a checkpoint, or --masks DIR')
    if arguments.masks is not None:
        written = pack_loveda(arguments.masks, Path(arguments.out) / 'Results.zip')
    else:
        written = submit_loveda(
            arguments.config,
            arguments.checkpoint,
            arguments.images,
            arguments.out,
            aug_test=arguments.aug_test,
            device=arguments.device,
            batch_size=arguments.batch_size,
            cfg_options=arguments.cfg_options,
        )
    print(f'{written} is complete and verified')
    return 0
