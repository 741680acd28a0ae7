"""Prepare a checkpoint for int8 inference with OpenVINO; prints the mIoU before and after."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``quantize``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--images', type=int, default=64, metavar='N', help='calibration images (64)'
    )
    parser.add_argument(
        '--split', choices=('train', 'val'), default='train', help='whose images (train)'
    )
    parser.add_argument(
        '--max-drop',
        type=float,
        default=0.5,
        metavar='POINTS',
        help='keep the model only if its mIoU falls by less than this (0.5)',
    )
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for the log and the scores (work_dirs/CONFIG)'
    )
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Quantise; returns the exit code."""
    from mmseg_deeplab.apis.quantization import quantize

    found = quantize(
        arguments.config,
        arguments.checkpoint,
        images=arguments.images,
        split=arguments.split,
        max_drop=arguments.max_drop,
        work_dir=arguments.work_dir,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
    )
    print(f'mIoU before {found["before"]:.2f}, after {found["after"]:.2f}')
    return 0
