"""Print a config as it is after its bases and options."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``print-config``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('--check', action='store_true', help='only say whether it is right')
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print or check; returns the exit code."""
    from mmseg_deeplab.config import check_config, load_config, set_data_root

    config = load_config(arguments.config, arguments.cfg_options)
    if arguments.data_root is not None:
        config = set_data_root(config, arguments.data_root)
    check_config(config)
    print('ok' if arguments.check else config.pretty_text)
    return 0
