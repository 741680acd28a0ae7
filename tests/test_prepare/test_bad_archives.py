"""Archives that are missing, cut off, hostile, or too large: one message, nothing finished."""

from __future__ import annotations

import re
import shutil
import struct
import zipfile

import numpy as np
import pytest

from benchmarks.make_archives import png
from mmseg_deeplab.datasets.prepare import archives
from mmseg_deeplab.datasets.prepare.archives import MemberError, open_archive
from mmseg_deeplab.datasets.prepare.decoding import picture_size, read_ids, read_rgb
from mmseg_deeplab.utils.errors import DataError, DatasetNotFoundError

from .conftest import names


@pytest.fixture
def source(raw, tmp_path):
    """A copy of LoveDA's archives."""
    return shutil.copytree(raw / 'loveda', tmp_path / 'raw')


def write_zip(path, name, content=b'x', **about):
    with zipfile.ZipFile(path, 'w') as file:
        info = zipfile.ZipInfo(name)
        for key, value in about.items():
            setattr(info, key, value)
        file.writestr(info, content)
    return path


def only_member(path):
    return open_archive(path).members()[0]


def test_missing_zip_says_what_is_there(source, convert):
    (source / 'Val.zip').unlink()
    with pytest.raises(
        DatasetNotFoundError, match=r'Val\.zip: no such file.*holds Test\.zip, Train\.zip'
    ):
        convert('loveda', source)


def test_zip_that_was_cut_off(source, convert, tmp_path):
    path = source / 'Train.zip'
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r'Train\.zip: not a whole zip file .*download it again'):
        convert('loveda', source)
    assert not (tmp_path / 'out').exists()


def test_damaged_files_are_all_named_and_the_others_kept(source, convert, raw, tmp_path):
    path = source / 'Train.zip'
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        offsets = {i.filename: i.header_offset for i in archive.infolist()}
    hurt = ['Train/Rural/images_png/0.png', 'Train/Urban/masks_png/1.png']
    for name in hurt:
        content[offsets[name] + 2000] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        convert('loveda', source)
    text = str(caught.value)
    assert text.startswith('2 of 12 parts could not be converted')
    assert all(f'Train.zip:{name}: damaged' in text for name in hurt)
    assert names(tmp_path / 'out') == [
        f'.converting/{name}'
        for name in names(tmp_path / 'out/.converting')  # nothing is in its place yet
    ]
    result = convert('loveda', raw / 'loveda')  # the archive was downloaded again
    assert (result.kept, result.made) == (10, 2)


@pytest.mark.parametrize('share', [0.1, 0.9])
def test_a_damaged_tiff_does_not_stop_the_other_tiles(raw, convert, tmp_path, share):
    path = shutil.copytree(raw / 'potsdam', tmp_path / 'raw') / '2_Ortho_RGB.zip'
    with zipfile.ZipFile(path) as archive:
        hurt = archive.getinfo('2_Ortho_RGB/top_potsdam_2_11_RGB.tif')
    content = bytearray(path.read_bytes())
    start = hurt.header_offset + 30 + len(hurt.filename)
    content[start + int(share * hurt.compress_size)] ^= 255
    path.write_bytes(content)
    wanted = re.escape(f'2_Ortho_RGB.zip:{hurt.filename}: damaged (')
    with pytest.raises(MemberError, match=wanted):
        convert('potsdam', path.parent, only_count=True)
    with pytest.raises(DataError, match=rf'1 of 24 parts could[^\n]*\n[^\n]*{wanted}'):
        convert('potsdam', path.parent)
    result = convert('potsdam')
    assert (result.kept, result.made) == (23, 1)


def test_members_that_claim_less_than_they_hold(tmp_path):
    path = write_zip(tmp_path / 'x.zip', 'a.png', bytes(5000))
    content = bytearray(path.read_bytes())
    sizes = content.rindex(b'PK\x01\x02') + 24  # unpacked size in the table of contents
    content[sizes : sizes + 4] = struct.pack('<I', 100)
    path.write_bytes(content)
    with pytest.raises(MemberError, match=r'x\.zip:a\.png: damaged \(Bad CRC'):
        only_member(path).read()


