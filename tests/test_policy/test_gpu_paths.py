"""Paths that need a device or a system this project was not run on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .source import REPO


@pytest.mark.slow
def test_status_page_is_current():
    run = subprocess.run(
        [sys.executable, 'tools/make_status.py', '--check'],
        capture_output=True, text=True, cwd=REPO,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.windows
def test_package_imports_on_windows():
    """Anything at all on Windows."""
    from mmseg_deeplab.registry import MODELS

    assert MODELS.get('EncoderDecoder').__module__.startswith('mmseg_deeplab')


@pytest.mark.macos
def test_package_imports_on_macos():
    """Anything at all on macOS, and Apple's MPS device."""
    from mmseg_deeplab.registry import MODELS

    assert MODELS.get('EncoderDecoder').__module__.startswith('mmseg_deeplab')
