"""Parse a command, run it, turn the user's errors into a message and an exit code."""

from __future__ import annotations

import argparse
import os
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
    convert_weights,
    deeplab_pytorch,
    demo,
    detectron2,
    download,
    get_flops,
    inspect_checkpoint,
    pack,
    predict,
    print_config,
    publish,
    submit_loveda,
    test,
    test_table,
    train,
)
from mmseg_deeplab.cli.arguments import option_in_front
from mmseg_deeplab.utils.errors import SegError, plain_message
from mmseg_deeplab.utils.log import end_open_line
from mmseg_deeplab.utils.processes import started_by_mpi
from mmseg_deeplab.version import __version__

OK, USER_ERROR, INTERRUPTED = 0, 1, 130
COMMANDS = {
    'train': train,
    'test': test,
    'test-table': test_table,
    'predict': predict,
    'demo': demo,
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
    'pack': pack,
    'convert-config': convert_config,
    'convert-weights': convert_weights,
    'detectron2': detectron2,
    'deeplab-pytorch': deeplab_pytorch,
}
# positional arguments that the tools of other DeepLab systems take as options
AS_OPTIONS = {
    ('train',): ('-c', '--config'),
    ('test',): ('-c', '--config'),
    ('convert', 'voc_trainaug'): ('--data_root', '--data-root'),
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
    words = list(sys.argv[1:] if arguments is None else arguments)
    for command, names in AS_OPTIONS.items():
        if tuple(words[: len(command)]) == command:
            words = option_in_front(words, len(command), names)
    if started_by_mpi():  # mpirun gives each process a terminal, whatever its own output is
        os.environ.setdefault('NO_COLOR', '1')
    parsed = build_parser().parse_args(words)
    try:
        return COMMANDS[parsed.command].run(parsed) or OK
    except SegError as error:
        end_open_line()
        print(f'error: {plain_message(error)}', file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        end_open_line()
        print('stopped by Ctrl-C', file=sys.stderr)
        return INTERRUPTED
