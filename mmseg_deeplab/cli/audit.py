"""Look a config's data over: broken files, wrong labels, leaks between train and val."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``audit``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('--json', metavar='FILE', help='write the report to this file as well')
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Audit; returns 0 if no error was found, else 1."""
    raise NotImplementedError
