"""What a pickled file would call, read from its instructions without following them."""

from __future__ import annotations

import pickletools
import tarfile
import zipfile
from pathlib import Path
from typing import Any

_MOST_FILES = (
    4  # pickles in a row in a file of PyTorch before 1.6: magic, protocol, system, content
)

_MOST_BYTES = 1 << 27  # of one pickle in a zip archive, which may be a bomb


def pickle_names(path: str | Path) -> tuple[str, ...]:
    """The modules' names that unpickling a file would look up, sorted.

    Nothing is looked up or called here. A class of weights, such as
    ``torch._utils._rebuild_tensor_v2``, is as much a name as ``os.system``.

    Args:
        path: A ``.pth`` file of any age.

    Returns:
        ``module.name`` for each; empty for what holds no pickle. What a broken pickle names up to
        its break is there.
    """
    names: set[str] = set()
    for content in _pickles(Path(path)):
        _collect(content, names)
    return tuple(sorted(names))


def _pickles(path: Path) -> list[bytes]:
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                entries = [entry for entry in archive.infolist() if entry.filename.endswith('.pkl')]
                return [_start(archive, entry) for entry in entries]
        except (zipfile.BadZipFile, ValueError, OSError):  # a broken list of contents
            return []
    if tarfile.is_tarfile(path):  # PyTorch before 0.1.10
        return []
    with open(path, 'rb') as file:
        return [file.read()]


def _start(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    entry.CRC = None  # PyTorch does not look at it, so a wrong one must not hide what is named
    try:
        with archive.open(entry) as file:
            return file.read(_MOST_BYTES)
    except Exception:  # each kind of compression stumbles over broken bytes in its own way
        return b''


def _collect(content: bytes, names: set[str]) -> None:
    for _ in range(_MOST_FILES):
        end = 0
        texts: list[str] = []  # of the pickle so far, in the order in which they came
        memo: dict[int, str | None] = {}
        top: str | None = None  # what the last instruction left, if it is text
        try:
            for code, argument, place in pickletools.genops(content):
                end = place + 1
                if code.name in ('MEMOIZE', 'BINPUT', 'LONG_BINPUT', 'PUT'):
                    memo[len(memo) if argument is None else int(argument)] = top
                    continue
                top = _text(code.name, argument, memo)
                if top is not None:
                    texts.append(top)
                elif code.name in ('GLOBAL', 'INST'):
                    names.add(argument.replace(' ', '.'))
                elif code.name == 'STACK_GLOBAL':
                    names.add('.'.join(texts[-2:]))
        except Exception:  # genops stumbles in many ways over what is no pickle
            return
        content = content[end:]


def _text(code: str, argument: Any, memo: dict[int, str | None]) -> str | None:
    """The text that an instruction puts on the stack; None if it is something else."""
    if code in ('BINGET', 'LONG_BINGET', 'GET'):
        return memo.get(int(argument))
    return argument if isinstance(argument, str) and code.endswith(('UNICODE', 'STRING')) else None
