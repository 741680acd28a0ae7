"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any


class ConfigOption(argparse.Action):
    """Collects ``KEY=VALUE`` words into a dict of dotted keys and values.

    The option may be given more than once; see :func:`mmseg_deeplab.config.parse_option` for
    how a value is read.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str] | Any,
        option_string: str | None = None,
    ) -> None:
        """Called by argparse with the words after ``--cfg-options``."""
        from mmseg_deeplab.config import parse_option

        options = dict(getattr(namespace, self.dest) or {})
        for word in values:
            key, equals, value = word.partition('=')
            if not equals or not key:
                parser.error(f'{option_string} wants KEY=VALUE, got {word!r}')
            options[key] = parse_option(value)
        setattr(namespace, self.dest, options)


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the config; :func:`option_in_front` brings one given as an option to this place."""
    parser.add_argument(
        'config',
        help='config file, also of another DeepLab system, or the name of one that is shipped',
    )
    parser.add_argument(
        '-c',
        '--config',
        dest='config_as_option',
        metavar='CONFIG',
        default=argparse.SUPPRESS,
        help='the same, as an option',
    )


def option_in_front(words: Sequence[str], at: int, names: Sequence[str]) -> list[str]:
    """A command line with an option's value brought to where it is a positional argument.

    Args:
        words: The command first.
        at: Where the value belongs.
        names: Of the option, as ``-c`` and ``--config``.
    """
    words = list(words)
    front = words[:at]
    for place, word in enumerate(words[at:], at):
        option, equals, value = word.partition('=')
        if option in names and option.startswith('--') and equals:
            return [*front, value, *words[at:place], *words[place + 1 :]]
        if word in names and place + 1 < len(words):
            return [*front, words[place + 1], *words[at:place], *words[place + 2 :]]
    return words


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOption,
        metavar='KEY=VALUE',
        help='change the config, e.g. train_dataloader.batch_size=2 model.test_cfg.mode=slide; '
        'lists as [a,b], nothing as None',
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that change what the config file says."""
    add_cfg_options(parser)
    parser.add_argument(
        '--data-root', metavar='DIR', help='folder of the data set, in place of data_root'
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', help='cpu, cuda, cuda:1 or mps; the best one if not given')


def add_explain_speed(parser: argparse.ArgumentParser) -> None:
    """Add ``--explain-speed``."""
    parser.add_argument(
        '--explain-speed',
        action='store_true',
        help='print which fast ways to compute this machine gets, and why',
    )


def explain_speed(arguments: argparse.Namespace) -> None:
    """Print it where ``--explain-speed`` was given; looks at ``--device`` as well."""
    if arguments.explain_speed:
        from mmseg_deeplab.engine.distributed import pick_device
        from mmseg_deeplab.engine.fast_paths import explain

        backend = getattr(arguments, 'backend', 'torch')
        print(explain(pick_device(arguments.device if backend == 'torch' else 'cpu')))


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add ``--backend``, ``--precision`` and ``--amp``."""
    parser.add_argument(
        '--backend',
        default='torch',
        choices=('torch', 'openvino', 'onnxruntime'),
        help='what computes the logits (torch); the others on the CPU, exported on first use',
    )
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument(
        '--precision',
        default='fp32',
        choices=('fp32', 'bf16', 'int8'),
        help='in which precision (fp32); int8 after mmseg-deeplab quantize',
    )
    precision.add_argument(
        '--amp', dest='precision', action='store_const', const='bf16', help='as --precision bf16'
    )


def add_aug_test(parser: argparse.ArgumentParser) -> None:
    """Add ``--aug-test``."""
    parser.add_argument(
        '--aug-test',
        '--tta',
        action='store_true',
        help='several scales and flips, mean of the probabilities',
    )


def add_crf(parser: argparse.ArgumentParser) -> None:
    """Add ``--crf`` and ``--crf-jobs``."""
    parser.add_argument(
        '--crf', action='store_true', help='refine the predictions with a dense CRF (slow)'
    )
    parser.add_argument(
        '--crf-jobs', type=int, metavar='N', help='images it works on at a time (all cores)'
    )


def add_prediction_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments on how images are predicted."""
    add_aug_test(parser)
    add_device(parser)
    parser.add_argument('--batch-size', type=int, default=1, help='images in one pass (1)')
    add_cfg_options(parser)


def add_views(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose the views of an image and the network's output stride."""
    parser.add_argument(
        '--scales',
        type=float,
        nargs='+',
        metavar='FACTOR',
        help='test at these scales, mean of the probabilities, e.g. 0.5 0.75 1.0 1.25 1.75',
    )
    parser.add_argument(
        '--flip', action='store_true', help='at each scale the mirror image as well'
    )
    parser.add_argument(
        '--output-stride',
        '--output_stride',
        type=int,
        choices=(8, 16),
        help='of the backbone, where it has the setting; the weights are the same',
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments on where a run takes place."""
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for logs and checkpoints (work_dirs/CONFIG)'
    )
    add_device(parser)
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        help='what started the processes of a distributed run (mpi under mpirun, else none)',
    )
    # old launchers pass the rank as an argument, torchrun in the environment
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def note_local_rank(arguments: argparse.Namespace) -> None:
    """Put the rank that an old launcher passed as an argument where torchrun puts it."""
    os.environ.setdefault('LOCAL_RANK', str(arguments.local_rank))
