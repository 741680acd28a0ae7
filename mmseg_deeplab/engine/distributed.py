"""Several processes: the device, the start of the process group, and agreement between ranks."""

from __future__ import annotations

import atexit
import datetime
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from mmengine.dist import get_dist_info

from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.utils.log import warn_once

_PORT = '29500'  # torch.distributed's default
_HINT = 'start it with tools/dist_train.sh, tools/slurm_train.sh or torchrun'
_control_group: tuple[Any, dist.ProcessGroup] | None = None  # and the group it belongs to


def pick_device(wanted: str | None = None) -> torch.device:
    """The device to compute on: the one asked for, else the best that is there.

    Args:
        wanted: ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'`` or None.

    Raises:
        ConfigError: The device is unknown or not there.
    """
    if wanted is None:
        if torch.cuda.is_available():
            return torch.device('cuda', _gpu_index())
        return torch.device('mps' if torch.backends.mps.is_available() else 'cpu')
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ConfigError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {wanted!r}") from error
    if device.type == 'cuda':
        if not torch.cuda.is_available():
            raise ConfigError(
                f'device {wanted!r} is not there: PyTorch sees no GPU; use --device cpu, or '
                'install a build of PyTorch for your GPU'
            )
        device = torch.device('cuda', _gpu_index() if device.index is None else device.index)
        if device.index >= torch.cuda.device_count():
            raise ConfigError(
                f'device {device} is not there: PyTorch sees {torch.cuda.device_count()} GPUs; '
                'start at most one process per GPU'
            )
    if device.type == 'mps' and not torch.backends.mps.is_available():
        raise ConfigError("device 'mps' is not there; use --device cpu")
    return device


def read_launcher(launcher: str, port: int | None = None) -> None:
    """Translate a launcher's environment variables into those of ``torch.distributed``.

    Args:
        launcher: ``'none'``, ``'pytorch'`` (torchrun), ``'slurm'`` or ``'mpi'``.
        port: Of rank 0, before ``MASTER_PORT`` and the default.

    Raises:
        ConfigError: The launcher is unknown or its environment variables are not there.
    """
    if launcher == 'none':
        return
    environments = {'pytorch': _torchrun, 'slurm': _slurm, 'mpi': _mpi}
    if launcher not in environments:
        raise ConfigError(f'launcher must be none, {", ".join(environments)}; got {launcher!r}')
    wanted = os.environ.get('MASTER_PORT') if port is None else str(port)
    os.environ.update(environments[launcher](wanted))


def start_process_group(device: torch.device, dist_cfg: Mapping[str, Any] | None = None) -> None:
    """Start ``torch.distributed``: NCCL on GPUs, else gloo; :func:`read_launcher` comes first.

    Does nothing where a group is running. MMEngine's own start needs a GPU.

    Args:
        device: What this process computes on.
        dist_cfg: ``backend``, ``timeout`` in seconds.
    """
    if dist.is_initialized():
        return
    options = dict(dist_cfg or {})
    on_gpu = device.type == 'cuda'
    backend = options.get('backend', 'nccl') if on_gpu else 'gloo'
    if not on_gpu and options.get('backend', 'nccl') not in ('gloo', 'nccl'):
        warn_once(f'process group: gloo is used on {device.type}, not {options["backend"]}')
    if on_gpu:
        torch.cuda.set_device(device)
    seconds = options.get('timeout')
    dist.init_process_group(
        backend,
        timeout=None if seconds is None else datetime.timedelta(seconds=float(seconds)),
        device_id=device if backend == 'nccl' else None,
    )
    # Gloo's threads abort a process that ends while they run.
    atexit.register(_leave)
    control_group()


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def control_group() -> dist.ProcessGroup | None:
    """A gloo group of all processes for small messages on the CPU; None for one process."""
    global _control_group
    if get_dist_info()[1] == 1:
        return None
    if _control_group is None or _control_group[0] is not dist.group.WORLD:
        # A group of its own, also beside gloo: votes stay apart from the gradients' traffic.
        _control_group = (dist.group.WORLD, dist.new_group(backend='gloo'))
    return _control_group[1]


def wait_for_all() -> None:
    """Return when every process has got here."""
    group = control_group()
    if group is not None:
        dist.barrier(group)


def any_rank(flag: bool) -> bool:
    """Whether the flag is set in at least one process; every process must ask."""
    group = control_group()
    if group is None:
        return flag
    vote = torch.tensor([int(flag)])
    dist.all_reduce(vote, op=dist.ReduceOp.MAX, group=group)
    return bool(vote.item())


def gather(value: Any) -> list[Any]:
    """The values of all processes, by rank; every process must ask."""
    group = control_group()
    if group is None:
        return [value]
    values: list[Any] = [None] * dist.get_world_size(group)
    dist.all_gather_object(values, value, group=group)
    return values


def _gpu_index() -> int:
    """This process's GPU; where a scheduler shows each process one GPU only, the first."""
    local = int(os.environ.get('LOCAL_RANK', 0))
    return 0 if torch.cuda.device_count() == 1 else local


def _required(launcher: str, *names: str) -> list[str]:
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ConfigError(f'launcher {launcher!r} needs {", ".join(missing)} to be set; {_HINT}')
    return [os.environ[name] for name in names]


def _torchrun(port: str | None) -> dict[str, str]:
    rank, world = _required('pytorch', 'RANK', 'WORLD_SIZE')
    return _environment(rank, world, os.environ.get('LOCAL_RANK', rank), None, port)


def _slurm(port: str | None) -> dict[str, str]:
    rank, world = _required('slurm', 'SLURM_PROCID', 'SLURM_NTASKS')
    nodes = os.environ.get('SLURM_STEP_NODELIST') or os.environ.get('SLURM_NODELIST', '')
    # Jobs that share a node must not share a port.
    job = int(os.environ.get('SLURM_JOB_ID', 0))
    port = port or (str(20000 + job % 20000) if job else None)
    return _environment(rank, world, os.environ.get('SLURM_LOCALID', '0'), _first(nodes), port)


def _mpi(port: str | None) -> dict[str, str]:
    if 'PMI_RANK' in os.environ:  # MPICH and Intel MPI
        rank, world = _required('mpi', 'PMI_RANK', 'PMI_SIZE')
        return _environment(rank, world, os.environ.get('MPI_LOCALRANKID', rank), None, port)
    rank, world = _required('mpi', 'OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE')
    local = os.environ.get('OMPI_COMM_WORLD_LOCAL_RANK', rank)
    several_nodes = os.environ.get('OMPI_COMM_WORLD_LOCAL_SIZE', world) != world
    if several_nodes and 'MASTER_ADDR' not in os.environ:
        raise ConfigError("launcher 'mpi' on several nodes needs MASTER_ADDR, the first's address")
    return _environment(rank, world, local, None, port)


def _environment(
    rank: str, world: str, local: str, address: str | None, port: str | None
) -> dict[str, str]:
    return {
        'RANK': rank,
        'WORLD_SIZE': world,
        'LOCAL_RANK': local,
        'MASTER_ADDR': os.environ.get('MASTER_ADDR') or address or '127.0.0.1',
        'MASTER_PORT': port or _PORT,
    }


def _first(nodes: str) -> str | None:
    """The first host of a Slurm node list such as ``gpu[03-05,09]``."""
    if not nodes:
        return None
    try:
        command = ['scontrol', 'show', 'hostnames', nodes]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        match = re.match(r'([^,\[]+)(?:\[([^\],-]+))?', nodes)
        return (match[1] + (match[2] or '')) if match else None
