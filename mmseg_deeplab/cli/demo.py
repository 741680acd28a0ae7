"""Show what a model sees: one image, or a camera."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg_deeplab.cli.arguments import add_cfg_options, add_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``demo``."""
    ways = parser.add_subparsers(dest='way', required=True, metavar='single|live')
    text = 'one image: a figure with a panel for each class found'
    single = ways.add_parser('single', help=text, description=text)
    _add_shared(single)
    single.add_argument('-i', '--image-path', required=True, metavar='IMAGE', help='the image')
    single.add_argument(
        '--out', metavar='FILE', help='the figure (IMAGE_classes.png in this folder)'
    )
    single.add_argument('--show', action='store_true', help='open the figure in a window as well')
    text = 'a camera or video in a window, with the name of the class under the mouse'
    live = ways.add_parser('live', help=text, description=text)
    _add_shared(live)
    source = live.add_mutually_exclusive_group()
    source.add_argument('--camera-id', type=int, default=0, metavar='N', help='camera (0)')
    source.add_argument('--video', metavar='FILE', help='a video file in place of a camera')
    live.add_argument(
        '--size', type=int, metavar='PIXELS', help='bring the longer side of a frame to this first'
    )


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '-c', '--config', '--config-path', required=True,
        help='config file, or the name of one that is shipped',
    )  # fmt: skip
    parser.add_argument(
        '-m', '--checkpoint', '--model-path', required=True, metavar='FILE', help='checkpoint file'
    )
    parser.add_argument('--crf', action='store_true', help='refine with a dense CRF (slow)')
    parser.add_argument('--opacity', type=float, default=0.5, help='of the colours, 0 to 1 (0.5)')
    add_device(parser)
    parser.add_argument('--cuda', dest='device', action='store_const', const='cuda',
                        help='the same as --device cuda')  # fmt: skip
    parser.add_argument('--cpu', dest='device', action='store_const', const='cpu',
                        help='the same as --device cpu')  # fmt: skip
    add_cfg_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show; returns the exit code."""
    from mmseg_deeplab.apis.inference import init_model

    options = arguments.cfg_options
    model = init_model(arguments.config, arguments.checkpoint, arguments.device, options)
    return _single(model, arguments) if arguments.way == 'single' else _live(model, arguments)


def _single(model: object, arguments: argparse.Namespace) -> int:
    from mmseg_deeplab.apis.demo import demo_single
    from mmseg_deeplab.visualization import SegLocalVisualizer

    image = Path(arguments.image_path)
    out = arguments.out or f'{image.stem}_classes.png'
    figure, names = demo_single(model, image, out, crf=arguments.crf, opacity=arguments.opacity)
    print(f'{", ".join(names) or "no class"}: {out}')
    if arguments.show:
        SegLocalVisualizer().show(figure, win_name=image.name)
    return 0


def _live(model: object, arguments: argparse.Namespace) -> int:
    from mmseg_deeplab.apis.demo import demo_live

    source = arguments.camera_id if arguments.video is None else arguments.video
    frames = demo_live(
        model,
        source,
        title=Path(arguments.config).stem,
        crf=arguments.crf,
        opacity=arguments.opacity,
        size=arguments.size,
        report=lambda name: print(name, flush=True),
    )
    print(f'{frames} frames')
    return 0
