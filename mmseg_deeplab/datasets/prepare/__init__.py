"""From the archives that a data set is published as to the folders that configs speak of.

Each module of a data set has a function ``plan``; :func:`~.conversion.convert` carries it out.
"""

from mmseg_deeplab.datasets.prepare.conversion import Result, convert, dry_run
from mmseg_deeplab.datasets.prepare.plan import Plan

__all__ = ['Plan', 'Result', 'convert', 'dry_run']
