"""A reader of pickled arrays that cannot call anything, because it has no way to.

A pickle is a small program. PyTorch's and Python's unpicklers run it and look up what it names.
Here its instructions are read one by one, and the few that plain containers and numpy arrays
need are followed by this file's own code; a name is a text to be compared, never looked up.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from mmseg_deeplab.utils.errors import CheckpointError

_MARK = object()
_KINDS = {'b1', *(f'{kind}{size}' for kind in 'iu' for size in (1, 2, 4, 8)), 'f2', 'f4', 'f8'}
_NUMPY = ('numpy.core', 'numpy._core')  # before and since numpy 2
_ALLOWED = frozenset(
    {
        *(f'{home}.multiarray {name}' for home in _NUMPY for name in ('_reconstruct', 'scalar')),
        *(f'{home}.numeric _frombuffer' for home in _NUMPY),
        *('numpy ndarray', 'numpy dtype', 'collections OrderedDict'),
        *('_codecs encode', '__builtin__ bytes', 'builtins bytes', '__builtin__ bytearray'),
        'builtins bytearray',
    }
)
_VALUES = frozenset(
    {
        *('BININT', 'BININT1', 'BININT2', 'INT', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'BINFLOAT'),
        *('STRING', 'BINSTRING', 'SHORT_BINSTRING', 'UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE'),
        *('BINUNICODE8', 'BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8', 'BYTEARRAY8'),
    }
)
_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}


class _Refused(Exception):
    """The file asks for something that no file of arrays needs."""


class _Malformed(Exception):
    """The instructions make no sense."""


@dataclass(frozen=True)
class _Name:
    text: str


@dataclass
class _Type:
    """A number format in the making: its name, then its byte order."""

    kind: str
    order: str = '='

    def dtype(self) -> np.dtype:
        if self.kind not in _KINDS:
            raise _Refused(f'an array of {self.kind!r}, not of plain numbers')
        order = '<' if self.order in '<=|' else '>'
        return np.dtype(order + self.kind)


@dataclass
class _Array:
    """An array in the making: filled by the instruction after its creation."""

    value: np.ndarray | None = None


def read_arrays(path: str | Path) -> Any:
    """What a pickle of plain containers and numpy arrays holds.

    Args:
        path: A pickle of any protocol, written by Python 2 or 3 and any numpy.

    Returns:
        Dicts, lists, tuples, numbers, text (Python 2's byte strings as latin-1) and arrays of
        booleans, integers and floats in the machine's byte order.

    Raises:
        CheckpointError: It is truncated, is no pickle, or holds or names anything else.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f'{path}: cannot be read ({error.strerror}); check it') from error
    try:
        return _finished(_Machine().run(content), {})
    except _Refused as error:
        raise CheckpointError(
            f'{path}: refused, because it holds {error}; a weight file needs nothing but arrays '
            'and plain containers, so take it only from its original address'
        ) from error
    except Exception as error:  # broken bytes stumble in many ways; nothing was run
        raise CheckpointError(
            f'{path}: truncated, or no pickle of arrays ({_reason(error, content)}); fetch it again'
        ) from error


def _reason(error: Exception, content: bytes) -> str:
    if isinstance(error, (_Malformed, ValueError)):
        return str(error)
    return 'a text' if content.isascii() else 'its instructions make no sense'


