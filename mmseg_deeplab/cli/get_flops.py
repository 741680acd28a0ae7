"""Count a model's parameters and multiply-adds."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_cfg_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``get-flops``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        default=[2048, 1024],
        metavar='PIXELS',
        help='height and width of the image, or one number for both (2048 1024)',
    )
    add_cfg_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Count; returns the exit code."""
    from mmseg_deeplab.apis.complexity import model_complexity

    found = model_complexity(arguments.config, arguments.shape, cfg_options=arguments.cfg_options)
    print('\n'.join(found.lines()))
    return 0
