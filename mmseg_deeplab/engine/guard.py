"""Stops training when the loss or a gradient is not finite, and names the files of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from mmseg_deeplab.engine.distributed import any_rank, gather
from mmseg_deeplab.utils.errors import TrainingError

_MOST_NAMES = 16


class _Record(NamedTuple):
    iteration: int
    files: tuple[str, ...]
    bad_loss: torch.Tensor
    bad_gradient: torch.Tensor


class FiniteGuard:
    """Looks at every loss and gradient, and raises before a bad update is applied or saved.

    At once (``deferred=False``): a look costs nothing on the CPU. Deferred, for GPUs: the
    verdicts stay on the device, where they mask the bad update; :meth:`settle` reads them all
    in one go, at the log interval and before a checkpoint is written, so no step waits for
    the device.

    Args:
        deferred: Keep the verdicts on the device until :meth:`settle`.
    """

    def __init__(self, deferred: bool = False) -> None:
        self.deferred = deferred
        self._iteration = 0
        self._files: tuple[str, ...] = ()
        self._records: list[_Record] = []

    def begin(self, iteration: int, batch: Any) -> None:
        """Note which batch the next loss belongs to.

        Args:
            iteration: From 1.
            batch: What the loader gave; the names are ``data_samples[i].img_path``.
        """
        self._iteration = iteration
        self._files = batch_files(batch)

    def check_loss(self, loss: torch.Tensor) -> None:
        """Look at a loss, before ``backward``.

        Args:
            loss: A scalar.

        Raises:
            TrainingError: Not deferred, and the loss is not finite in some process.
        """
        bad = ~torch.isfinite(loss.detach())
        if self.deferred:
            fine = torch.zeros_like(bad)
            self._records.append(_Record(self._iteration, self._files, bad, fine))
        elif any_rank(bool(bad)):
            raise _error(self._iteration, self._files, float(loss.detach()) if bad else None)

    def check_gradient(self, norm: torch.Tensor) -> None:
        """Look at the gradient's norm, before the optimiser's step.

        Args:
            norm: A scalar; the same in all processes, since gradients are averaged.

        Raises:
            TrainingError: Not deferred, and the norm is not finite.
        """
        bad = ~torch.isfinite(norm)
        if self.deferred and self._records:
            self._records[-1] = self._records[-1]._replace(bad_gradient=bad)
        elif not self.deferred and bool(bad):
            raise _error(self._iteration, self._files, None, gradient=True)

    def found_inf(self, since: int) -> torch.Tensor:
        """For a fused optimiser: 1 where any of the last verdicts is bad, else 0.

        Args:
            since: How many losses went into this update.

        Returns:
            A float32 scalar on the device.
        """
        last = self._records[-since:]
        verdicts = [flag for record in last for flag in (record.bad_loss, record.bad_gradient)]
        return torch.stack(verdicts).any().float()

    def settle(self) -> None:
        """Read the verdicts that are still on the device; every process must ask.

        Raises:
            TrainingError: One of them is bad; the first is named.
        """
        records, self._records = self._records, []
        if not records:
            return
        losses = torch.stack([record.bad_loss for record in records])
        either = losses | torch.stack([record.bad_gradient for record in records])
        bad = [k for k, flag in enumerate(either.tolist()) if flag]  # the one wait for the device
        firsts = gather(records[bad[0]].iteration if bad else None)
        found = [iteration for iteration in firsts if iteration is not None]
        if not found:
            return
        record = next((record for record in records if record.iteration == min(found)), records[0])
        value = float('nan') if bool(record.bad_loss) else None
        raise _error(record.iteration, record.files, value, gradient=bool(record.bad_gradient))


def _error(
    iteration: int, files: Sequence[str], value: float | None, gradient: bool = False
) -> TrainingError:
    """Build the same message in every process.

    Args:
        iteration: From 1.
        files: Of this process's batch.
        value: The loss, if it is this process's that is not finite.
        gradient: The gradient is not finite; it came from this batch among others.
    """
    reports = gather((value, tuple(files) if value is not None or gradient else ()))
    values = [value for value, _ in reports if value is not None]
    guilty = [files for value, files in reports if value is not None or not values]
    names = [name for part in guilty for name in part]
    what = f'the loss is {values[0]}' if values else 'a gradient is not finite'
    listed = ', '.join(names[:_MOST_NAMES]) or 'not known'
    more = f' and {len(names) - _MOST_NAMES} more' if len(names) > _MOST_NAMES else ''
    return TrainingError(
        f'iteration {iteration}: {what}; the update was not applied. Files of the batch: '
        f'{listed}{more}. Look at these images and labels, lower the learning rate or clip '
        'gradients (optim_wrapper.clip_grad), then go on from the last checkpoint with --resume'
    )


def batch_files(batch: Any) -> tuple[str, ...]:
    """The image files of a batch, as far as its samples name them.

    Args:
        batch: A dict with ``data_samples``, or anything else.
    """
    samples = batch.get('data_samples', ()) if isinstance(batch, dict) else ()
    names = (getattr(sample, 'img_path', None) for sample in samples)
    return tuple(str(name) for name in names if name is not None)