@pytest.mark.parametrize(
    'name', ['../a.png', '/a.png', 'a/../../b.png', 'C:/a.png', '..\\a.png', 'a\\..\\..\\b.png']
)
def test_names_that_point_outside(tmp_path, name):
    with pytest.raises(DataError, match='names a file outside of itself'):
        open_archive(write_zip(tmp_path / 'x.zip', name)).members()


def test_links_and_passwords_are_refused(tmp_path):
    path = write_zip(tmp_path / 'x.zip', 'a.png', external_attr=0o120777 << 16)
    with pytest.raises(DataError, match=r"holds a link \('a.png'\)"):
        open_archive(path).members()
    path = write_zip(tmp_path / 'x.zip', 'a.png')
    content = bytearray(path.read_bytes())
    content[content.rindex(b'PK\x01\x02') + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match='encrypted; unpack it with its password into .*x and'):
        open_archive(path).members()


def test_compression_of_unbounded_memory_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.zip', 'w', zipfile.ZIP_LZMA) as file:
        file.writestr('a.png', b'x')
    with pytest.raises(DataError, match='compressed by method 14.* unpack the archive into'):
        open_archive(tmp_path / 'x.zip').members()


def test_bombs_of_bytes_and_of_pixels(tmp_path, monkeypatch):
    path = tmp_path / 'x.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('a.png', bytes(1 << 20))  # a thousandth of that in the archive
    monkeypatch.setattr(archives, 'MAX_MEMBER', 1 << 19)
    with pytest.raises(MemberError, match='1048576 bytes, more than any file of a known'):
        only_member(path).read()
    header = struct.pack(
        '>8sI4sIIBBBBB', b'\x89PNG\r\n\x1a\n', 13, b'IHDR', 60000, 60000, 8, 2, 0, 0, 0
    )
    bomb = only_member(write_zip(path, 'a.png', header))
    with pytest.raises(MemberError, match='60000x60000 pixels, more than any image'):
        read_rgb(bomb)


def test_a_picture_that_is_none_and_colours_in_place_of_ids(tmp_path):
    member = only_member(write_zip(tmp_path / 'x.zip', 'a.tif', b'II*\0' + b'\xff' * 60))
    with pytest.raises(MemberError, match=r'x\.zip:a\.tif: not a whole TIFF'):
        picture_size(member)
    member = only_member(write_zip(tmp_path / 'x.zip', 'a.png', b'plain text' * 9))
    with pytest.raises(MemberError, match='not an image that can be read'):
        read_rgb(member)
    content = png(np.zeros((40, 40, 3), np.uint8))
    member = only_member(write_zip(tmp_path / 'x.zip', 'a.png', content))
    with pytest.raises(MemberError, match='ids in one channel, got mode RGB'):
        read_ids(member)
    member = only_member(write_zip(tmp_path / 'x.zip', 'a.png', content[:-9]))
    with pytest.raises(MemberError, match='the file is truncated'):
        read_rgb(member)


def test_the_same_tile_twice(source, convert):
    with zipfile.ZipFile(source / 'Val.zip', 'a') as file:
        file.writestr('Val/Urban/images_png/2.png', file.read('Val/Rural/images_png/2.png'))
    with pytest.raises(DataError, match='Urban/images_png/2.png: is 2, and so is .*Rural'):
        convert('loveda', source)


def test_an_unpacked_archive_serves_as_well(source, convert, tmp_path, raw):
    for path in sorted(source.glob('*.zip')):
        zipfile.ZipFile(path).extractall(source / path.stem)
        path.unlink()
    convert('loveda', source)
    convert('loveda', raw / 'loveda', out='other')
    found = names(tmp_path / 'out')
    assert found == names(tmp_path / 'other')
    assert all(
        (tmp_path / 'out' / name).read_bytes() == (tmp_path / 'other' / name).read_bytes()
        for name in found
        if name != 'conversion.json'  # times stand where checksums would
    )


def test_what_macos_and_windows_add_is_passed_over(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.zip', 'w') as file:
        for name in ('__MACOSX/a/._0.png', 'a/._0.png', 'a/.DS_Store', 'Thumbs.db', 'a/0.png'):
            file.writestr(name, b'x')
        file.mkdir('b')
    assert [member.name for member in open_archive(tmp_path / 'x.zip').members()] == ['a/0.png']
