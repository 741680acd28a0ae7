"""Parse a command, run it, turn the user's errors into a message and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mmseg_deeplab.cli import (
    analyze_logs,
    audit,
    benchmark,
    browse_dataset,
    confusion_matrix,
    convert,
    convert_config,
    download,
    get_flops,
    inspect_checkpoint,
    predict,
    print_config,
    publish,
    submit_loveda,
    test,
    train,
)
from mmseg_deeplab.utils.errors import SegError, plain_message
from mmseg_deeplab.version import __version__

OK, USER_ERROR, INTERRUPTED = 0, 1, 130
COMMANDS = {
    'train': train,
    'test': test,
    'predict': predict,
    'submit-loveda': submit_loveda,
    'audit': audit,
    'print-config': print_config,
    'get-flops': get_flops,
    'benchmark': benchmark,
    'browse-dataset': browse_dataset,
    'confusion-matrix': confusion_matrix,
    'inspect': inspect_checkpoint,
    'publish': publish,
    'download': download,
    'analyze-logs': analyze_logs,
    'convert': convert,
    'convert-config': convert_config,
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``mmseg-deeplab`` with one sub-parser for each command."""
    parser = argparse.ArgumentParser(
        prog='mmseg-deeplab', description='DeepLab models for aerial imagery.'
    )
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, module in COMMANDS.items():
        summary = module.__doc__.splitlines()[0]
        module.add_arguments(commands.add_parser(name, help=summary, description=summary))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Only the project's own error class is caught: its message goes to standard error and no
    traceback is shown. Any other exception is a bug and keeps its traceback.

    Args:
        arguments: As on the command line, the command first; those of the process if None.

    Returns:
        The exit code: 0 done, 1 an error that the user can mend, 130 stopped by Ctrl-C; what a
        command returns otherwise. Usage errors leave through argparse with 2.
    """
    parsed = build_parser().parse_args(arguments)
    try:
        return COMMANDS[parsed.command].run(parsed) or OK
    except SegError as error:
        print(f'error: {plain_message(error)}', file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print('stopped by Ctrl-C', file=sys.stderr)
        return INTERRUPTED
