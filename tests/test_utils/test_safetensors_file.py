"""The .safetensors reader and writer against files written byte by byte."""

from __future__ import annotations

import json
import struct

import pytest
import torch

from mmseg_deeplab.utils.errors import CheckpointError
from mmseg_deeplab.utils.safetensors_file import read_header, read_tensors, to_bytes

TENSORS = {
    'half': torch.tensor([1.5, -2.0], dtype=torch.float16),
    'count': torch.tensor(7),
    'map': torch.arange(6.0).reshape(2, 3),
    'brain': torch.tensor([[0.25]], dtype=torch.bfloat16),
    'mask': torch.tensor([True, False, True]),
    'none': torch.empty(0, 4),
    'turned': torch.arange(6.0).reshape(2, 3).T,
}


def file_of(header, data, length=None):
    text = json.dumps(header).encode()
    return struct.pack('<Q', len(text) if length is None else length) + text + data


def test_round_trip(tmp_path):
    path = tmp_path / 'a.safetensors'
    path.write_bytes(to_bytes(TENSORS, {'format': 'pt', 'by': 'ünicode'}))
    found = read_tensors(path)
    assert set(found) == set(TENSORS)
    for name, value in TENSORS.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value), name
    header = read_header(path)
    assert header['__metadata__'] == {'format': 'pt', 'by': 'ünicode'}
    assert list(header)[1:3] == ['count', 'map']  # wide numbers first, else as they came


def test_a_file_written_by_hand(tmp_path):
    path = tmp_path / 'a.safetensors'
    header = {
        'b': {'dtype': 'I16', 'shape': [2], 'data_offsets': [4, 8]},
        'a': {'dtype': 'F32', 'shape': [], 'data_offsets': [0, 4]},
    }
    path.write_bytes(file_of(header, struct.pack('<f2h', 0.5, -3, 300)))
    found = read_tensors(path)
    assert found['a'].item() == 0.5 and found['b'].tolist() == [-3, 300]


def test_as_the_reference_reads_and_writes(tmp_path):
    reference = pytest.importorskip('safetensors.torch')
    whole = {name: value.contiguous() for name, value in TENSORS.items()}
    assert set(reference.load(to_bytes(whole, {'format': 'pt'}))) == set(whole)
    for name, value in reference.load(to_bytes(whole, {'format': 'pt'})).items():
        assert torch.equal(value, whole[name])
    reference.save_file(whole, tmp_path / 'b.safetensors')
    for name, value in read_tensors(tmp_path / 'b.safetensors').items():
        assert torch.equal(value, whole[name])


F32 = {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'header is not whole'),
        (b'\x89PNG\r\n\x1a\n' + bytes(64), 'header is not whole'),
        (file_of({'a': F32}, bytes(4), length=10**9), 'header is not whole'),
        (file_of({'a': F32}, bytes(3)), '3 bytes of tensors, of 4'),
        (file_of({'a': F32}, bytes(9)), '9 bytes of tensors, of 4'),
        (file_of([1], b''), 'no JSON object'),
        (file_of({'a': {**F32, 'shape': [2]}}, bytes(4)), 'wrong number of bytes'),
        (file_of({'a': {**F32, 'shape': [-1]}}, bytes(4)), r'shape \[-1\]'),
        (file_of({'a': {**F32, 'dtype': 'F3'}}, bytes(4)), 'dtype F3'),
        (file_of({'a': F32, 'b': F32}, bytes(4)), 'wrong number of bytes'),  # they overlap
        (file_of({'a': {'dtype': 'F32'}}, bytes(4)), 'data_offsets'),
        (file_of({'a': {**F32, 'data_offsets': [0.0, 4.0]}}, bytes(4)), 'integer'),
        (file_of({'a': {**F32, 'shape': {}}}, bytes(4)), 'the shape'),
        (file_of({'a': {**F32, 'shape': [0, 1 << 62, 8], 'data_offsets': [0, 0]}}, b''), 'shape'),
        (file_of({'__metadata__': [1]}, b''), '__metadata__ is no'),
        (file_of({'__metadata__': {'mmseg_deeplab.meta': 1}}, b''), '__metadata__ is no'),
        (struct.pack('<Q', 200_000) + b'[' * 200_000, 'recursion'),
        (file_of({'a': 3}, bytes(4)), 'truncated, or no .safetensors'),
    ],
)
def test_broken_files(tmp_path, content, reason):
    path = tmp_path / 'a.safetensors'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf'a\.safetensors: .*{reason}'):
        read_tensors(path)
