"""Draw what a data set gives the model, after augmentation."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``browse-dataset``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('--output-dir', metavar='DIR', help='save the pictures here')
    parser.add_argument('--not-show', action='store_true', help='open no windows')
    parser.add_argument(
        '--show-interval',
        type=float,
        default=2,
        metavar='SECONDS',
        help='how long a window stays open (2); 0: until a key is pressed',
    )
    parser.add_argument(
        '--phase',
        choices=('train', 'val', 'test'),
        default='train',
        help='whose data set and pipeline (train)',
    )
    parser.add_argument(
        '--show-number', type=int, metavar='N', help='only the first N samples (all)'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the augmentations (0)')
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw; returns the exit code."""
    from mmseg_deeplab.apis.browsing import browse_dataset

    written = browse_dataset(
        arguments.config,
        arguments.output_dir,
        show=not arguments.not_show,
        show_interval=arguments.show_interval,
        phase=arguments.phase,
        show_number=arguments.show_number,
        seed=arguments.seed,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
    )
    if written:
        print(f'{len(written)} pictures are in {arguments.output_dir}')
    return 0
