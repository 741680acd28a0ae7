"""Label images with a trained model."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import (
    add_crf,
    add_engine,
    add_explain_speed,
    add_prediction_options,
    explain_speed,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``predict``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('inputs', nargs='+', metavar='IMAGE', help='images and folders of images')
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder for masks, colors and overlays'
    )
    parser.add_argument(
        '--kinds',
        nargs='+',
        choices=('masks', 'colors', 'overlays'),
        default=('masks', 'colors', 'overlays'),
        help='what to write: class ids, colours, colours over the image',
    )
    parser.add_argument('--opacity', type=float, default=0.5, help='of the overlays, 0 to 1 (0.5)')
    add_prediction_options(parser)
    add_crf(parser)
    add_engine(parser)
    add_explain_speed(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict; returns the exit code."""
    from mmseg_deeplab.apis.prediction import predict
    from mmseg_deeplab.config import check_config, load_config

    explain_speed(arguments)
    config = load_config(arguments.config, arguments.cfg_options)
    check_config(config)
    written = predict(
        config,
        arguments.checkpoint,
        arguments.inputs,
        arguments.out,
        aug_test=arguments.aug_test,
        crf=arguments.crf,
        crf_jobs=arguments.crf_jobs,
        device=arguments.device,
        backend=arguments.backend,
        precision=arguments.precision,
        batch_size=arguments.batch_size,
        opacity=arguments.opacity,
        kinds=arguments.kinds,
    )
    print(f'{len(written)} files are in {arguments.out}')
    return 0
