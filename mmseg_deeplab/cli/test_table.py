"""Score the checkpoints of a two-step training at both output strides, scales and flips."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options, add_run_options, note_local_rank


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``test-table``."""
    parser.add_argument('--s16', required=True, metavar='CKPT', help='checkpoint of step 1')
    parser.add_argument('--s8', required=True, metavar='CKPT', help='checkpoint of step 2')
    parser.add_argument(
        '-c',
        '--config',
        metavar='CONFIG',
        help='of either step (deeplabv3_s16_dilated_resnet101)',
    )
    parser.add_argument(
        '--scales',
        type=float,
        nargs='+',
        metavar='FACTOR',
        help='of the rows with several (0.5 0.75 1.0 1.25 1.75)',
    )
    add_run_options(parser)
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Test in all ways; returns the exit code."""
    from mmseg_deeplab.apis.result_table import CONFIG, SCALES, test_table

    note_local_rank(arguments)
    table = test_table(
        arguments.s16,
        arguments.s8,
        config=arguments.config or CONFIG,
        scales=arguments.scales or SCALES,
        work_dir=arguments.work_dir or 'work_dirs/test_table',
        device=arguments.device,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
        launcher=arguments.launcher,
    )
    print(table, end='')
    return 0
