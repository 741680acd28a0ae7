"""MindSpore's checkpoints: read and written to the byte, whatever is wrong with them."""

from __future__ import annotations

import pickle
import zlib

import pytest
import torch

from mmseg_deeplab.hub.foreign import mindspore, read_weights
from mmseg_deeplab.utils.errors import CheckpointError, CheckpointNotFoundError
from mmseg_deeplab.utils.mindspore_file import read_entries, to_bytes
from mmseg_deeplab.utils.protobuf import (
    bytes_field,
    read_fields,
    read_varint,
    read_varints,
    varint_field,
)


def entry(name, shape, kind, content):
    """One entry of a file."""
    tensor = b''.join(varint_field(1, side) for side in shape)
    tensor += bytes_field(2, kind.encode()) + bytes_field(3, content)
    return bytes_field(1, bytes_field(1, name.encode()) + bytes_field(2, tensor))


ONE = entry('a.weight', (1,), 'Float32', bytes(4))


def read(tmp_path, content):
    """The entries of a file of these bytes."""
    path = tmp_path / 'x.ckpt'
    path.write_bytes(content)
    return read_entries(path)


@pytest.mark.parametrize('number', [0, 1, 127, 128, 300, 2**32, 2**64 - 1])
def test_numbers_come_back(number):
    ((field, kind, value),) = read_fields(memoryview(varint_field(5, number)))
    assert (field, kind, value) == (5, 0, number)


def test_fields_of_all_kinds():
    content = bytes_field(1, b'ab') + b'\x15abcd' + b'\x19abcdefgh'
    found = [(field, bytes(value)) for field, _, value in read_fields(memoryview(content))]
    assert found == [(1, b'ab'), (2, b'abcd'), (3, b'abcdefgh')]
    assert read_varints(memoryview(b'\x01\xac\x02')) == [1, 300]


@pytest.mark.parametrize(
    'content', [b'\x0a\x05abc', b'\x0a', b'\x80' * 11, b'\x00\x01', b'\x0b', b'\x0f\x01', b'\x15a']
)
def test_what_is_no_message_is_refused(content):
    with pytest.raises(ValueError, match='byte'):
        list(read_fields(memoryview(content)))


def test_a_number_has_64_bits():
    with pytest.raises(ValueError, match='64 bits'):
        read_varint(memoryview(b'\xff' * 9 + b'\x02'), 0)
    with pytest.raises(ValueError, match='got -1'):
        varint_field(1, -1)


def test_a_training_checkpoint(small_golden, tmp_path):
    path = small_golden / 'mindcv' / 'small_train.ckpt'
    entries = read_entries(path)
    assert to_bytes(entries) == path.read_bytes()
    found = mindspore.read(path)
    assert len(found.state) == 47
    assert {'moments.conv.weight', 'learning_rate', 'scale_sense'} <= set(found.meta['left_out'])
    assert found.meta['left_out']['global_step'] == 5
    content = to_bytes(entries, checksum=True)
    assert content[-4:] == zlib.crc32(content[:-17]).to_bytes(4, 'big')
    assert list(read(tmp_path, content)) == list(entries)
    with pytest.raises(CheckpointError, match=r'x\.ckpt: .*check sum is wrong'):
        read(tmp_path, b'\x0a' + bytes([content[1] ^ 1]) + content[2:])


def test_wherever_a_file_is_cut(small_golden, tmp_path):
    content = (small_golden / 'mindcv' / 'small_train.ckpt').read_bytes()
    whole, cut = len(read(tmp_path, content)), 0
    for length in range(1, len(content), 997):
        try:
            assert len(read(tmp_path, content[:length])) < whole  # cut between two entries
        except CheckpointError as error:
            assert 'truncated' in str(error)
            cut += 1
    assert cut > 25


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'holds nothing'),
        (pickle.dumps({'a': 1}), 'no MindSpore checkpoint'),
        (ONE + entry('b', (1,), 'Float32', bytes(4)) + ONE, 'two entries named a.weight'),
        (ONE + entry('a.weight', (2,), 'Float32', bytes(8)), 'two entries named a.weight'),
        (entry('a', (1,), 'Int4', b'\0'), 'type Int4, which is not known'),
        (entry('a', (3,), 'Float32', bytes(8)), 'has 8 bytes'),
        (entry('a', (2**62, 4), 'Float32', bytes(8)), 'has 8 bytes'),
        (entry('a', (1,) * 17, 'Float32', bytes(4)), 'unknown field 1'),
        (bytes_field(1, bytes_field(1, b'a')), 'lacks its tensor'),
        (bytes_field(1, bytes_field(1, b'a') + bytes_field(3, b'')), 'no tensor'),
        (entry('a', (0,), 'str', b'abc'), 'truncated'),
    ],
)
def test_broken_files_are_named(tmp_path, content, reason):
    with pytest.raises(CheckpointError, match=reason):
        read(tmp_path, content)


def test_scalars_text_and_split_tensors(tmp_path):
    values = torch.arange(6.0).reshape(2, 3)
    content = values.numpy().tobytes()
    found = read(
        tmp_path,
        entry('old', (0,), 'Int32', (7).to_bytes(4, 'little'))
        + entry('big', (2, 3), 'Float32', content[:8])
        + entry('big', (2, 3), 'Float32', content[8:])
        + entry('note', (0,), 'str', 'naïve'.encode('utf-32-le')),
    )
    assert (found['old'].shape, int(found['old']), found['note']) == ((), 7, 'naïve')
    assert torch.equal(found['big'], values)
    with pytest.raises(CheckpointError, match='complex64'):
        to_bytes({'a': torch.zeros(1, dtype=torch.complex64)})
    with pytest.raises(CheckpointNotFoundError, match='no such file'):
        read_entries(tmp_path / 'none.ckpt')


def test_names_that_no_model_has(tmp_path):
    with pytest.raises(CheckpointError, match='unknown to MindCV: aspp.extra.weight'):
        mindspore.to_ours({'conv.weight': torch.zeros(1), 'aspp.extra.weight': torch.zeros(1)})
    with pytest.raises(CheckpointError, match='must be of DeepLabV3'):
        mindspore.to_ours({'a.weight': torch.zeros(1)})
    with pytest.raises(CheckpointError, match='decode_head.extra.weight'):
        mindspore.from_ours({'decode_head.extra.weight': torch.zeros(1)})
    path = tmp_path / 'other.ckpt'
    path.write_bytes(ONE)
    with pytest.raises(CheckpointError, match='no DeepLab of MindCV'):
        read_weights(path)


def test_what_weights_are_for():
    weight = torch.zeros(5, 256, 1, 1)
    found = mindspore.target({'decoder.last_conv.6.weight': weight})
    assert found.config == 'deeplabv3plus_s16_dilated_resnet50'
    assert found.options == {'model.decode_head.num_classes': 5}
    deep = {'conv1.weight': weight, 'layer3.22.conv1.weight': weight}
    assert mindspore.target(deep)[::2] == ('deeplabv3_s16_dilated_resnet101', 'backbone')
