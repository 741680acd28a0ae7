"""The short way to plain PNGs gives the same pixels, and leaves every other file alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from mmseg_deeplab.datasets import fast_png, read_image, read_label
from mmseg_deeplab.datasets.fast_png import decode_plain_png


def png(mode='RGB', **options):
    values = np.random.default_rng(0).integers(0, 256, (11, 17, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).convert(mode).save(file, 'PNG', **options)
    return file.getvalue()


class Decoder:
    """Stands for imagecodecs."""

    @staticmethod
    def png_decode(content):
        return np.array(Image.open(io.BytesIO(content)))


@pytest.fixture(params=['stand-in', 'imagecodecs'])
def decoder(request, monkeypatch):
    library = Decoder
    if request.param == 'imagecodecs':
        library = pytest.importorskip('imagecodecs', reason='pip install imagecodecs')
    monkeypatch.setattr(fast_png, '_imagecodecs', lambda: library)


@pytest.mark.parametrize('mode', ['RGB', 'L'])
def test_the_same_pixels(decoder, monkeypatch, tmp_path, mode):
    remarks = PngImagePlugin.PngInfo()
    remarks.add_text('Title', 'a tile')
    path = tmp_path / 'a.png'
    path.write_bytes(png(mode, pnginfo=remarks, dpi=(96, 96)))
    assert decode_plain_png(path.read_bytes()) is not None
    kinds = ('color', 'unchanged', 'grayscale', 'color_ignore_orientation')
    reads = [lambda kind=kind: read_image(path, color_type=kind)[0] for kind in kinds]
    reads += [lambda: read_label(path)] if mode == 'L' else []
    short = [read() for read in reads]
    monkeypatch.setattr(fast_png, '_imagecodecs', lambda: None)
    assert decode_plain_png(path.read_bytes()) is None
    for found, read in zip(short, reads, strict=True):
        wanted = read()
        np.testing.assert_array_equal(found, wanted)
        assert found.shape == wanted.shape and found.dtype == wanted.dtype


def test_what_is_not_plain(decoder):
    exif = Image.Exif()
    exif[274] = 6  # turned
    whole = png()
    for content in (
        png('P'), png('RGBA'), png('1'), png('LA'),
        png(exif=exif.tobytes()), png(transparency=(1, 2, 3)), png('L', transparency=0),
        whole[:-1], whole[:40], b'', b'\xff\xd8\xff',
        whole[:28] + b'\x01' + whole[29:],  # said to be interlaced
    ):  # fmt: skip
        assert decode_plain_png(content) is None


def test_a_damaged_file_goes_the_usual_way(monkeypatch):
    class Fails:
        @staticmethod
        def png_decode(content):
            raise RuntimeError('damaged')

    monkeypatch.setattr(fast_png, '_imagecodecs', lambda: Fails)
    assert decode_plain_png(png()) is None
