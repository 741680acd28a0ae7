"""The table of docs/download.md: each row is run, and says what the command says."""

from __future__ import annotations

import errno
import io
import json
import os
import re
from pathlib import Path

import pytest

from mmseg_deeplab.cli import main
from mmseg_deeplab.hub import fetching, transfer
from mmseg_deeplab.hub.places import cache_place
from mmseg_deeplab.hub.progress import Progress
from mmseg_deeplab.hub.verify import record_place
from mmseg_deeplab.hub.web import Unavailable

from .faults import CASES, GOOD, MODEL, Bench
from .server import Site, serve

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'download.md'


def table() -> dict[str, tuple[str, int]]:
    """Case to message and exit code, as the page has them."""
    section = PAGE.read_text(encoding='utf-8').split('| case |')[1].split('\n\n')[0]
    lines = [line.split('|')[1:-1] for line in section.splitlines()[2:]]
    return {case.strip(): (text.strip(' `'), int(code)) for case, _, text, code in lines}


SECURED = {
    'expired certificate': ('expired', True),
    'unknown certificate': ('valid', False),
    'redirect from https to http': ('valid', True),
}


def test_every_row_is_a_test():
    assert set(table()) == set(CASES) | set(SECURED)


def pattern(message: str) -> str:
    return '.*'.join(re.escape(piece) for piece in message.split('...'))


def fingerprint(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob('*') if p.suffix == '.pth'}


@pytest.mark.parametrize('name', CASES)
def test_case(name, site, cache, monkeypatch, tmp_path, capfd, caplog):
    bench = Bench(site, cache, monkeypatch, tmp_path)
    if name == 'disk full while writing' and not os.path.exists('/dev/full'):
        pytest.skip('no /dev/full here')
    CASES[name](bench)
    capfd.readouterr()
    code = main(['download', bench.name, *bench.options])
    out, err = capfd.readouterr()
    message, wanted = table()[name]
    assert code == wanted, err
    said = err + out + caplog.text
    assert re.search(pattern(message), said), said
    assert 'Traceback' not in said
    if code == 0:
        path = Path(out.splitlines()[-1])
        assert path.read_bytes() == GOOD
        left = sorted(p.name for p in path.parent.iterdir())
        assert left == [path.name, f'{path.name}.mmseg-record.json']
    else:
        assert out == '' and not (cache.is_dir() and fingerprint(cache))


@pytest.mark.parametrize('name', SECURED)
def test_case_over_https(name, site, cache, monkeypatch, tmp_path, capfd):
    certificate, trusted = SECURED[name]
    secured = Site(files=dict(site.files))
    secured.faults['/away.pth'] = [f'to {site.url}{MODEL}', ...]
    with serve(secured, certificate, tmp_path):
        if trusted:
            monkeypatch.setenv('SSL_CERT_FILE', str(tmp_path / 'server.pem'))
        path = '/away.pth' if 'redirect' in name else MODEL
        code = main(['download', secured.url + path])
        err = capfd.readouterr().err
        message, wanted = table()[name]
        assert code == wanted and re.search(pattern(message), err), err
        if name == 'redirect from https to http':
            assert main(['download', secured.url + MODEL]) == 0


def test_transfer_goes_on_by_range_and_says_which_version(site, cache):
    site.faults[MODEL] = ['truncated']
    fetching.fetch(site.url + MODEL, progress=False)
    half = len(GOOD) // 2
    assert site.asked == [(MODEL, None), (MODEL, f'bytes={half}-')]
    assert site.headers[1]['If-Range'] == site.etag
    record = json.loads(record_place(site.url + MODEL).read_text(encoding='utf-8'))
    assert record['bytes'] == len(GOOD) and len(record['sha256']) == 64


def test_whole_part_that_was_not_yet_renamed_is_taken(site, cache):
    address = site.url + MODEL
    place = cache_place(address)
    place.parent.mkdir(parents=True)
    place.with_name('model.pth.part').write_bytes(GOOD)
    state = {'address': address, 'version': site.etag}
    place.with_name('model.pth.part.json').write_text(json.dumps(state), encoding='utf-8')
    assert fetching.fetch(address, progress=False) == place
    assert site.asked == [(MODEL, f'bytes={len(GOOD)}-')]


def test_parts_that_do_not_fit_are_fetched_anew(site, cache):
    site.etag = ''  # the server names no version, so the mixture is seen only when it is whole
    address = site.url + MODEL
    place = cache_place(address)
    place.parent.mkdir(parents=True)
    place.with_name('model.pth.part').write_bytes(b'PK\x03\x04' + bytes(len(GOOD) // 2))
    state = {'address': address, 'version': ''}
    place.with_name('model.pth.part.json').write_text(json.dumps(state), encoding='utf-8')
    assert fetching.fetch(address, progress=False).read_bytes() == GOOD
    assert [asked for _, asked in site.asked] == [f'bytes={len(GOOD) // 2 + 4}-', None]


def test_download_does_not_go_on_behind_the_bytes_of_a_mirror(site, cache, tmp_path):
    address = site.url + MODEL
    part = cache_place(address).with_name('model.pth.part')
    part.parent.mkdir(parents=True)
    state = part.with_name('model.pth.part.json')
    state.write_text(json.dumps({'address': address, 'version': site.etag}), encoding='utf-8')
    early = pytest.raises(Unavailable, match='it ended after 9 of 10 bytes')
    with Progress('model.pth', False) as shown, early:
        transfer.copy_stream(io.BytesIO(b'of mirror'), 10, part, shown, 'mirror')
    assert part.is_file() and not state.exists()
    assert fetching.fetch(address, progress=False).read_bytes() == GOOD
    assert site.asked == [(MODEL, None)]


def test_full_disk_at_the_end_is_an_error_of_the_disk(site, cache, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'replace', full)
    with pytest.raises(transfer.CheckpointError, match='the disk is full'):
        fetching.fetch(site.url + MODEL, progress=False)
