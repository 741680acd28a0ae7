"""Reading and writing protobuf's wire format, without message descriptions.

A message is a row of fields (https://protobuf.dev/programming-guides/encoding): a varint that
holds ``number << 3 | wire type``, then a value whose length the wire type tells. What a field
means is for the caller to know.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT = 0
FIXED64 = 1
BYTES = 2
FIXED32 = 5

_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10  # bytes; holds 64 bits
_LARGEST_NUMBER = (1 << 29) - 1


def read_fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """The fields of one message, in their order; nothing is copied.

    Args:
        data: The whole message, as bytes.

    Yields:
        Field number, wire type, value: an int below 2**64 for ``VARINT``, else the value's bytes,
        a part of ``data``.

    Raises:
        ValueError: The message is cut short, or is no protobuf. Fields before the fault have
            then been yielded.
    """
    data = memoryview(data).cast('B')
    position = 0
    while position < len(data):
        begin = position
        key, position = read_varint(data, position)
        number, wire_type = key >> 3, key & 7
        if not 1 <= number <= _LARGEST_NUMBER:
            raise ValueError(f'no field number at byte {begin}')
        if wire_type == VARINT:
            value, position = read_varint(data, position)
            yield number, wire_type, value
            continue
        if wire_type == BYTES:
            length, position = read_varint(data, position)
        elif wire_type in _FIXED_SIZES:
            length = _FIXED_SIZES[wire_type]
        else:
            raise ValueError(f'wire type {wire_type} of field {number} at byte {begin}')
        if length > len(data) - position:
            raise ValueError(
                f'field {number} at byte {begin} wants {length} bytes, {len(data) - position} left'
            )
        yield number, wire_type, data[position : position + length]
        position += length


def read_varint(data: memoryview, position: int) -> tuple[int, int]:
    """One whole number of 1 to 10 bytes, seven bits in each, the low ones first.

    Args:
        data: Bytes.
        position: Where the number begins.

    Returns:
        The number, below 2**64, and the position behind it.

    Raises:
        ValueError: The data ends within the number, or the number is too long.
    """
    value = 0
    for index, byte in enumerate(data[position : position + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >> 64:
                raise ValueError(f'a number above 64 bits at byte {position}')
            return value, position + index + 1
    raise ValueError(f'a number without end at byte {position}')


def read_varints(data: memoryview) -> list[int]:
    """The numbers of a packed repeated field.

    Args:
        data: The field's bytes.

    Raises:
        ValueError: As for :func:`read_varint`.
    """
    numbers, position = [], 0
    while position < len(data):
        number, position = read_varint(data, position)
        numbers.append(number)
    return numbers


def varint_field(number: int, value: int) -> bytes:
    """A field of a whole number.

    Args:
        number: Of the field.
        value: 0 to 2**64 - 1; negative ones are written as such by adding 2**64.
    """
    return _varint(number << 3 | VARINT) + _varint(value)


def bytes_field(number: int, value: bytes | memoryview) -> bytes:
    """A field of bytes: text, a message, packed numbers.

    Args:
        number: Of the field.
        value: Its content.
    """
    return b''.join([_varint(number << 3 | BYTES), _varint(len(value)), value])


def _varint(value: int) -> bytes:
    if not 0 <= value < 1 << 64:
        raise ValueError(f'a protobuf number must be 0 to 2**64 - 1, got {value}')
    content = bytearray()
    while value >= 0x80:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)
