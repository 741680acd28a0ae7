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


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that change what the config file says."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOption,
        metavar='KEY=VALUE',
        help='change the config, e.g. train_dataloader.batch_size=2 model.test_cfg.mode=slide; '
        'lists as [a,b], nothing as None',
    )
    parser.add_argument(
        '--data-root', metavar='DIR', help='folder of the data set, in place of data_root'
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments on where a run takes place."""
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for logs and checkpoints (work_dirs/CONFIG)'
    )
    parser.add_argument(
        '--device', help='cpu, cuda, cuda:1 or mps; the best one present if not given'
    )
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='what started the processes of a distributed run',
    )
    # old launchers pass the rank as an argument, torchrun in the environment
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def note_local_rank(arguments: argparse.Namespace) -> None:
    """Put the rank that an old launcher passed as an argument where torchrun puts it."""
    os.environ.setdefault('LOCAL_RANK', str(arguments.local_rank))
