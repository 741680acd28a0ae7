"""Draw curves from logs of runs and sum up their times."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``analyze-logs``."""
    parser.add_argument(
        'json_logs',
        nargs='+',
        metavar='LOG',
        help='log.jsonl, vis_data/scalars.json or .log.json of MMSegmentation, or a work folder',
    )
    parser.add_argument(
        '--keys', nargs='+', default=['mIoU'], help='what to draw: mIoU, loss, lr, ... (mIoU)'
    )
    parser.add_argument('--title', help='above the curves')
    parser.add_argument('--legend', nargs='+', metavar='NAME', help='a name for each curve')
    parser.add_argument('--backend', help="Matplotlib's, for the window")
    parser.add_argument(
        '--style',
        default='dark',
        choices=('dark', 'darkgrid', 'white', 'whitegrid', 'ticks'),
        help='background and grid (dark)',
    )
    parser.add_argument('--out', metavar='FILE', help='save the curves: .png, .svg or .pdf')


def run(arguments: argparse.Namespace) -> int:
    """Draw and sum up; returns the exit code."""
    from mmseg_deeplab.apis.log_analysis import analyze_logs

    if arguments.backend is not None:
        _use(arguments.backend)
    found = analyze_logs(
        arguments.json_logs,
        arguments.keys,
        out=arguments.out,
        show=arguments.out is None,
        title=arguments.title,
        legend=arguments.legend,
        style=arguments.style,
    )
    for summary in found:
        print('\n'.join(summary.lines()))
    if arguments.out is not None:
        print(f'curves are in {arguments.out}')
    return 0


def _use(backend: str) -> None:
    import matplotlib

    from mmseg_deeplab.utils.errors import ConfigError

    try:
        matplotlib.use(backend)
    except (ImportError, ValueError) as error:
        raise ConfigError(f'--backend {backend}: Matplotlib cannot use it ({error})') from error
