"""What the message hub is told about the run and about every step."""

from __future__ import annotations

from typing import Any

import mmengine
from mmengine.hooks import RuntimeInfoHook as BaseRuntimeInfoHook

from mmseg_deeplab.registry import HOOKS


@HOOKS.register_module()
class RuntimeInfoHook(BaseRuntimeInfoHook):
    """MMEngine's ``RuntimeInfoHook`` that does not wait for a GPU after every step.

    On a GPU the losses reach the message hub at the log interval.
    """

    def before_run(self, runner: Any) -> None:
        """Note the config, the seed and the versions.

        Args:
            runner: The runner.
        """
        runner.message_hub.update_info_dict(
            dict(
                cfg=runner.config_text,
                seed=runner.seed,
                experiment_name=runner.experiment_name,
                mmengine_version=mmengine.__version__,
            )
        )
        self.last_loop_stage = None

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Pass on the step's losses and the gradient's norm.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Names to tensors.
        """
        scalars = {f'train/{key}': value for key, value in (outputs or {}).items()}
        norm = getattr(runner.optim_wrapper, 'last_grad_norm', None)
        if norm is not None:
            scalars[f'train/{runner.optim_wrapper.grad_name}'] = norm
            runner.optim_wrapper.last_grad_norm = None
        runner.scalars.add(scalars)
