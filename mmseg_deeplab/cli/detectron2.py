"""Train or test from a settings file of Detectron2's DeepLab, with the arguments of its train_net.

The original: ``train_net.py --config-file X.yaml --num-gpus 8 [--eval-only] [KEY VALUE ...]``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from mmseg_deeplab.utils.errors import ConfigError


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
    several = arguments.num_gpus * arguments.num_machines > 1
    if several and 'RANK' not in os.environ:
        return subprocess.call(_launch(arguments))
    from mmseg_deeplab.apis import test, train

    config = _config(arguments)
    launcher = 'pytorch' if several else 'none'
    if not arguments.eval_only:
        train(config, resume=arguments.resume, launcher=launcher, work_dir=config.work_dir)
        return 0
    weights = config.load_from or config.model.pretrained
    if not weights:
        raise ConfigError(
            f'{arguments.config_file}: --eval-only needs weights; add MODEL.WEIGHTS FILE'
        )
    test(config, weights, launcher=launcher, work_dir=config.work_dir)
    return 0


def _config(arguments: argparse.Namespace):
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
    return load_config(foreign_config(with_options(tree, words), path))


def _launch(arguments: argparse.Namespace) -> list[str]:
    """The command that starts this one in several processes."""
    place = ['--standalone']
    if arguments.num_machines > 1 or arguments.dist_url != 'auto':
        host, _, port = arguments.dist_url.removeprefix('tcp://').rpartition(':')
        if not host or not port.isdigit():
            raise ConfigError(
                '--dist-url must be tcp://HOST:PORT of the first machine for several, got '
                f'{arguments.dist_url!r}'
            )
        place = ['--nnodes', str(arguments.num_machines), '--master_addr', host]
        place += ['--node_rank', str(arguments.machine_rank), '--master_port', port]
    words = ['--config-file', arguments.config_file, '--num-gpus', str(arguments.num_gpus)]
    words += ['--num-machines', str(arguments.num_machines)]
    words += ['--resume'] * arguments.resume + ['--eval-only'] * arguments.eval_only
    return [
        *(sys.executable, '-m', 'torch.distributed.run', *place),
        *('--nproc_per_node', str(arguments.num_gpus), '-m', 'mmseg_deeplab.cli', 'detectron2'),
        *(*words, *arguments.opts),
    ]
