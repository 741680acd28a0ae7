"""How files of weights are named; without heavy imports, so that the command line can ask."""

from __future__ import annotations

PTH, SAFETENSORS = 'pth', 'safetensors'
FORMATS = (PTH, SAFETENSORS)  # that a model can be published in
SAFETENSORS_SUFFIX = f'.{SAFETENSORS}'
