"""Write a config of MMSegmentation 0.x in today's form, without bases."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``convert-config``."""
    parser.add_argument('old', help='config file of MMSegmentation 0.x (or 1.x)')
    parser.add_argument('new', help='file to write')
    parser.add_argument('--overwrite', action='store_true', help='replace a file that is there')


def run(arguments: argparse.Namespace) -> int:
    """Convert, write and check; returns the exit code."""
    from mmseg_deeplab.config import check_config, load_config, rewrite_config

    notes = rewrite_config(arguments.old, arguments.new, overwrite=arguments.overwrite)
    print('\n'.join([f'{arguments.new}: written', *(f'- {note}' for note in notes)]))
    check_config(load_config(arguments.new))
    print('it is right: every name and argument in it exists')
    return 0
