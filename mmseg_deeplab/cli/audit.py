"""Look a config's data over: broken files, wrong labels, leaks between train and val."""

from __future__ import annotations

import argparse
import sys

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``audit``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument('--json', metavar='FILE', help='write the whole report to this file')
    parser.add_argument('--quick', action='store_true', help='open a few files only, in seconds')
    parser.add_argument('--no-color', action='store_true', help='plain text')
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Audit; returns 0 if no error was found, else 1."""
    from mmseg_deeplab.apis.audit import audit_dataset
    from mmseg_deeplab.config import check_config, load_config

    config = load_config(arguments.config, arguments.cfg_options)
    check_config(config)
    report = audit_dataset(
        config,
        quick=arguments.quick,
        data_root=arguments.data_root,
        on_progress=_show if sys.stderr.isatty() else None,
    )
    print('\n'.join(report.lines(False if arguments.no_color else None)))
    if arguments.json is not None:
        report.write_json(arguments.json)
    return 1 if report.errors else 0


def _show(split: str, done: int, total: int) -> None:
    """One line that is written over and over, on a terminal."""
    end = '\r\033[K' if done == total else ''
    print(f'\r{split}: {done} of {total} images{end}', end='', file=sys.stderr, flush=True)
