"""Another runtime, or another precision, for the length of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook

from mmseg_deeplab.engine.model_store import ModelStore
from mmseg_deeplab.engine.predictors import attach_predictor
from mmseg_deeplab.inference.backends import EngineChoice
from mmseg_deeplab.registry import HOOKS


@HOOKS.register_module()
class PredictorHook(Hook):
    """Let another runtime compute the logits of a test; see :func:`attach_predictor`.

    Args:
        backend: ``'torch'``, ``'openvino'`` or ``'onnxruntime'``.
        precision: ``'fp32'``, ``'bf16'`` or ``'int8'``, as far as the backend has it.
        store: Folder of the exported models; None takes the one in the cache folder.

    Raises:
        ConfigError: They do not go together.
    """

    priority = 'VERY_LOW'  # after the hooks that change the weights for the test, as EMA's

    def __init__(
        self, backend: str = 'openvino', precision: str = 'fp32', store: str | None = None
    ) -> None:
        self.choice = EngineChoice(backend, precision)
        self.store = ModelStore(None if store is None else Path(store))

    def before_test_epoch(self, runner: Any) -> None:
        """Attach the predictor.

        Args:
            runner: Its model has its weights, and is in ``eval`` mode here.
        """
        runner.model.eval()
        attach_predictor(runner.model, self.choice, store=self.store)

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Give the model back its own layers.

        Args:
            runner: The runner.
            metrics: Not needed.
        """
        attach_predictor(runner.model, EngineChoice())
