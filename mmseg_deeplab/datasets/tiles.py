"""Pictures of 8 bits as small compressed chunks: exact, quick to decode, read window by window.

A file holds squares of pixels, each compressed by itself. Within a square the planes of colours
lie apart, blue and red as differences from green, and rows as differences from the row above,
except for every sixteenth. That makes a photo about as small as a PNG does; undoing it takes
whole rows at a time, and Zstandard decompresses ten times as fast as PNG's deflate. Or squares are
stored as they are, for whom disk is cheaper than time.

Legend: ``H, W`` pixels, ``C`` channels, ``h, w`` pixels of a chunk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from mmseg_deeplab.datasets.packed import mapped
from mmseg_deeplab.datasets.rasters import Raster, WindowLike, cut
from mmseg_deeplab.utils.errors import ConfigError, DataError

MAGIC = b'\x93MMTILE1'
SIDE = 512  # pixels of a chunk's side; with 256 a tile of 1024 takes a third longer to read
CODECS = {'zlib': 0, 'zstd': 1, 'raw': 2}
_HEAD = struct.Struct('<8sBBBxIIHH')
_ROWS = 16  # rows that build on one another
_MOST_BYTES = 1 << 34
_PALETTE = 3 * 256  # bytes


class TileHead(NamedTuple):
    """What stands in front of the chunks.

    Attributes:
        codec: A value of :data:`CODECS`.
        filtered: 1 where rows and colours are differences.
        palette: 1 where the values are indices into a palette, which follows the head.
        height: In pixels.
        width: In pixels.
        channels: C, 1 or more.
        side: Pixels of a chunk's side; less at the right and the lower edge.
    """

    codec: int
    filtered: int
    palette: int
    height: int
    width: int
    channels: int
    side: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of chunks."""
        return -(-self.height // self.side), -(-self.width // self.side)


def best_codec() -> str:
    """``'zstd'`` where the package zstandard is installed, else ``'zlib'``."""
    try:
        import zstandard  # noqa: F401
    except ImportError:
        return 'zlib'
    return 'zstd'


def encode_tile(
    array: np.ndarray,
    *,
    codec: str | None = None,
    palette: np.ndarray | None = None,
    side: int = SIDE,
) -> bytes:
    """Compress a picture; nothing is lost.

    Args:
        array: (H, W) or (H, W, C) uint8; three channels are BGR.
        codec: ``'zstd'``, ``'zlib'`` or ``'raw'``; None takes :func:`best_codec`.
        palette: (256, 3) uint8 RGB where the values are indices into it.
        side: Pixels of a chunk's side, up to 65535.

    Raises:
        DataError: The array is not of that kind, or empty.
        ConfigError: The codec is not installed.
    """
    array = array[:, :, None] if array.ndim == 2 else array
    if array.dtype != np.uint8 or array.ndim != 3 or not array.size:
        raise DataError(f'only pictures of 8 bits can be stored, got {array.dtype} {array.shape}')
    codec = codec or best_codec()
    if codec not in CODECS:
        raise ConfigError(f'codec must be one of {", ".join(CODECS)}, got {codec!r}')
    squares = [
        array[y : y + side, x : x + side]
        for y in range(0, array.shape[0], side)
        for x in range(0, array.shape[1], side)
    ]
    if codec == 'raw':
        filtered, chunks = 0, [_with_sum(square.tobytes()) for square in squares]
    else:
        compress = _compressor(codec)
        tried = [[compress(_planes(each, how).tobytes()) for each in squares] for how in (0, 1)]
        sizes = [sum(map(len, chunks)) for chunks in tried]
        filtered = int(sizes[1] < sizes[0])
        chunks = tried[filtered]
    head = _HEAD.pack(MAGIC, CODECS[codec], filtered, palette is not None, *array.shape, side)
    head += b'' if palette is None else np.asarray(palette, dtype=np.uint8).tobytes()
    head += np.array([len(chunk) for chunk in chunks], dtype='<u4').tobytes()
    return b''.join([head, struct.pack('<I', zlib.crc32(head)), *chunks])


def read_tile(path: str, content: bytes | None, window: WindowLike | None) -> Raster:
    """Read a picture; from a path only the chunks that the window touches.

    Args:
        path: A file, or the address of a packed one; read if ``content`` is None.
        content: All bytes of the file.
        window: ``(y0, y1, x0, x1)`` in pixels, or None for all.

    Returns:
        (H, W, C) uint8; three channels as a view in the order red, green, blue.

    Raises:
        DataError: The file is damaged; each chunk carries a checksum.
        ConfigError: It is compressed by Zstandard, which is not installed.
    """
    if content is not None:
        return _decode(memoryview(content), path, window)
    with mapped(path) as view:
        return _decode(view, path, window)


def _decode(view: memoryview, path: str, window: WindowLike | None) -> Raster:
    head, starts = _read_head(view, path)
    cut(np.empty((head.height, head.width, 0)), window, path)  # refuses a window outside
    top, bottom, left, right = window or (0, head.height, 0, head.width)
    array = np.empty((bottom - top, right - left, head.channels), dtype=np.uint8)
    decompress = _decompressor(head.codec, path)
    side, columns = head.side, head.grid[1]
    for row in range(top // side, -(-bottom // side)):
        for column in range(left // side, -(-right // side)):
            y0, x0 = row * side, column * side
            y1, x1 = min(y0 + side, head.height), min(x0 + side, head.width)
            number = row * columns + column
            size = (y1 - y0) * (x1 - x0) * head.channels
            data = decompress(view[starts[number] : starts[number + 1]], size)
            inside = (max(y0, top), min(y1, bottom), max(x0, left), min(x1, right))
            into = array[inside[0] - top : inside[1] - top, inside[2] - left : inside[3] - left]
            part = slice(inside[0] - y0, inside[1] - y0), slice(inside[2] - x0, inside[3] - x0)
            if head.codec == CODECS['raw']:
                into[...] = data.reshape(y1 - y0, x1 - x0, head.channels)[part]
            else:
                planes = data.reshape(head.channels, y1 - y0, x1 - x0)
                _restore(planes, head.filtered, into, part)
    palette = None
    if head.palette:
        palette = np.array(np.frombuffer(view, np.uint8, _PALETTE, _HEAD.size)).reshape(-1, 3)
    return Raster(array[:, :, ::-1] if head.channels == 3 else array, palette=palette)


def _read_head(view: memoryview, path: str) -> tuple[TileHead, list[int]]:
    """The head, and where each chunk begins and the last one ends."""
    damaged = f'{path}: the picture is damaged'
    if len(view) < _HEAD.size or bytes(view[: len(MAGIC)]) != MAGIC:
        raise DataError(f'{damaged} (its head is missing); pack it again')
    head = TileHead(*_HEAD.unpack(view[: _HEAD.size])[1:])
    if not (head.side and head.channels and head.height and head.width):
        raise DataError(f'{damaged} (a size is 0); pack it again')
    chunks = head.grid[0] * head.grid[1]
    table = _HEAD.size + _PALETTE * head.palette
    end = table + 4 * chunks
    too_large = head.height * head.width * head.channels > _MOST_BYTES or end + 4 > len(view)
    if too_large or zlib.crc32(view[:end]) != struct.unpack('<I', view[end : end + 4])[0]:
        raise DataError(f"{damaged} (its head's checksum does not fit); pack it again")
    lengths = np.frombuffer(view[table:end], dtype='<u4').astype(np.int64)
    starts = (end + 4 + np.concatenate([[0], np.cumsum(lengths)])).tolist()
    if starts[-1] != len(view):
        raise DataError(f'{damaged} ({len(view)} of {starts[-1]} bytes); pack it again')
    return head, starts


def _planes(part: np.ndarray, filtered: int) -> np.ndarray:
    """(C, h, w) of (h, w, C), as differences if ``filtered``."""
    planes = np.array(part.transpose(2, 0, 1), order='C')
    if not filtered:
        return planes
    if len(planes) == 3:
        planes[::2] -= planes[1]
    rows = planes.copy()
    rows[:, 1:] -= planes[:, :-1]
    rows[:, ::_ROWS] = planes[:, ::_ROWS]
    return rows


def _restore(
    planes: np.ndarray, filtered: int, into: np.ndarray, part: tuple[slice, slice]
) -> None:
    """Undo :func:`_planes` and put the part that is wanted where it belongs."""
    planes = (_summed(planes) if filtered else planes)[(slice(None), *part)]
    if len(planes) == 3:
        cv2.merge(list(planes), into)
    else:
        into[...] = planes.transpose(1, 2, 0)


def _summed(rows: np.ndarray) -> np.ndarray:
    planes = np.empty_like(rows)
    planes[:, ::_ROWS] = rows[:, ::_ROWS]
    for row in range(1, min(_ROWS, rows.shape[1])):
        # this row of all groups at once
        upon = planes[:, row::_ROWS]
        before = planes[:, row - 1 :: _ROWS][:, : upon.shape[1]]
        np.add(before, rows[:, row::_ROWS], out=upon)
    if len(planes) == 3:
        planes[::2] += planes[1]
    return planes


def _compressor(codec: str) -> Callable[[bytes], bytes]:
    if codec == 'zstd':
        return _zstandard().ZstdCompressor(level=1, write_checksum=True).compress

    def compress(data: bytes) -> bytes:
        # photos gain next to nothing by a search for repeats, which takes the most time
        packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
        long = packer.compress(data) + packer.flush()
        return min(long, zlib.compress(data, 6), key=len)

    return compress


def _decompressor(codec: int, path: str) -> Callable[[memoryview, int], np.ndarray]:
    """From a chunk and its number of bytes to those bytes; both codecs keep a checksum."""
    failure, unpack = _unpacker(codec, path)

    def decompress(chunk: memoryview, size: int) -> np.ndarray:
        try:
            data = unpack(chunk, size)
        except failure:
            data = b''
        if len(data) != size:
            raise DataError(
                f'{path}: the picture is damaged (a chunk does not fit its checksum); pack it again'
            )
        return np.frombuffer(data, dtype=np.uint8)

    return decompress


def _with_sum(data: bytes) -> bytes:
    """Bytes behind the sum of their 64-bit words, a checksum that takes no time to look at."""
    return struct.pack('<Q', _sum(data)) + data


def _by_sum(chunk: memoryview, size: int) -> memoryview | bytes:
    fits = len(chunk) >= 8 and struct.unpack('<Q', chunk[:8])[0] == _sum(chunk[8:])
    return chunk[8:] if fits else b''


def _sum(data: bytes | memoryview) -> int:
    words = len(data) // 8
    total = int(np.frombuffer(data, '<u8', words).sum()) + sum(data[8 * words :])
    return total % (1 << 64)


def _unpacker(codec: int, path: str) -> tuple[type[Exception], Callable[[memoryview, int], bytes]]:
    """What decompresses, never to more than was said, and the error that it raises."""
    if codec == CODECS['zlib']:

        def by_zlib(chunk: memoryview, size: int) -> bytes:
            stream = zlib.decompressobj()
            data = stream.decompress(chunk, size + 1)
            return data if stream.eof else b''

        return zlib.error, by_zlib
    if codec == CODECS['raw']:
        return ValueError, _by_sum
    if codec != CODECS['zstd']:
        raise DataError(f'{path}: compressed in a way ({codec}) that this version does not know')
    zstandard = _zstandard()
    reader = zstandard.ZstdDecompressor()

    def by_zstd(chunk: memoryview, size: int) -> bytes:
        return reader.decompress(chunk) if zstandard.frame_content_size(chunk) == size else b''

    return zstandard.ZstdError, by_zstd


def _zstandard():  # noqa: ANN202 - a module
    try:
        import zstandard
    except ImportError as error:
        raise ConfigError('this needs Zstandard: pip install zstandard') from error
    return zstandard
