"""Download published weights, checked, and print where they are."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``download``."""
    parser.add_argument(
        'name',
        nargs='+',
        help='name of a config (1.x or 0.x), words that single a model out, such as r50 loveda, '
        'a backbone such as open-mmlab://resnet50_v1c, or a web address',
    )
    parser.add_argument('--dest', metavar='DIR', help='folder to put the file in (the cache)')
    parser.add_argument(
        '--original',
        action='store_true',
        help='the file as it was published; those of other DeepLab systems are converted otherwise',
    )
    parser.add_argument('--log', action='store_true', help='the training log as well')
    parser.add_argument('--offline', action='store_true', help='never touch the network')


def run(arguments: argparse.Namespace) -> int:
    """Download; returns the exit code."""
    from mmseg_deeplab.apis import download_weights
    from mmseg_deeplab.hub import fetch, fetch_log

    name = ' '.join(arguments.name)
    weights = fetch if arguments.original else download_weights
    # the path alone goes to standard output, so that a script can take it from there
    for get in (weights, fetch_log) if arguments.log else (weights,):
        print(get(name, dest=arguments.dest, offline=arguments.offline or None))
    return 0
