"""Measure how many images per second a model predicts."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options, add_device, add_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``benchmark``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument(
        'checkpoint', nargs='?', help='checkpoint file; untrained weights are as fast'
    )
    parser.add_argument(
        '--log-interval', type=int, default=50, metavar='N', help='images between two lines (50)'
    )
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for the result as JSON (work_dirs/CONFIG)'
    )
    parser.add_argument(
        '--repeat-times', type=int, default=1, metavar='N', help='measure so often (1)'
    )
    parser.add_argument(
        '--num-images', type=int, default=200, metavar='N', help='images of one measurement (200)'
    )
    parser.add_argument(
        '--warmup', type=int, default=5, metavar='N', help='images before, not counted (5)'
    )
    add_device(parser)
    add_engine(parser)
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure; returns the exit code."""
    from mmseg_deeplab.apis.speed import benchmark

    def line(run: int, done: int, rate: float) -> None:
        print(f'run {run}: image {done} of {arguments.num_images}, {rate:.2f} img / s', flush=True)

    found = benchmark(
        arguments.config,
        arguments.checkpoint,
        work_dir=arguments.work_dir,
        repeat_times=arguments.repeat_times,
        log_interval=arguments.log_interval,
        num_images=arguments.num_images,
        warmup=arguments.warmup,
        device=arguments.device,
        backend=arguments.backend,
        precision=arguments.precision,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
        on_progress=line,
    )
    for number in range(1, arguments.repeat_times + 1):
        print(f'run {number}: {found[f"overall_fps_{number}"]:.2f} img / s')
    print(
        f'average {found["average_fps"]:.2f} img / s, variance {found["fps_variance"]}, '
        f'median {found["median_ms"]:.1f} ms an image, on {found["device"]}'
    )
    print(f'written to {found["file"]}')
    return 0
