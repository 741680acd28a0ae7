"""What is said of the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from mmseg_deeplab.utils import cores


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    cores.processor.cache_clear()
    yield
    cores.processor.cache_clear()


def test_linux_tells_name_and_instruction_sets(monkeypatch):
    text = 'processor\t: 0\nmodel name\t: Good CPU: 2nd\nflags\t\t: fpu avx2\n\nprocessor\t: 1\n'
    monkeypatch.setattr(Path, 'read_text', lambda path, encoding: text)
    assert cores.processor() == ('Good CPU: 2nd', {'fpu', 'avx2'})


@pytest.mark.parametrize('told', ['Intel64 Family 6', ''])
def test_other_systems_tell_a_name_or_an_architecture(told, monkeypatch):
    def there_is_none(path, encoding):
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, 'read_text', there_is_none)
    monkeypatch.setattr(platform, 'processor', lambda: told)
    monkeypatch.setattr(platform, 'machine', lambda: 'arm64')
    assert cores.processor() == (told or 'arm64', frozenset())


def test_some_core_is_usable():
    assert 1 <= cores.usable_cores() <= (os.cpu_count() or 1)
