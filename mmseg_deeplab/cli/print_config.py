"""Print a config as it is after its bases and options."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import ConfigOption, add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``print-config``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('--check', action='store_true', help='only say whether it is right')
    parser.add_argument('--graph', action='store_true', help='print the layers of the model too')
    parser.add_argument('--out', metavar='FILE', help='also write the config to this .py file')
    add_config_options(parser)
    parser.add_argument(
        '--options', nargs='+', action=ConfigOption, dest='cfg_options', help=argparse.SUPPRESS
    )  # an older name of --cfg-options


def run(arguments: argparse.Namespace) -> int:
    """Print or check; returns the exit code."""
    from mmseg_deeplab.config import check_config, load_config, set_data_root
    from mmseg_deeplab.utils.files import write_text

    config = load_config(arguments.config, arguments.cfg_options)
    if arguments.data_root is not None:
        config = set_data_root(config, arguments.data_root)
    check_config(config)
    print('ok' if arguments.check else config.pretty_text)
    if arguments.out is not None:
        write_text(arguments.out, config.pretty_text)
    if arguments.graph:
        from mmseg_deeplab.apis.complexity import build_model

        print(f'Model graph:\n{build_model(config)}')
    return 0
