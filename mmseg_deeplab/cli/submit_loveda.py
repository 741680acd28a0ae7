"""Verify predictions of LoveDA's test set and pack them for its server."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg_deeplab.cli.arguments import add_prediction_options
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
    add_prediction_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict if asked to, verify, pack; returns the exit code."""
    from mmseg_deeplab.apis import pack_loveda, submit_loveda

    model = [word for word in (arguments.config, arguments.checkpoint) if word is not None]
    if len(model) != (2 if arguments.masks is None else 0):
        raise ConfigError(
            f'give either a config and a checkpoint, or --masks DIR alone, got {model} and '
            f'--masks {arguments.masks}'
        )
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
