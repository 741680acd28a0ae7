"""Make files for others of a checkpoint: no optimiser, the hash in the name, a model card."""

from __future__ import annotations

import argparse

from mmseg_deeplab.utils.weight_formats import FORMATS, PTH


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``publish``."""
    parser.add_argument('in_file', help='checkpoint file')
    parser.add_argument(
        'out_file', help='path that the names begin with, or a folder (date and hash are added)'
    )
    parser.add_argument(
        '--format',
        nargs='+',
        choices=FORMATS,
        default=(PTH,),
        help=f'what to write ({PTH})',
    )
    parser.add_argument(
        '--scores',
        metavar='FILE',
        help='metrics.json of a test, for the card; the last validation if not given',
    )
    parser.add_argument('--no-card', action='store_true', help='write no model card')


def run(arguments: argparse.Namespace) -> int:
    """Publish; returns the exit code."""
    from mmseg_deeplab.apis import publish_model

    written = publish_model(
        arguments.in_file,
        arguments.out_file,
        formats=arguments.format,
        scores=arguments.scores,
        card=not arguments.no_card,
    )
    print('\n'.join(map(str, written)))
    return 0
