"""Convert a weight file of another DeepLab system to a checkpoint of this one, or back."""

from __future__ import annotations

import argparse

from mmseg_deeplab.cli.arguments import add_cfg_options

FORMATS = ('detectron2', 'mindspore', 'caffe', 'deeplab_pytorch', 'composer')
# what goes back keeps its file's usual name
_BACK = ('detectron2', 'mindspore', 'deeplab_pytorch', 'composer')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``convert-weights``."""
    parser.add_argument(
        'source', help='weight file, its address, or its name in the catalogue of published files'
    )
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--from', dest='wanted', choices=FORMATS, help='refuse files of any other format'
    )
    parser.add_argument(
        '--to',
        choices=_BACK,
        help='the way back: SOURCE is a checkpoint of ours, OUT gets the names of that system',
    )
    for name in _BACK:
        parser.add_argument(
            f'--to-{name.replace("_", "-")}', dest='to', action='store_const', const=name,
            help=argparse.SUPPRESS,
        )  # fmt: skip
    parser.add_argument(
        '--config', '-c', help='config that the weights are for; found by their names if not given'
    )
    parser.add_argument('--overwrite', action='store_true', help='replace a file that is there')
    add_cfg_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Convert; returns the exit code."""
    from mmseg_deeplab.apis import convert_weights, export_weights

    if arguments.to is not None:
        print(
            export_weights(
                arguments.source,
                arguments.out,
                system=arguments.to,
                config=arguments.config,
                cfg_options=arguments.cfg_options,
                overwrite=arguments.overwrite,
            )
        )
        return 0
    done = convert_weights(
        arguments.source,
        arguments.out,
        wanted=arguments.wanted,
        config=arguments.config,
        cfg_options=arguments.cfg_options,
        overwrite=arguments.overwrite,
    )
    what = 'model' if done.part == 'model' else 'backbone of the model'
    print(
        f'{done.path}: {done.entries} entries from {done.found} of {done.system}, '
        f'for the {what} of {done.config}'
    )
    return 0
