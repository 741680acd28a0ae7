"""``benchmarks`` is no installed package: its folder's parent is put on the path."""

from __future__ import annotations

import sys

from tests.conftest import REPO

if str(REPO) not in sys.path:
    sys.path.insert(0, str(REPO))
