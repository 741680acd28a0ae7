"""What a transfer says, on a terminal and elsewhere."""

from __future__ import annotations

import sys

from mmseg_deeplab.hub.progress import Progress, mebibytes


def test_lengths_for_people():
    assert [mebibytes(n) for n in (None, 0, 2**20 - 1, 3 * 2**19)] == [
        'unknown length', '0 bytes', '1048575 bytes', '1.5 MiB',
    ]  # fmt: skip


def test_lines_without_a_terminal(capsys):
    with Progress('a.pth', show=True) as progress:
        progress.start('host', 2**20, 2**22)
        progress.advance(2**20)
    with Progress('b.pth', show=False) as progress:
        progress.start('host', 0, 1)
    said = capsys.readouterr()
    assert said.err == 'a.pth: 4.0 MiB from host, from 1.0 MiB on\n' and said.out == ''


def test_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True)
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '100')
    with Progress('a.pth', show=True) as progress:
        progress.start('host', 2**20, 2**22)
        progress.advance(2**21)
    said = capsys.readouterr().err
    assert '3.0/4.0 MiB' in said and 'left' in said
