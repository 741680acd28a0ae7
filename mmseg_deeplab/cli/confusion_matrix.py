"""Draw a confusion matrix from saved predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg_deeplab.cli.arguments import add_config_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``confusion-matrix``."""
    parser.add_argument('config', help='config file, or the name of one that is shipped')
    parser.add_argument(
        'prediction_path', help='folder of `test --out`, or a confusion_matrix.csv of `test`'
    )
    parser.add_argument('save_dir', help='folder for the matrix as picture and table')
    parser.add_argument('--show', action='store_true', help='open the picture in a window')
    parser.add_argument(
        '--color-theme', default='winter', metavar='NAME', help='colour map of Matplotlib (winter)'
    )
    parser.add_argument('--title', default='Normalized Confusion Matrix', help='above the picture')
    parser.add_argument(
        '--label-offset',
        type=int,
        default=0,
        metavar='N',
        help='what was added to the class ids in the PNGs; 1 for those of MMSegmentation where '
        'reduce_zero_label is set (0)',
    )
    add_config_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Count and draw; returns the exit code."""
    from mmseg_deeplab.apis.confusion import confusion_matrix

    report = confusion_matrix(
        arguments.config,
        arguments.prediction_path,
        arguments.save_dir,
        title=arguments.title,
        color_theme=arguments.color_theme,
        label_offset=arguments.label_offset,
        show=arguments.show,
        cfg_options=arguments.cfg_options,
        data_root=arguments.data_root,
    )
    picture = Path(arguments.save_dir) / 'confusion_matrix.png'
    print(report.class_table())
    print(f'written to {picture} and .csv')
    return 0
