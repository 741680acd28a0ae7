"""A network run by onnxruntime, on the CPU.

Legend of shapes: B images, C bands, h, w pixels, K classes.
"""

from __future__ import annotations

from os import PathLike, fspath

import torch
from torch import Tensor

from mmseg_deeplab.inference.backends.choice import import_extra


class OnnxRuntimePredictor:
    """A :class:`Predictor` of onnxruntime's CPU provider, in float32.

    Args:
        model: Path of an ONNX file, or its content, with one input (B, C, h, w) and one output
            (B, K, h, w), batch, height and width free.
        threads: CPU threads; None takes as many as PyTorch has now.

    Raises:
        ConfigError: onnxruntime is missing.
    """

    def __init__(self, model: str | PathLike | bytes, *, threads: int | None = None) -> None:
        runtime = import_extra('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads() if threads is None else threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors; it warns of each constant that it folds
        content = model if isinstance(model, bytes) else fspath(model)
        self._session = runtime.InferenceSession(
            content, options, providers=['CPUExecutionProvider']
        )
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: Tensor) -> Tensor:
        """Logits of a batch.

        Shape:
            - batch: (B, C, h, w) float
            - returned: (B, K, h, w) float32, on the CPU
        """
        images = batch.detach().to('cpu', torch.float32).contiguous().numpy()
        return torch.from_numpy(self._session.run(None, {self._input: images})[0])
