"""Pixels in compressed chunks: the same values, any size and window; damage is named."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.datasets import ColorTable, read_image, read_label
from mmseg_deeplab.datasets.prepare.pixel_store import image_tile, label_tile
from mmseg_deeplab.datasets.tiles import _HEAD, CODECS, encode_tile, read_tile
from mmseg_deeplab.utils.errors import ConfigError, DataError

SHAPES = [(1, 1, 3), (1, 40), (17, 33, 3), (50, 16, 1), (31, 65, 4), (16, 16)]


@pytest.fixture(params=sorted(CODECS))
def codec(request):
    if request.param == 'zstd':
        pytest.importorskip('zstandard', reason='needs Zstandard: pip install zstandard')
    return request.param


def picture(shape, smooth):
    random = np.random.default_rng(len(shape) + shape[0])
    steps = random.integers(0, 4 if smooth else 256, shape)
    return (steps.cumsum(axis=0) if smooth else steps).astype(np.uint8)


@pytest.mark.parametrize('smooth', [True, False])
@pytest.mark.parametrize('shape', SHAPES)
def test_nothing_is_lost(codec, shape, smooth):
    wanted = picture(shape, smooth)
    content = encode_tile(wanted, codec=codec, side=16)
    whole = read_tile('x', content, None).array
    bands = wanted if wanted.ndim == 3 else wanted[:, :, None]
    bands = bands[:, :, ::-1] if bands.shape[2] == 3 else bands  # stored order is RGB
    np.testing.assert_array_equal(whole, bands)
    random = np.random.default_rng(0)
    for _ in range(5):
        y0, x0 = (int(random.integers(0, side)) for side in shape[:2])
        y1, x1 = int(random.integers(y0, shape[0])) + 1, int(random.integers(x0, shape[1])) + 1
        part = read_tile('x', content, (y0, y1, x0, x1)).array
        np.testing.assert_array_equal(part, bands[y0:y1, x0:x1])


def test_both_ways_of_storing_are_used(codec):
    content = {smooth: encode_tile(picture((64, 64, 3), smooth), codec=codec) for smooth in (0, 1)}
    filtered = {smooth: _HEAD.unpack_from(each)[2] for smooth, each in content.items()}
    assert filtered == ({0: 0, 1: 0} if codec == 'raw' else {0: 0, 1: 1})
    assert codec == 'raw' or len(content[1]) < 0.7 * 64 * 64 * 3


def test_only_the_chunks_of_a_window_are_looked_at(codec):
    content = bytearray(encode_tile(picture((32, 32, 3), False), codec=codec, side=16))
    content[-20] ^= 255  # in the last of four chunks
    assert read_tile('x', bytes(content), (0, 32, 0, 16)).array.shape == (32, 16, 3)
    with pytest.raises(DataError, match='name: .*checksum.*pack it again'):
        read_tile('name', bytes(content), (16, 17, 16, 17))


def test_every_damaged_byte_is_noticed(codec):
    content = encode_tile(picture((9, 7, 3), True), codec=codec, side=8)
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        with pytest.raises(DataError, match='^name: '):
            read_tile('name', bytes(damaged), None)
    for length in (0, 5, len(content) // 2, len(content) - 1):
        with pytest.raises(DataError, match='^name: .*damaged'):
            read_tile('name', content[:length], None)
    with pytest.raises(DataError, match='damaged'):
        read_tile('name', content + b'x', None)


def test_a_chunk_cannot_grow_beyond_its_place():
    content = encode_tile(np.zeros((4, 4), np.uint8), codec='zlib')
    bomb = zlib.compress(bytes(1 << 20))
    head = content[: _HEAD.size] + struct.pack('<I', len(bomb))
    content = head + struct.pack('<I', zlib.crc32(head)) + bomb
    with pytest.raises(DataError, match='checksum'):
        read_tile('x', content, None)


def test_what_cannot_be_stored(tmp_path):
    with pytest.raises(DataError, match='8 bits can be stored, got float32'):
        encode_tile(np.zeros((2, 2), np.float32))
    with pytest.raises(ConfigError, match='codec must be one of'):
        encode_tile(np.zeros((2, 2), np.uint8), codec='lzma')
    with pytest.raises(DataError, match='window'):
        read_tile('x', encode_tile(np.zeros((2, 2), np.uint8), codec='raw'), (0, 3, 0, 1))
    deep, open_ = tmp_path / 'deep.npy', tmp_path / 'open.png'
    np.save(deep, np.zeros((4, 4, 3), np.uint16))
    Image.fromarray(np.eye(4, dtype=np.uint8)).convert('LA').save(open_)
    with pytest.raises(DataError, match='deep.npy: has uint16 pixels; pack the files'):
        image_tile(str(deep))
    alpha = np.dstack([np.zeros((4, 4, 3), np.uint8), 255 * np.eye(4, dtype=np.uint8)])
    Image.fromarray(alpha).save(open_)
    with pytest.raises(DataError, match='open.png: has places without data'):
        image_tile(str(open_))


@pytest.mark.parametrize('mode', ['L', 'P', '1', 'RGB', 'RGBA'])
@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_labels_mean_what_their_files_mean(tmp_path, mode, suffix):
    ids = np.random.default_rng(0).integers(0, 2, (13, 21)).astype(np.uint8)
    image = Image.fromarray(ids * (255 if mode in ('1', 'RGB', 'RGBA') else 1)).convert(
        mode if mode != 'P' else 'L'
    )
    if mode == 'P':
        image.putpalette([7, 8, 9, 200, 0, 100])
    path, stored = tmp_path / f'label{suffix}', tmp_path / 'label.lbl'
    image.save(path)
    stored.write_bytes(label_tile(str(path)))
    colors = {(0, 0, 0): 5, (255, 255, 255): 6, (7, 8, 9): 7, (200, 0, 100): 8, (1, 1, 1): 9}
    tables = [None] if (mode, suffix) == ('1', '.tif') else [None, ColorTable(colors)]
    for table in tables:
        try:
            wanted = read_label(path, table)
        except DataError:
            with pytest.raises(DataError):
                read_label(stored, table)
        else:
            np.testing.assert_array_equal(read_label(stored, table), wanted)


@pytest.mark.parametrize('mode', ['L', 'P', 'RGB'])
def test_images_look_as_their_files_do(tmp_path, mode):
    values = np.random.default_rng(0).integers(0, 256, (15, 22, 3)).astype(np.uint8)
    path, stored = tmp_path / 'image.png', tmp_path / 'image.img'
    Image.fromarray(values).convert(mode).save(path)
    stored.write_bytes(image_tile(str(path), codec='raw'))
    for window in (None, (3, 15, 0, 9)):
        image, valid = read_image(stored, window)
        np.testing.assert_array_equal(image, read_image(path, window)[0])
        assert valid is None and image.flags.c_contiguous and image.flags.writeable
    bands = read_image(path, bands=(1, 0))[0] if mode == 'RGB' else None
    if bands is not None:
        np.testing.assert_array_equal(read_image(stored, bands=(1, 0))[0], bands)
