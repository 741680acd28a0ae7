"""Ctrl-C and SIGTERM: finish the iteration, agree over all processes, save, and stop."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist

from mmseg_deeplab.engine.distributed import control_group
from mmseg_deeplab.utils.log import get_logger

_SAME_PRESS = 1.0  # seconds: torchrun passes a Ctrl-C on that the terminal has sent already


class TrainingInterrupted(SystemExit):
    """Training was stopped by a signal, after a checkpoint was saved.

    Left alone it ends the program with the shell's code for the signal.

    Args:
        number: The signal's number; the exit code is 128 plus it (130 Ctrl-C, 143 SIGTERM).
        message: What was saved and how to go on.
    """

    def __init__(self, number: int, message: str = '') -> None:
        super().__init__(128 + number)
        self.message = message

    def __str__(self) -> str:
        return self.message


class StopRequest:
    """Catches SIGINT and SIGTERM inside a ``with`` block and remembers them.

    A second Ctrl-C stops at once, without saving. Outside the main thread, where Python
    allows no handlers, it does nothing.
    """

    def __init__(self) -> None:
        self.number = 0  # of the signal, once there was one
        self._at = 0.0
        self._previous: dict[int, Any] = {}
        self._vote: tuple[torch.Tensor, Any] | None = None

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
        if self._vote is not None and exception[0] is None:
            self._vote[1].wait()
        self._vote = None

    def agreed(self) -> int:
        """The number of the signal to stop for, the same in all processes; 0 to go on.

        With several processes each call starts a vote and returns the result of the one
        before, so that no process waits for another. All must call equally often.
        """
        group = control_group()
        if group is None:
            return self.number
        number = 0
        if self._vote is not None:
            ballot, work = self._vote
            work.wait()
            number = int(ballot.item())
        ballot = torch.tensor([self.number])
        work = dist.all_reduce(ballot, op=dist.ReduceOp.MAX, group=group, async_op=True)
        self._vote = (ballot, work)
        return number

    def _remember(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        again = self.number == signal.SIGINT == number and now - self._at > _SAME_PRESS
        if again:
            raise KeyboardInterrupt
        if not self.number:
            self.number, self._at = number, now
            name = signal.Signals(number).name
            get_logger().warning(
                f'{name}: saving a checkpoint after this iteration, then stopping'
                + ('; press Ctrl-C again to stop at once' if number == signal.SIGINT else '')
            )
