"""Published weights: which there are, and getting one from the first place that has it."""

from mmseg_deeplab.hub.backbones import resolve_weights
from mmseg_deeplab.hub.catalogue import Row, catalogue, find_exact, find_model
from mmseg_deeplab.hub.fetching import fetch, fetch_log

__all__ = ['Row', 'catalogue', 'fetch', 'fetch_log', 'find_exact', 'find_model', 'resolve_weights']
