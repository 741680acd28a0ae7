"""No maps of logits where nobody reads them."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from mmseg_deeplab.engine.snapshot import unwrapped
from mmseg_deeplab.registry import HOOKS

_READ_CLASSES_ONLY = ('mmseg_deeplab', 'mmengine')


@HOOKS.register_module()
class ClassesOnlyHook(Hook):
    """Lets predictions be class ids without ``seg_logits``, which fill most of the memory.

    Done only where all metrics and hooks are this package's or MMEngine's, none of which reads
    logits in a plain validation or test; a user's own may. See ``PredictOptions.with_logits``.
    """

    def before_val(self, runner: Any) -> None:
        """Look at who will read the predictions.

        Args:
            runner: The runner.
        """
        _leave_logits_out(runner, runner.val_loop)

    def before_test(self, runner: Any) -> None:
        """As :meth:`before_val`.

        Args:
            runner: The runner.
        """
        _leave_logits_out(runner, runner.test_loop)


def _leave_logits_out(runner: Any, loop: Any) -> None:
    model = unwrapped(runner.model)
    readers = [loop, *runner.hooks, *getattr(loop.evaluator, 'metrics', ())]
    known = all(type(reader).__module__.split('.')[0] in _READ_CLASSES_ONLY for reader in readers)
    if known and hasattr(model, 'leave_logits_out'):  # test-time augmentation needs the logits
        model.leave_logits_out()
