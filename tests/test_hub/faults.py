"""The faults of docs/download.md's table: how each is brought about, by its name there."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from mmseg_deeplab.cli import main
from mmseg_deeplab.hub import transfer, web
from mmseg_deeplab.hub.places import cache_place

from .conftest import weight_file
from .server import Site

MODEL = '/weights/model.pth'
GOOD = weight_file()


class Bench:
    """What a case may change: the site, its faults, the environment."""

    def __init__(self, site: Site, cache: Path, monkeypatch, folder: Path) -> None:
        self.site, self.cache, self.patch, self.folder = site, cache, monkeypatch, folder
        self.name = site.url + MODEL
        self.options: list[str] = []

    def faults(self, *faults) -> None:
        """The faults of the next requests; ``...`` at the end repeats the one before."""
        self.site.faults[MODEL] = list(faults)


CASES = {}


def case(name: str):
    """Register the preparation of a case."""

    def keep(function):
        CASES[name] = function
        return function

    return keep


@case('connection ends early, then works')
def _(bench):
    bench.faults('truncated')


@case('connection always ends early')
def _(bench):
    bench.faults('truncated', ...)


@case('404')
def _(bench):
    del bench.site.files[MODEL]


@case('500, then works')
def _(bench):
    bench.faults(500)


@case('always 503')
def _(bench):
    bench.faults(503, ...)


def _hurried(bench):
    bench.patch.setattr(web, 'PATIENCE', web.Patience(0.3, 1024, 2, 0.0))


@case('silence')
def _(bench):
    _hurried(bench)
    bench.site.ranges = False
    bench.faults('silent', ...)


@case('slow drip')
def _(bench):
    _hurried(bench)
    bench.faults('drip', ...)


@case('a web page in place of the file')
def _(bench):
    bench.site.files[MODEL] = b'<!DOCTYPE html><title>This domain has expired</title>'


@case('a byte of the file is wrong')
def _(bench):
    place = GOOD.index(bytes(range(256)))
    bench.site.files[MODEL] = GOOD[:place] + b'\xff' + GOOD[place + 1 :]


@case('another file than was seen first')
def _(bench):
    assert main(['download', bench.name]) == 0
    cache_place(bench.name).unlink()
    bench.site.files[MODEL] = weight_file(b'other' * 100)


@case('digits in the name do not fit')
def _(bench):
    bench.site.files['/model-00000000.pth'] = GOOD
    bench.name = f'{bench.site.url}/model-00000000.pth'


@case('connection ends early, server knows no ranges')
def _(bench):
    bench.site.ranges = False
    bench.faults('truncated')


@case('file changed on the server between two parts')
def _(bench):
    bench.faults('truncated')
    bench.patch.setattr(transfer.time, 'sleep', lambda _: setattr(bench.site, 'etag', '"two"'))


@case('redirect loop')
def _(bench):
    bench.faults(f'to {bench.name}', ...)


@case('nothing listens there')
def _(bench):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        bench.name = f'http://127.0.0.1:{free.getsockname()[1]}{MODEL}'


@case('unknown host')
def _(bench):
    def unknown(*arguments, **named):
        raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')

    bench.patch.setattr(socket, 'getaddrinfo', unknown)
    bench.name = f'http://no.such.host{MODEL}'


@case('disk too small')
def _(bench):
    little = shutil.disk_usage(bench.folder)._replace(free=100)
    bench.patch.setattr(shutil, 'disk_usage', lambda folder: little)


@case('disk full while writing')
def _(bench):
    place = cache_place(bench.name)
    place.parent.mkdir(parents=True)
    place.with_name('model.pth.part').symlink_to('/dev/full')
    bench.site.files[MODEL] = GOOD[:100]  # so little that it stays in the buffer of the file


@case('cache folder cannot be written')
def _(bench):
    bench.cache.write_text('a file in its place', encoding='utf-8')


@case('another file of that name in `--dest`')
def _(bench):
    (bench.folder / 'model.pth').write_bytes(GOOD)
    bench.options = ['--dest', str(bench.folder)]


@case('Ctrl-C')
def _(bench):
    def stop(*arguments):
        raise KeyboardInterrupt

    bench.patch.setattr(transfer.Progress, 'advance', stop)


@case('offline, not in the cache')
def _(bench):
    bench.patch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    bench.patch.setattr(socket, 'create_connection', None)


@case('offline, in the cache')
def _(bench):
    assert main(['download', bench.name]) == 0
    bench.patch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    bench.patch.setattr(socket, 'create_connection', None)


@case('broken file in the cache')
def _(bench):
    assert main(['download', bench.name]) == 0
    cache_place(bench.name).write_bytes(GOOD[:-100])


@case('address that leads out of the cache')
def _(bench):
    bench.name = f'{bench.site.url}/%2e%2e/%2e%2e/model.pth'


@case('config without published weights')
def _(bench):
    bench.name = 'deeplabv3_r50-d8_4xb4-40k_pascal-context-480x480'


@case('unknown name')
def _(bench):
    bench.name = 'deeplabv3plus_r50-d8_4xb4-80k_lovedaa-512x512'
