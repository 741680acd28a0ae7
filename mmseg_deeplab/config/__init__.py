"""Configs: read a file with its bases, apply options, refuse what is misspelt."""

from mmseg_deeplab.config.check import check_config
from mmseg_deeplab.config.load import find_config, foreign_config, load_config
from mmseg_deeplab.config.normalize import normalize_config
from mmseg_deeplab.config.options import apply_options, parse_option, set_data_root
from mmseg_deeplab.config.rewrite import rewrite_config

__all__ = [
    'apply_options',
    'check_config',
    'find_config',
    'foreign_config',
    'load_config',
    'normalize_config',
    'parse_option',
    'rewrite_config',
    'set_data_root',
]
