"""A cache of its own for every test, a server, and a small file that PyTorch would have written."""

from __future__ import annotations

import io
import zipfile

import pytest

from mmseg_deeplab.hub import web

from .server import Site, serve


def weight_file(content: bytes = bytes(range(256)) * 16) -> bytes:
    """A zip archive laid out as PyTorch's: stored, with checksums."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for name, data in (('data.pkl', b'\x80\x02}q\x00.'), ('data/0', content)):
            archive.writestr(zipfile.ZipInfo(f'archive/{name}'), data)  # without today's date
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder; no mirror, no proxy, and little patience."""
    for name in ('MIRROR', 'OFFLINE'):
        monkeypatch.delenv(f'MMSEG_DEEPLAB_{name}', raising=False)
    for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy', 'HF_TOKEN'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('MMSEG_DEEPLAB_CACHE', str(tmp_path / 'cache'))
    patience = web.Patience(timeout=5.0, slowest=1024, attempts=2, pause=0.0)
    monkeypatch.setattr(web, 'PATIENCE', patience)
    return tmp_path / 'cache'


@pytest.fixture
def site():
    """A server that has ``/weights/model.pth``."""
    with serve(Site(files={'/weights/model.pth': weight_file()})) as running:
        yield running
