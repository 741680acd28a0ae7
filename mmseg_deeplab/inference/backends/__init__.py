"""Other runtimes that compute a network's logits: OpenVINO and onnxruntime."""

from mmseg_deeplab.inference.backends.choice import BACKENDS, PRECISIONS, EngineChoice
from mmseg_deeplab.inference.backends.export import check_export, export_onnx
from mmseg_deeplab.inference.backends.fingerprint import fingerprint
from mmseg_deeplab.inference.backends.onnxruntime_predictor import OnnxRuntimePredictor
from mmseg_deeplab.inference.backends.openvino_predictor import OpenVINOPredictor, has_bf16

__all__ = [
    'BACKENDS',
    'EngineChoice',
    'OnnxRuntimePredictor',
    'OpenVINOPredictor',
    'PRECISIONS',
    'check_export',
    'export_onnx',
    'fingerprint',
    'has_bf16',
]