class _Machine:
    """Follows the instructions that containers and arrays need."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for code, argument, _ in pickletools.genops(BytesIO(content)):
            name = code.name
            if name == 'STOP':
                return self._pop()
            if name in _VALUES:
                self.stack.append(argument)
            elif name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name.startswith(('EMPTY_DICT', 'EMPTY_LIST', 'EMPTY_TUPLE')):
                self.stack.append({'D': dict, 'L': list, 'T': tuple}[name[6]]())
            elif 'PUT' in name or name == 'MEMOIZE':
                self.memo[len(self.memo) if argument is None else int(argument)] = self._top()
            elif 'GET' in name:
                self.stack.append(self.memo[int(argument)])
            elif name not in ('PROTO', 'FRAME'):
                self._follow(name, argument)
        raise _Malformed('it has no end')

    def _follow(self, name: str, argument: Any) -> None:
        if name == 'MARK':
            self.stack.append(_MARK)
        elif name == 'POP':
            self._pop()
        elif name in ('GLOBAL', 'STACK_GLOBAL'):
            self.stack.append(_allowed_name(argument or ' '.join(self._take(2))))
        elif name in ('TUPLE1', 'TUPLE2', 'TUPLE3'):
            self.stack.append(tuple(self._take(int(name[-1]))))
        elif name in ('TUPLE', 'LIST', 'DICT'):
            items = self._since_mark()
            made = {'TUPLE': tuple, 'LIST': list, 'DICT': _pairs}[name](items)
            self.stack.append(made)
        elif name in ('APPEND', 'APPENDS'):
            items = self._take(1) if name == 'APPEND' else self._since_mark()
            _of_type(self._top(), list).extend(items)
        elif name in ('SETITEM', 'SETITEMS'):
            items = self._take(2) if name == 'SETITEM' else self._since_mark()
            _of_type(self._top(), dict).update(_pairs(items))
        elif name == 'REDUCE':
            function, arguments = self._take(2)
            self.stack.append(_made(_of_type(function, _Name).text, _of_type(arguments, tuple)))
        elif name == 'BUILD':
            target, state = self._take(2)
            self.stack.append(_built(target, state))
        else:
            raise _Refused(f'the instruction {name}')

    def _top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _Malformed('a value is missing')
        return self.stack[-1]

    def _pop(self) -> Any:
        value = self._top()
        self.stack.pop()
        return value

    def _take(self, count: int) -> list[Any]:
        return [self._pop() for _ in range(count)][::-1]

    def _since_mark(self) -> list[Any]:
        taken = []
        while self.stack and self.stack[-1] is not _MARK:
            taken.append(self.stack.pop())
        if not self.stack:
            raise _Malformed('a mark is missing')
        self.stack.pop()
        return taken[::-1]


def _allowed_name(name: str) -> _Name:
    if name not in _ALLOWED:
        raise _Refused(f'{name.replace(" ", ".")}, which loading it as a pickle would call')
    return _Name(name)


def _made(name: str, arguments: tuple) -> Any:
    """What a call stands for."""
    kind = name.split()[1]
    if kind == '_reconstruct':
        return _Array()
    if kind == 'dtype':
        return _Type(str(arguments[0]))
    if kind == 'scalar':
        return _array(_of_type(arguments[0], _Type), (), arguments[1], column_major=False)
    if kind == '_frombuffer':
        data, number_type, shape, order = arguments
        return _array(_of_type(number_type, _Type), shape, data, column_major=order == 'F')
    if kind == 'OrderedDict':
        return dict(arguments[0]) if arguments else {}
    if kind == 'encode':
        return _bytes(arguments[0])
    if kind in ('bytes', 'bytearray'):
        return _bytes(arguments[0]) if arguments else b''
    raise _Refused(f'a call of {name.replace(" ", ".")}')


def _built(target: Any, state: Any) -> Any:
    """A thing in the making after its state is known."""
    state = _of_type(state, tuple)
    if isinstance(target, _Type):
        target.order = str(state[1])
    elif isinstance(target, _Array):
        _, shape, number_type, column_major, data = state
        filled = _array(_of_type(number_type, _Type), shape, data, column_major=column_major)
        target.value = filled.value
    else:
        raise _Refused(f'a state for {type(target).__name__}')
    return target


def _array(number_type: _Type, shape: Any, data: Any, *, column_major: bool) -> _Array:
    dtype, shape, content = number_type.dtype(), _of_type(shape, tuple), _bytes(data)
    if not all(type(side) is int and side >= 0 for side in shape):
        raise _Malformed(f'an array of shape {shape}')
    if math.prod(shape) * dtype.itemsize != len(content):
        raise _Malformed(f'an array of shape {shape} and {len(content)} bytes of {dtype}')
    values = np.frombuffer(content, dtype).reshape(shape, order='F' if column_major else 'C')
    return _Array(np.array(values, dtype.newbyteorder('='), order='C'))


def _bytes(text: Any) -> bytes:
    """Bytes, or the text that stands for them in the older protocols."""
    if isinstance(text, str):
        return text.encode('latin-1')
    return bytes(_of_type(text, (bytes, bytearray)))


def _pairs(items: list[Any]) -> dict[Any, Any]:
    for key in items[::2]:
        _of_type(key, (str, bytes, int))
    return dict(zip(items[::2], items[1::2], strict=True))


def _of_type(value: Any, kinds: Any) -> Any:
    if not isinstance(value, kinds):
        raise _Malformed(f'a {type(value).__name__} in a wrong place')
    return value


def _finished(value: Any, done: dict[int, Any]) -> Any:
    """The value with finished arrays in place of those in the making.

    Args:
        value: As the instructions left it.
        done: Containers by identity, so that one that is named many times is walked once.
    """
    if isinstance(value, _Array):
        if value.value is None:
            raise _Malformed('an array without content')
        return value.value
    if isinstance(value, (_Name, _Type)):
        raise _Refused(f'a {type(value).__name__.strip("_").lower()} as a value')
    if not isinstance(value, (dict, list, tuple)):
        return value
    if id(value) in done:
        if done[id(value)] is _MARK:
            raise _Refused('a container that holds itself')
        return done[id(value)]
    done[id(value)] = _MARK
    if isinstance(value, dict):
        finished = {key: _finished(item, done) for key, item in value.items()}
    else:
        finished = type(value)(_finished(item, done) for item in value)
    done[id(value)] = finished
    return finished
