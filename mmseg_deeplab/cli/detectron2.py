"""Train or test from a settings file of Detectron2's DeepLab, with the arguments of its train_net.

The original: ``train_net.py --config-file X.yaml --num-gpus 8 [--eval-only] [KEY VALUE ...]``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mmseg_deeplab.cli.processes import run_processes, tell_starter
from mmseg_deeplab.utils.errors import ConfigError, SegError

if TYPE_CHECKING:
    from mmengine.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``detectron2``."""
    parser.add_argument('--config-file', required=True, metavar='FILE', help='a .yaml file')
    parser.add_argument(
        '--resume', action='store_true', help='go on from the newest checkpoint of OUTPUT_DIR'
    )
    parser.add_argument(
        '--eval-only', action='store_true', help='test the weights that MODEL.WEIGHTS names'
    )
    parser.add_argument('--num-gpus', type=int, default=1, help='processes on this machine (1)')
    parser.add_argument('--num-machines', type=int, default=1, help='machines (1)')
    parser.add_argument(
        '--machine-rank', type=int, default=0, help='number of this machine, from 0'
    )
    parser.add_argument(
        '--dist-url', default='auto', help='tcp://HOST:PORT of the first machine, or auto for one'
    )
    parser.add_argument(
        'opts', nargs=argparse.REMAINDER, metavar='KEY VALUE', help="settings above the file's"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train or test; returns the exit code."""
    started = 'RANK' in os.environ  # by torchrun: ours, or the user's own
    processes = max(arguments.num_gpus, 1) * arguments.num_machines
    if started or processes == 1:
        try:
            return _work(arguments, 'pytorch' if processes > 1 else 'none')
        except SegError as error:
            if not tell_starter(error):
                raise
            return 1
    place = _place(arguments)
    _check_before_start(_config(arguments, processes), arguments)
    return run_processes(place, arguments.num_gpus, _words(arguments))


def _work(arguments: argparse.Namespace, launcher: str) -> int:
    from mmseg_deeplab.apis import test, train

    processes = None if launcher == 'pytorch' else 1
    config = _config(arguments, processes)
    if processes == 1:
        _check_devices(config, arguments.num_gpus)
    if arguments.eval_only:
        test(config, _weights(config, arguments), launcher=launcher, work_dir=config.work_dir)
    else:
        train(config, resume=arguments.resume, launcher=launcher, work_dir=config.work_dir)
    return 0


def _check_before_start(config: Config, arguments: argparse.Namespace) -> None:
    """Find here, once, what each of several processes would stumble over."""
    from mmseg_deeplab.config import check_config
    from mmseg_deeplab.engine.checkpoint import existing_file
    from mmseg_deeplab.hub import resolve_weights

    check_config(config)
    _check_devices(config, arguments.num_gpus)
    if arguments.eval_only:
        existing_file(_weights(config, arguments))
    elif config.load_from:
        existing_file(config.load_from)
    elif config.model.pretrained and not arguments.resume:
        resolve_weights(str(config.model.pretrained))


def _check_devices(config: Config, asked: int) -> None:
    """Compare ``--num-gpus`` with the machine; 0 means one process on the CPU."""
    import torch

    if asked < 0:
        raise ConfigError(f'--num-gpus must be 0 or more, got {asked}')
    if asked == 0:
        config.device = 'cpu'
        return
    present = torch.cuda.device_count()
    if config.get('device') == 'cpu':
        present, kind, hint = os.cpu_count() or 1, 'CPU cores', 'choose fewer'
    else:
        kind, hint = 'GPUs', 'choose fewer, or add MODEL.DEVICE cpu for processes on the CPU'
    if asked > 1 and present < asked:
        raise ConfigError(f'--num-gpus {asked}, but this machine has {present} {kind}; {hint}')


def _weights(config: Config, arguments: argparse.Namespace) -> str:
    """The model to test; never the weights that its backbone starts from."""
    if not config.load_from:
        got = f', got those of a backbone ({start})' if (start := config.model.pretrained) else ''
        raise ConfigError(
            f'{arguments.config_file}: --eval-only needs weights of a whole model{got}; add '
            'MODEL.WEIGHTS FILE'
        )
    return config.load_from


def _config(arguments: argparse.Namespace, processes: int | None = None) -> Config:
    """The file with the options.

    Args:
        arguments: Of the command.
        processes: That will share a batch; as the environment tells if None.
    """
    from mmseg_deeplab.config import foreign_config, load_config
    from mmseg_deeplab.config.foreign_yaml import read_yaml
    from mmseg_deeplab.config.foreign_yaml.detectron2 import recognises
    from mmseg_deeplab.config.foreign_yaml.detectron2_tree import with_options

    path = Path(arguments.config_file).expanduser()
    if not path.is_file():
        raise ConfigError(f'config file {path} does not exist')
    tree = read_yaml(path)
    if not isinstance(tree, dict) or not recognises(tree):
        raise ConfigError(f'{path}: must be a settings file of Detectron2, got something else')
    words = [word for word in arguments.opts if word != '--']
    outside = os.environ.get('WORLD_SIZE')
    if processes is not None:
        os.environ['WORLD_SIZE'] = str(processes)
    try:
        return load_config(foreign_config(with_options(tree, words), path))
    finally:
        if outside is not None:
            os.environ['WORLD_SIZE'] = outside
        elif processes is not None:
            del os.environ['WORLD_SIZE']


def _place(arguments: argparse.Namespace) -> list[str]:
    """Where the processes find each other, as arguments of torchrun."""
    if arguments.num_machines == 1 and arguments.dist_url == 'auto':
        return ['--standalone']
    host, _, port = arguments.dist_url.removeprefix('tcp://').rpartition(':')
    if not host or not port.isdigit():
        raise ConfigError(
            '--dist-url must be tcp://HOST:PORT of the first machine for several, got '
            f'{arguments.dist_url!r}'
        )
    place = ['--nnodes', str(arguments.num_machines), '--master_addr', host]
    return [*place, '--node_rank', str(arguments.machine_rank), '--master_port', port]


def _words(arguments: argparse.Namespace) -> list[str]:
    """This command once more, for each process."""
    words = ['--config-file', arguments.config_file, '--num-gpus', str(arguments.num_gpus)]
    words += ['--num-machines', str(arguments.num_machines)]
    words += ['--resume'] * arguments.resume + ['--eval-only'] * arguments.eval_only
    return ['detectron2', *words, *arguments.opts]
