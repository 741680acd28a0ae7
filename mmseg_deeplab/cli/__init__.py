"""The command line ``mmseg-deeplab``; the scripts in tools/ call the same functions."""

from mmseg_deeplab.cli.main import main

__all__ = ['main']
