"""Train the model that a config describes."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import (
    add_config,
    add_config_options,
    add_explain_speed,
    add_run_options,
    explain_speed,
    note_local_rank,
)
from mmseg_deeplab.cli.old_options import add_old_train_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``train``."""
    add_config(parser)
    add_run_options(parser)
    add_explain_speed(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const=True,
        default=False,
        metavar='CKPT',
        help='go on from the newest checkpoint of the work dir, or from CKPT',
    )
    parser.add_argument('--load-from', metavar='CKPT', help='start from the weights of CKPT')
    parser.add_argument(
        '--drop-head',
        action='store_true',
        help='with --load-from: classifiers, and what else of the heads does not fit, start afresh',
    )
    parser.add_argument(
        '--first-conv',
        choices=('mean', 'copy'),
        help='with --load-from: make its first convolution fit another number of bands, by their '
        'mean or by copies',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: fp16 with scaling on a GPU, bf16 on a CPU',
    )
    parser.add_argument('--seed', type=int, help='seed of everything random (0)')
    parser.add_argument(
        '--no-audit', action='store_true', help='do not look the data over before training'
    )
    add_config_options(parser)
    add_old_train_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    from mmseg_deeplab.apis import train

    note_local_rank(arguments)
    explain_speed(arguments)
    train(
        arguments.config,
        work_dir=arguments.work_dir,
        resume=arguments.resume,
        load_from=arguments.load_from,
        drop_head=arguments.drop_head,
        first_conv=arguments.first_conv,
        amp=arguments.amp,
        device=arguments.device,
        seed=arguments.seed,
        audit=False if arguments.no_audit else None,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
        launcher=arguments.launcher,
    )
    return 0
