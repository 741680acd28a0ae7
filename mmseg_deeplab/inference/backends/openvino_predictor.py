"""A network compiled by OpenVINO, for the CPU.

Legend of shapes: B images, C bands, h, w pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmseg_deeplab.inference.backends.choice import import_extra

if TYPE_CHECKING:
    from pathlib import Path

    import openvino

_HINTS = {'fp32': 'f32', 'bf16': 'bf16', 'int8': 'f32'}  # int8: of the layers left in float


class OpenVINOPredictor:
    """A :class:`Predictor` of OpenVINO's CPU plugin.

    One image is computed by all threads together. Of several images in one call each is computed
    by a stream of its own, as many at a time as OpenVINO finds best for the threads; the logits
    of an image do not depend on what else is in the batch. Each of the two ways is compiled when
    it is first needed.

    It does not serve several Python threads at a time.

    Args:
        model: A file (``.onnx``, or OpenVINO's ``.xml``), the content of an ONNX file, or an
            OpenVINO model; with one input (B, C, h, w) and one output (B, K, h, w), batch,
            height and width free.
        precision: ``'fp32'``; ``'bf16'``; ``'int8'`` says that the model was quantised.
        threads: CPU threads; None takes as many as PyTorch has now.

    Raises:
        ConfigError: OpenVINO is missing.

    Attributes:
        computes: The precision in which the model is computed: ``'fp32'`` in place of ``'bf16'``
            on a CPU that has neither AMX nor AVX512-BF16.
    """

    def __init__(
        self,
        model: str | Path | bytes | openvino.Model,
        *,
        precision: str = 'fp32',
        threads: int | None = None,
    ) -> None:
        self._openvino = import_extra('openvino')
        self._core = self._openvino.Core()
        self._model = model if hasattr(model, 'inputs') else self._core.read_model(model)
        self._threads = torch.get_num_threads() if threads is None else threads
        self.computes = precision
        if precision == 'bf16' and not has_bf16(self._core):
            self.computes = 'fp32'
        self._single: openvino.CompiledModel | None = None
        self._queue: openvino.AsyncInferQueue | None = None

    def __call__(self, batch: Tensor) -> Tensor:
        """Logits of a batch.

        Shape:
            - batch: (B, C, h, w) float
            - returned: (B, K, h, w) float32, on the CPU
        """
        images = batch.detach().to('cpu', torch.float32).contiguous().numpy()
        if len(images) > 1 and self._threads > 1:
            parts = self._in_streams([images[index : index + 1] for index in range(len(images))])
        else:
            if self._single is None:
                self._single = self._compile('LATENCY')
            # one image at a time: with one thread a batch is no faster, and needs more memory
            parts = [
                self._tensor(self._single(images[index : index + 1], share_inputs=True)[0])
                for index in range(len(images))
            ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _in_streams(self, images: list) -> list[Tensor]:
        if self._queue is None:
            self._queue = self._openvino.AsyncInferQueue(self._compile('THROUGHPUT'))
            self._queue.set_callback(self._keep)
        parts: list[Tensor | None] = [None] * len(images)
        for index, image in enumerate(images):
            self._queue.start_async(image, userdata=(parts, index), share_inputs=True)
        self._queue.wait_all()
        return parts

    def _keep(self, request: openvino.InferRequest, place: tuple[list, int]) -> None:
        parts, index = place
        parts[index] = self._tensor(request.get_output_tensor(0).data)

    @staticmethod
    def _tensor(logits: object) -> Tensor:
        return torch.from_numpy(logits).clone()  # the runtime writes the next image's over them

    def _compile(self, hint: str) -> openvino.CompiledModel:
        settings = {
            'PERFORMANCE_HINT': hint,
            'INFERENCE_PRECISION_HINT': _HINTS[self.computes],
            'INFERENCE_NUM_THREADS': self._threads,
            # pinned threads of two processes would share the first cores and leave the others idle
            'ENABLE_CPU_PINNING': False,
        }
        return self._core.compile_model(self._model, 'CPU', settings)


def has_bf16(core: openvino.Core | None = None) -> bool:
    """Whether this CPU multiplies bfloat16 numbers (AMX or AVX512-BF16).

    Args:
        core: OpenVINO's core; None makes one.
    """
    core = import_extra('openvino').Core() if core is None else core
    return 'BF16' in core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
