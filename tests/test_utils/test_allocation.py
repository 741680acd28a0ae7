"""Asking the C library to keep freed memory does no harm where it cannot be asked."""

from __future__ import annotations

import subprocess
import sys

from mmseg_deeplab.utils import allocation


def test_it_is_set_in_a_process_of_its_own():
    code = 'from mmseg_deeplab.utils.allocation import keep_freed_memory as k; print(k(), k())'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.split() in (['True', 'True'], ['False', 'False'])


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocation.sys, 'platform', 'win32')
    assert allocation.keep_freed_memory() is False
    monkeypatch.setattr(allocation.sys, 'platform', 'linux')
    monkeypatch.setattr(allocation.ctypes, 'CDLL', lambda name: object())
    assert allocation.keep_freed_memory() is False
