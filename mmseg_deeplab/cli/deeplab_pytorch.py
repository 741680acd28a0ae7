"""The commands of deeplab-pytorch: train, test, crf, all three in a row, convert."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmseg_deeplab.cli.arguments import add_cfg_options

STEPS = {
    'train': 'train the model that a config describes',
    'test': 'score weights, and write the logits of each image',
    'crf': 'refine written logits by a dense CRF, and score them',
    'all': 'train, test the last checkpoint, crf',
}
_MODELS = 'data/models'  # where the package keeps weights
# data set -> the file of Caffe's, and its converted name beside it
CAFFE_FILES = {
    'voc12': (
        'voc12/deeplabv2_resnet101_msc/caffemodel/train2_iter_20000.caffemodel',
        'deeplabv2_resnet101_msc-vocaug.pth',
    ),
    'coco': (
        'coco/deeplabv1_resnet101/caffemodel/init.caffemodel',
        'deeplabv1_resnet101-coco.pth',
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``deeplab-pytorch``."""
    steps = parser.add_subparsers(dest='step', required=True, metavar='STEP')
    parsers = {
        name: steps.add_parser(name, help=summary, description=summary)
        for name, summary in STEPS.items()
    }
    for name, step in parsers.items():
        step.add_argument(
            '-c', '--config-path', required=True, help='its YAML file, or a config of this project'
        )
        if name != 'crf':
            step.add_argument(
                '--cuda', action='store_true', default=True, help='use a GPU if there is one'
            )
            step.add_argument('--cpu', dest='cuda', action='store_false', help='use no GPU')
        if name in ('train', 'all'):
            step.add_argument(
                '--resume', action='store_true', help='go on from the newest checkpoint'
            )
        if name in ('crf', 'all'):
            step.add_argument('-j', '--n-jobs', type=int, help='images at a time (all cores)')
            step.add_argument(
                '--less-mean',
                action='store_true',
                help='show the CRF the image less its mean, as the original does by mistake',
            )
        add_cfg_options(step)
    _add_convert(steps)
    test = parsers['test']
    test.add_argument('-m', '--model-path', required=True, help='weights')
    test.add_argument(
        '--no-logits', action='store_true', help='write the scores only; crf needs the logits'
    )


def _add_convert(steps: argparse._SubParsersAction) -> None:
    summary = "convert the Caffe weights of the paper's authors"
    convert = steps.add_parser('convert', help=summary, description=summary)
    convert.add_argument(
        '-d', '--dataset', required=True, choices=sorted(CAFFE_FILES), help='whose weights'
    )
    convert.add_argument(
        '--models', type=Path, default=Path(_MODELS), metavar='DIR', help=f'folder ({_MODELS})'
    )
    convert.add_argument('--overwrite', action='store_true', help='replace what is there')


def run(arguments: argparse.Namespace) -> int:
    """Do one step, or all; returns the exit code."""
    return _convert(arguments) if arguments.step == 'convert' else _run(arguments)


def _convert(arguments: argparse.Namespace) -> int:
    from mmseg_deeplab.apis import convert_weights

    source, name = CAFFE_FILES[arguments.dataset]
    source = arguments.models / source
    done = convert_weights(
        source, source.with_name(name), wanted='caffe', overwrite=arguments.overwrite
    )
    print(f'{done.path}: {done.entries} entries, for the model of {done.config}')
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from mmseg_deeplab.apis import train
    from mmseg_deeplab.apis.logit_files import crf_on_files, score_lines, test_to_files
    from mmseg_deeplab.engine.checkpoint import find_latest

    config, options, step = arguments.config_path, arguments.cfg_options, arguments.step
    device = None if getattr(arguments, 'cuda', True) else 'cpu'
    checkpoint = getattr(arguments, 'model_path', None)
    if step in ('train', 'all'):
        runner = train(config, resume=arguments.resume, device=device, cfg_options=options)
        checkpoint = find_latest(runner.work_dir)
    if step in ('test', 'all'):
        logits = not getattr(arguments, 'no_logits', False)
        scores = test_to_files(
            config, checkpoint, device=device, cfg_options=options, logits=logits
        )
        print(*score_lines(scores), sep='\n')
    if step in ('crf', 'all'):
        scores = crf_on_files(
            config,
            jobs=arguments.n_jobs,
            cfg_options=options,
            less_mean=arguments.less_mean,
        )
        print(*score_lines(scores, 'with CRF'), sep='\n')
    return 0
