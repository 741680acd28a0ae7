"""No address leads out of the cache; what a file's content alone gives away."""

from __future__ import annotations

import json
import os
from fnmatch import fnmatch

import pytest

from mmseg_deeplab.hub import catalogue
from mmseg_deeplab.hub.places import cache_place, cache_root, relative_place
from mmseg_deeplab.hub.verify import Rejected, content_fault, record_place, verify
from mmseg_deeplab.utils.errors import CheckpointError

from .conftest import weight_file


@pytest.mark.parametrize(
    'address',
    [
        'https://host/../../etc/passwd',
        'https://host/a/%2e%2e/%2e%2e/b.pth',
        'https://host/a/..%2f..%2fb.pth',
        'https://host/a/..%5c..%5cb.pth',
        'https://host/a%00b.pth',
        'https://../b.pth',
        'https:///etc/passwd',
        'https://host',
        'https://host/folder/',
    ],
)
def test_addresses_that_lead_out_or_nowhere(address):
    with pytest.raises(CheckpointError):
        cache_place(address)


@pytest.mark.parametrize(
    ('address', 'place'),
    [
        ('https://host/a/b.pth', 'host/a/b.pth'),
        ('https://user:password@host:80//a/b.pth', '*_host_80/a/b.pth'),
        ('https://host/a b/c:d*?.pth', 'host/*_a_b/*_c_d_-query-*'),
        ('https://host/~x/%41.pth#part', 'host/*__x/A.pth'),
    ],
)
def test_place_of_an_address(address, place):
    assert fnmatch(relative_place(address).as_posix(), place)
    assert cache_place(address).is_relative_to(cache_root())


def test_queries_and_long_names_keep_files_apart():
    names = {relative_place(f'https://h/model.pth{q}').name for q in ('', '?a=1', '?a=2')}
    assert len(names) == 3 and all(name.endswith('.pth') for name in names)
    long = [relative_place(f'https://h/{letter * 300}.pth').name for letter in 'ab']
    assert long[0] != long[1] and all(len(name) < 200 for name in long)


def test_addresses_that_are_cleaned_alike_keep_their_files_apart(tmp_path):
    like = [f'https://h/{name}.pth' for name in ('a_b', 'a%20b', 'a:b')]
    assert len({relative_place(address).as_posix().lower() for address in like}) == 3
    assert relative_place(like[1]).suffix == '.pth'
    for row in catalogue():  # the published files lie where mirrors have them
        if row.url.startswith('https://'):
            assert relative_place(row.url).as_posix() == row.url.removeprefix('https://')
    model = 'https://host/model'
    assert record_place(model) != cache_place(f'{model}.json')


def test_a_record_of_another_address_is_refused(tmp_path):
    address, file = 'https://user:secret@host/model.pth', tmp_path / 'x'
    file.write_bytes(weight_file())
    first = verify(file, address)
    assert verify(file, 'https://host/model.pth') == first  # the password is no part of it
    record = record_place(address)
    text = record.read_text(encoding='utf-8')
    assert 'secret' not in text
    record.write_text(text.replace('host/model', 'host/other'), encoding='utf-8')
    with pytest.raises(Rejected, match=r'is of host/other\.pth; delete it'):
        verify(file, address)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv('MMSEG_DEEPLAB_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_root() == tmp_path.resolve() / 'mmseg_deeplab'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_root() == tmp_path.resolve() / '.cache' / 'mmseg_deeplab'


def safetensors(length: int) -> bytes:
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}}).encode()
    return len(header).to_bytes(8, 'little') + header + bytes(length)


@pytest.mark.parametrize(
    ('content', 'suffix', 'fault'),
    [
        (b'', '.pth', 'it is empty'),
        (b'\n <HTML>', '.pth', 'it is a web page'),
        (b'<?xml version="1.0"?><Error>', '.json', 'it is a web page'),
        (b'{"message": "rate limit"}', '.pth', 'it is neither a zip archive nor a pickle'),
        (weight_file()[:-10], '.pth', 'it is cut short or damaged'),
        (weight_file(), '.pth', None),
        (b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', '.pth', None),
        (bytes(257) + b'ustar' + bytes(10), '.pth', None),
        (safetensors(8), '.safetensors', None),
        (safetensors(7), '.safetensors', 'truncated'),
        (b'\xff' * 9, '.safetensors', 'truncated'),
        (b'{"mode": "train"}', '.json', None),
    ],
)
def test_content_fault(content, suffix, fault, tmp_path):
    file = tmp_path / 'file'
    file.write_bytes(content)
    found = content_fault(file, suffix)
    assert found == fault if fault is None else found.startswith(fault)


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    address, file = 'https://host/model.pth', tmp_path / 'x'
    file.write_bytes(weight_file())
    first = verify(file, address)
    with monkeypatch.context() as patch:
        patch.setattr('mmseg_deeplab.hub.verify.file_hash', None)
        assert verify(file, address) == first
    os.utime(file, ns=(1, 1))  # the same content, copied
    assert verify(file, address) == first
    file.write_bytes(weight_file(b'else'))
    with pytest.raises(Rejected, match='first seen on'):
        verify(file, address)
    record_place(address).unlink()
    assert verify(file, address) != first


def test_record_that_cannot_be_read(tmp_path):
    address, file = 'https://host/model.pth', tmp_path / 'x'
    file.write_bytes(weight_file())
    record_place(address).parent.mkdir(parents=True)
    record_place(address).write_text('[]', encoding='utf-8')
    with pytest.raises(Rejected, match=r'model\.pth\..*\.json cannot be read .*delete it'):
        verify(file, address)
