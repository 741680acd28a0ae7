"""Asking the C library to keep freed memory does no harm where it cannot be asked."""

from __future__ import annotations

import subprocess
import sys

from mmseg_deeplab.utils import allocation


def test_it_is_set_in_a_process_of_its_own():
    code = (
        'from mmseg_deeplab.utils import allocation as a; keep = a.keep_freed_memory; '
        'print(keep(*a.WORKER_BYTES), keep(*a.NETWORK_BYTES))'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.split() in (['True', 'True'], ['False', 'False'])


def test_an_old_c_library_gets_what_it_takes(monkeypatch):
    given = []

    class Old:
        def mallopt(self, option, value):
            given.append((option, value))
            return int(value <= 32 << 20)

    monkeypatch.setattr(allocation.sys, 'platform', 'linux')
    monkeypatch.setattr(allocation.ctypes, 'CDLL', lambda name: Old())
    assert allocation.keep_freed_memory(1 << 30, 1 << 20)
    assert given == [(-3, 1 << 30), (-3, 32 << 20), (-1, 1 << 20)]


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(allocation.sys, 'platform', 'win32')
    assert allocation.keep_freed_memory(1, 1) is False
    monkeypatch.setattr(allocation.sys, 'platform', 'linux')
    monkeypatch.setattr(allocation.ctypes, 'CDLL', lambda name: object())
    assert allocation.keep_freed_memory(1, 1) is False
