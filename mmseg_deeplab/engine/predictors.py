"""Let another runtime, or another precision, compute a segmentor's logits.

Legend of shapes: N images, C bands, H, W pixels, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmseg_deeplab.engine.model_store import ModelStore
from mmseg_deeplab.inference import Predictor, TorchPredictor
from mmseg_deeplab.inference.backends import (
    EngineChoice,
    OnnxRuntimePredictor,
    OpenVINOPredictor,
    check_export,
    export_onnx,
    fingerprint,
)
from mmseg_deeplab.inference.backends.choice import import_extra
from mmseg_deeplab.inference.backends.export import first_line
from mmseg_deeplab.utils.errors import ConfigError, DataError
from mmseg_deeplab.utils.files import write_bytes
from mmseg_deeplab.utils.log import get_logger

ONNX_FILE = 'model.onnx'
INT8_FILE = 'model.xml'


def attach_predictor(
    model: nn.Module, choice: EngineChoice, *, store: ModelStore | None = None
) -> None:
    """Let what was chosen compute a model's logits from now on; the log says what that is.

    The model's windows, views, preprocessing and the way back to the image's size stay as they
    are. Training is not touched. The exported network is kept in the cache.

    Args:
        model: A segmentor with ``network`` and ``predictor``, or a wrapper around one (test-time
            augmentation, several processes); in ``eval`` mode, on the CPU where another runtime
            is chosen.
        choice: The plain one takes a predictor away.
        store: Where exported models are kept; None takes the one in the cache folder.

    Raises:
        ConfigError: A package is missing, the model cannot be exported, its class does not ask
            for a predictor, or int8 is chosen and was not prepared.
    """
    segmentor = find_segmentor(model)
    segmentor.predictor = None
    if choice.is_plain:
        return
    if not choice.is_exported:
        device = next(segmentor.parameters()).device
        predictor: Predictor = TorchPredictor(segmentor.compute_logits, dtype=torch.bfloat16)
        said = f'PyTorch computes the logits in bf16 (autocast) on {device}'
        if device.type == 'cpu' and not _fast_bf16():
            said += '; this CPU has neither AMX nor AVX512-BF16, so it is slower than fp32'
    else:
        predictor, said = _exported(segmentor, choice, store or ModelStore())
        predictor = _WhileUnchanged(predictor, segmentor, choice.backend)
    _check_is_asked(segmentor)
    segmentor.predictor = predictor
    get_logger().info(said)


def find_segmentor(model: nn.Module) -> nn.Module:
    """The segmentor inside a model's wrappers.

    Args:
        model: A segmentor, or something with one as its ``module``.

    Raises:
        ConfigError: There is none that can be given a predictor.
    """
    inner = model
    while not hasattr(inner, 'compute_logits') and isinstance(
        getattr(inner, 'module', None), nn.Module
    ):
        inner = inner.module
    for name in ('network', 'predictor', 'compute_logits'):
        if not hasattr(inner, name):
            raise ConfigError(
                f'{type(inner).__name__} has no {name}, so no other backend can compute for it; '
                "use backend='torch' and precision='fp32', or derive the class from EncoderDecoder"
            )
    return inner


def store_key(network: nn.Module, choice: EngineChoice) -> str:
    """The store's key of a network's exported model.

    Args:
        network: The float network.
        choice: An exported backend and its precision.

    Raises:
        ConfigError: The backend is not installed.
    """
    version = import_extra(choice.backend).__version__
    return fingerprint(network, (choice.backend, version, choice.precision))


def _fast_bf16() -> bool:
    """Whether PyTorch multiplies bfloat16 numbers on this CPU faster than float32 ones."""
    names = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
    asks = [getattr(torch.cpu, name, None) for name in names]
    return any(ask is None or ask() for ask in asks)  # what cannot be asked is not blamed


def _exported(
    segmentor: nn.Module, choice: EngineChoice, store: ModelStore
) -> tuple[Predictor, str]:
    version = import_extra(choice.backend).__version__.split('-')[0]
    network = segmentor.network
    begun = time.perf_counter()
    if choice.precision == 'int8':
        predictor, facts = _quantised(network, choice, store)
    else:
        predictor, facts = _floating(segmentor, network, choice, store)
    seconds = time.perf_counter() - begun
    said = (
        f'{choice.backend} {version} computes the logits in {facts} on the CPU, '
        f'{torch.get_num_threads()} threads (ready in {seconds:.1f} s)'
    )
    return predictor, said


def _floating(
    segmentor: nn.Module, network: nn.Module, choice: EngineChoice, store: ModelStore
) -> tuple[Predictor, str]:
    def predictor_of(model: Any) -> Predictor:
        if choice.backend == 'onnxruntime':
            return OnnxRuntimePredictor(model)
        return OpenVINOPredictor(model, precision=choice.precision)

    def make(folder: Path) -> Mapping[str, Any]:
        content = export_onnx(network)
        error = check_export(
            network, segmentor.compute_logits, predictor_of(content), choice.precision
        )
        write_bytes(folder / ONNX_FILE, content)
        get_logger().info(
            f'exported the network for {choice.backend}; largest difference from PyTorch on noise: '
            f"{error:.1e} of the logits' deviation"
        )
        return {'network': type(network).__name__, 'error': error}

    folder = store.find_or_make(store_key(network, choice), make)
    predictor = predictor_of(folder / ONNX_FILE)
    computes = getattr(predictor, 'computes', choice.precision)
    if computes != choice.precision:
        computes += f' (this CPU has neither AMX nor AVX512-BF16 for {choice.precision})'
    return predictor, computes


def _quantised(
    network: nn.Module, choice: EngineChoice, store: ModelStore
) -> tuple[Predictor, str]:
    key = store_key(network, choice)
    folder = store.find(key)
    if folder is None:
        raise ConfigError(
            'precision int8 needs a model that was quantised for these weights, and there is none '
            f'in {store.root}; make it with: mmseg-deeplab quantize CONFIG CHECKPOINT'
        )
    facts = store.facts(key)
    said = f'int8 ({facts["images"]} calibration images'
    if not math.isnan(facts['after']):  # as it is while that is being measured
        said += f'; mIoU {facts["before"]:.2f} before, {facts["after"]:.2f} after'
    return OpenVINOPredictor(folder / INT8_FILE, precision='int8'), f'{said})'


class _WhileUnchanged:
    """Another runtime's predictor, with errors that a user can act on.

    It refuses to go on when the weights that it was made of have changed.
    """

    def __init__(self, predictor: Predictor, segmentor: nn.Module, backend: str) -> None:
        self.predictor = predictor
        self.backend = backend
        self._weights = [*segmentor.parameters(), *segmentor.buffers()]
        self._before = self._changes()

    def __call__(self, batch: Tensor) -> Tensor:
        if self._changes() != self._before:
            raise ConfigError(
                f"the model's weights changed after they were exported for {self.backend}; call "
                'attach_predictor again, or init_model with the new checkpoint'
            )
        try:
            return self.predictor(batch)
        except Exception as error:  # of the runtimes' own many classes
            raise DataError(
                f'{self.backend} cannot compute images {tuple(batch.shape)}: '
                f"{first_line(error)}; backend='torch' may take them, or say more"
            ) from error

    def _changes(self) -> int:
        # PyTorch counts what is written into a tensor
        return sum(0 if weight.is_inference() else weight._version for weight in self._weights)


def _check_is_asked(segmentor: nn.Module) -> None:
    """Refuse a user's class whose own methods go past the predictor, without a word."""

    class Asked(Exception):
        pass

    def ask(batch: Tensor) -> Tensor:
        raise Asked

    weight = next(value for value in segmentor.state_dict().values() if value.ndim == 4)
    images = torch.zeros((1, weight.shape[1], 64, 64), device=weight.device)
    segmentor.predictor = ask
    try:
        with torch.no_grad():
            segmentor.inference(images, None)
    except Asked:
        return
    finally:
        segmentor.predictor = None
    raise ConfigError(
        f'{type(segmentor).__name__}.inference does not call encode_decode of EncoderDecoder, so '
        "no other backend can compute for it; use backend='torch' and precision='fp32'"
    )
