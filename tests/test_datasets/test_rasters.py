"""TIFF and NumPy files: bands, types, windows, no-data, compressions."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from mmseg_deeplab.datasets import read_image, read_label
from mmseg_deeplab.datasets.nodata import fill_invalid, invalid_pixels
from mmseg_deeplab.utils.errors import DataError

FIVE = np.random.default_rng(1).integers(1, 4000, (20, 17, 5), dtype=np.uint16)
GDAL_NODATA = 42113


def write_tiff(path, array, **options):
    options = {'photometric': 'minisblack', 'planarconfig': 'contig', **options}
    tifffile.imwrite(path, array, **options)
    return path


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int16', 'float32'])
def test_five_bands_come_as_stored(tmp_path, dtype):
    array = FIVE.astype(dtype)
    np.save(tmp_path / 'a.npy', array)
    for path in (write_tiff(tmp_path / 'a.tif', array), tmp_path / 'a.npy'):
        image, valid = read_image(path)
        assert image.dtype == np.dtype(dtype) and valid is None
        assert not isinstance(image, np.memmap)
        np.testing.assert_array_equal(image, array)


@pytest.mark.parametrize(
    ('stored', 'kept'), [('int32', 'float32'), ('float64', 'float32'), ('int8', 'int16')]
)
def test_other_types_become_types_that_can_be_resized(tmp_path, stored, kept):
    array = (FIVE % 100).astype(stored)
    np.save(tmp_path / 'a.npy', array)
    image, _ = read_image(tmp_path / 'a.npy')
    assert image.dtype == np.dtype(kept)
    np.testing.assert_array_equal(image, array)


@pytest.mark.parametrize(
    'options',
    [
        {'compression': 'zlib'},
        {'tile': (16, 16)},
        {'planarconfig': 'separate'},
        {'bigtiff': True},
        {'byteorder': '>'},
    ],
)
def test_tiff_encodings(tmp_path, options):
    array = np.moveaxis(FIVE, -1, 0) if 'planarconfig' in options else FIVE
    path = write_tiff(tmp_path / 'a.tif', array, **options)
    np.testing.assert_array_equal(read_image(path)[0], FIVE)
    np.testing.assert_array_equal(read_image(path, window=(2, 9, 3, 16))[0], FIVE[2:9, 3:16])


def test_bands_as_pages(tmp_path):
    tifffile.imwrite(tmp_path / 'a.tif', np.moveaxis(FIVE, -1, 0))
    np.testing.assert_array_equal(read_image(tmp_path / 'a.tif')[0], FIVE)


def test_three_bands_are_bgr_and_others_are_not(tmp_path):
    path = write_tiff(tmp_path / 'a.tif', FIVE)
    np.testing.assert_array_equal(read_image(path, bands=[3, 1, 0])[0], FIVE[:, :, [0, 1, 3]])
    np.testing.assert_array_equal(read_image(path, bands=[3, 1])[0], FIVE[:, :, [3, 1]])
    np.save(tmp_path / 'a.npy', FIVE[:, :, :3])
    np.testing.assert_array_equal(read_image(tmp_path / 'a.npy')[0], FIVE[:, :, 2::-1])


@pytest.mark.parametrize('kind', ['tif', 'npy'])
def test_windows_read_the_same_pixels(tmp_path, kind):
    path = tmp_path / f'a.{kind}'
    write_tiff(path, FIVE) if kind == 'tif' else np.save(path, FIVE)
    image, _ = read_image(path, window=(5, 6, 0, 17), bands=[4])
    np.testing.assert_array_equal(image, FIVE[5:6, :, 4:])
    for wrong in ((0, 21, 0, 5), (4, 4, 0, 5), (-1, 3, 0, 5)):
        with pytest.raises(DataError, match=rf'a\.{kind}: window'):
            read_image(path, window=wrong)


@pytest.mark.parametrize('kind', ['tif', 'npy'])
def test_nodata_is_masked_and_filled_with_the_mean(tmp_path, kind):
    array = FIVE.copy()
    array[:3, :4] = 0
    array[10, 10, 2] = 0  # one band only: a dark pixel, not a missing one
    path = tmp_path / f'a.{kind}'
    write_tiff(path, array) if kind == 'tif' else np.save(path, array)
    expected = np.ones((20, 17), dtype=bool)
    expected[:3, :4] = False
    image, valid = read_image(path, nodata=0)
    np.testing.assert_array_equal(valid, expected)
    np.testing.assert_array_equal(image[valid], array[valid])
    np.testing.assert_array_equal(image[0, 0], np.rint(array[expected].mean(axis=0)))
    assert (image[:3, :4] == image[0, 0]).all()


def test_nodata_for_each_band(tmp_path):
    array = FIVE.copy()
    array[4, 5, 4] = 9999
    array[6, 7, 0] = 9999  # not this band's value
    path = write_tiff(tmp_path / 'a.tif', array)
    _, valid = read_image(path, nodata=(0, None, 0, 0, 9999))
    assert not valid[4, 5] and valid.sum() == valid.size - 1
    with pytest.raises(DataError, match='nodata must be one number or one for each of 5 bands'):
        read_image(path, nodata=(0, 1))


def test_nan_is_never_data(tmp_path):
    array = FIVE.astype(np.float32)
    array[0, 0, 3] = np.nan
    array[1, 1, 0] = np.inf
    np.save(tmp_path / 'a.npy', array)
    image, valid = read_image(tmp_path / 'a.npy')
    assert np.isfinite(image).all()
    assert not valid[0, 0] and not valid[1, 1] and valid.sum() == valid.size - 2


def test_nodata_tag_of_the_file_counts(tmp_path):
    array = FIVE.copy()
    array[0, 0] = 65535
    tag = (GDAL_NODATA, 's', 0, '65535', True)
    path = write_tiff(tmp_path / 'a.tif', array, extratags=[tag])
    _, valid = read_image(path)
    assert not valid[0, 0] and valid.sum() == valid.size - 1
    assert read_image(path, nodata=1e6)[1] is None  # the caller knows better


def test_all_pixels_invalid():
    array = np.zeros((2, 3, 1), dtype=np.uint8)
    filled, valid = fill_invalid(array, invalid_pixels(array, 0, None))
    assert not valid.any() and (filled == 0).all()


def test_grey_and_palette_tiff(tmp_path):
    grey = FIVE[:, :, 0].astype(np.uint8)
    tifffile.imwrite(tmp_path / 'g.tif', grey)
    np.testing.assert_array_equal(read_image(tmp_path / 'g.tif')[0], np.dstack([grey] * 3))
    np.testing.assert_array_equal(
        read_image(tmp_path / 'g.tif', color_type='unchanged')[0], grey[:, :, None]
    )
    palette = Image.fromarray(grey % 2)
    palette.putpalette([1, 2, 3, 4, 5, 6])
    for compression in ('tiff_lzw', None):  # LZW is one that tifffile alone cannot decode
        palette.save(tmp_path / 'p.tif', compression=compression)
        colors = np.array([[3, 2, 1], [6, 5, 4]])[grey % 2]
        np.testing.assert_array_equal(read_image(tmp_path / 'p.tif')[0], colors)
        np.testing.assert_array_equal(read_label(tmp_path / 'p.tif'), grey % 2)


def test_labels_in_tiff_and_npy(tmp_path):
    ids = (FIVE[:, :, 0] % 7).astype(np.int64)
    np.save(tmp_path / 'a.npy', ids)
    tifffile.imwrite(tmp_path / 'a.tif', ids.astype(np.uint16))
    for name in ('a.npy', 'a.tif'):
        found = read_label(tmp_path / name)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, ids)
    np.save(tmp_path / 'high.npy', ids + 250)
    with pytest.raises(DataError, match=r'high\.npy: labels must be whole numbers 0 to 255'):
        read_label(tmp_path / 'high.npy')
    np.save(tmp_path / 'half.npy', ids + 0.5)
    with pytest.raises(DataError, match=r'half\.npy: labels must be whole numbers'):
        read_label(tmp_path / 'half.npy')


def test_broken_numpy_files(tmp_path):
    np.save(tmp_path / 'a.npy', FIVE)
    content = (tmp_path / 'a.npy').read_bytes()
    (tmp_path / 'cut.npy').write_bytes(content[:-10])
    np.save(tmp_path / 'object.npy', np.array([{'a': 1}]), allow_pickle=True)
    np.save(tmp_path / 'flat.npy', np.zeros(9))
    for name in ('cut', 'object', 'flat'):
        with pytest.raises(DataError, match=rf'{name}\.npy: '):
            read_image(tmp_path / f'{name}.npy')
    np.save(tmp_path / 'first.npy', np.zeros((5, 64, 64)))
    with pytest.raises(DataError, match=r'first\.npy: .*save np\.moveaxis\(array, 0, -1\)'):
        read_image(tmp_path / 'first.npy')


def test_one_pixel_of_five_bands(tmp_path):
    np.save(tmp_path / 'a.npy', FIVE[:1, :1])
    np.testing.assert_array_equal(read_image(tmp_path / 'a.npy')[0], FIVE[:1, :1])


def test_real_geotiffs(data_root):
    """JPEG in TIFF, which tifffile alone cannot decode; and a mask on the same grid."""
    path = data_root / 'geotiff' / '5b90f92da0d7280005fab355_4310.tif'
    image, valid = read_image(path, window=(100, 400, 0, 2048))
    assert image.shape == (300, 2048, 3) and image.dtype == np.uint8 and valid is None
    truth = np.array(Image.open(path))[100:400]
    # decoders differ in how they enlarge JPEG's colour channels
    assert np.abs(image[:, :, ::-1].astype(int) - truth).mean() < 2
    mask = read_label(data_root / 'geotiff' / 'ggaba_z21_3072x2048_buildings.tif')
    assert mask.shape == (2048, 3072) and set(np.unique(mask)) == {0, 1}


def test_real_nodata_area(data_root):
    path = data_root / 'geotiff' / '5c15321f63d9810007f8b06f_10_00000.tif'
    image, valid = read_image(path, nodata=0)
    stored = read_image(path)[0]
    np.testing.assert_array_equal(valid, (stored != 0).any(axis=2))
    np.testing.assert_array_equal(image[valid], stored[valid])


def test_damaged_deflate_is_named(tmp_path):
    path = tmp_path / 'a.tif'
    tifffile.imwrite(path, np.arange(300, dtype=np.uint8).reshape(10, 30), compression='zlib')
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        content[file.pages[0].dataoffsets[0] + 20] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match='a.tif: '):
        read_image(path)
