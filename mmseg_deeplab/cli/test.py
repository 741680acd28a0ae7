"""Score a checkpoint on the test set that a config describes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from mmseg_deeplab.cli.arguments import (
    add_aug_test,
    add_config,
    add_config_options,
    add_crf,
    add_engine,
    add_explain_speed,
    add_run_options,
    add_views,
    explain_speed,
    note_local_rank,
)
from mmseg_deeplab.cli.old_options import add_old_test_options, folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``test``."""
    add_config(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help="checkpoint file; may be left out where another system's config file names one",
    )
    parse = parser.parse_known_args
    parser.parse_known_args = partial(_with_late_checkpoint, parse)  # type: ignore[method-assign]
    add_run_options(parser)
    add_explain_speed(parser)
    add_aug_test(parser)
    add_crf(parser)
    add_engine(parser)
    add_views(parser)
    parser.add_argument(
        '--out', type=folder, metavar='DIR', help='save the predicted label maps here'
    )
    parser.add_argument(
        '--show-dir', metavar='DIR', help='save pictures of labels and predictions here'
    )
    parser.add_argument('--show', action='store_true', help='open each picture in a window')
    parser.add_argument(
        '--wait-time', type=float, default=2.0, help='seconds a window stays open (2); 0: a key'
    )
    add_config_options(parser)
    add_old_test_options(parser)


def _with_late_checkpoint(
    parse: Callable, words: Any = None, namespace: Any = None
) -> tuple[argparse.Namespace, list[str]]:
    """Find a checkpoint behind options: before 3.13, argparse misses an optional one there."""
    found, left = parse(words, namespace)
    if found.checkpoint is None and left and not left[0].startswith('-'):
        found.checkpoint = left.pop(0)
    return found, left


def run(arguments: argparse.Namespace) -> int:
    """Test; returns the exit code."""
    from mmseg_deeplab.apis import test

    note_local_rank(arguments)
    explain_speed(arguments)
    test(
        arguments.config,
        arguments.checkpoint,
        aug_test=arguments.aug_test,
        crf=arguments.crf,
        crf_jobs=arguments.crf_jobs,
        scales=arguments.scales,
        flip=arguments.flip,
        output_stride=arguments.output_stride,
        out=arguments.out,
        show_dir=arguments.show_dir,
        show=arguments.show,
        wait_time=arguments.wait_time,
        device=arguments.device,
        backend=arguments.backend,
        precision=arguments.precision,
        work_dir=arguments.work_dir,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
        launcher=arguments.launcher,
    )
    return 0
