"""What the program that started this process says of its fellows, before any group is formed."""

from __future__ import annotations

import os

# of Open MPI; of MPICH and Intel MPI
_MPI_SIZES = ('OMPI_COMM_WORLD_SIZE', 'PMI_SIZE')
_RANKS = ('RANK', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'SLURM_PROCID')
_SIZES = ('WORLD_SIZE', *_MPI_SIZES, 'SLURM_NTASKS')


def started_by_mpi() -> bool:
    """Whether ``mpirun`` has started this process and others beside it."""
    return _first(_MPI_SIZES, 1) > 1


def started_rank() -> int:
    """This process's number among those that a launcher has started; 0 without one."""
    return _first(_RANKS, 0)


def started_processes() -> int:
    """How many processes a launcher has started; 1 without one."""
    return _first(_SIZES, 1)


def _first(names: tuple[str, ...], default: int) -> int:
    found = (os.environ[name] for name in names if os.environ.get(name, '').isdigit())
    return int(next(found, default))
