"""Reading PNG, JPEG, BMP and WebP: values, odd files, broken files."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg_deeplab.datasets import read, read_image, read_label
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError

RGB = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
SMOOTH = cv2.GaussianBlur(RGB, (0, 0), 4)


def save(path, array, mode=None, **options):
    Image.fromarray(array if mode is None else array).save(path, **options)
    return path


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.webp', '.tif'])
def test_colours_come_as_bgr(tmp_path, suffix):
    path = save(tmp_path / f'a{suffix}', RGB, lossless=True)
    image, valid = read_image(path)
    assert image.dtype == np.uint8 and image.flags.c_contiguous and valid is None
    np.testing.assert_array_equal(image, RGB[:, :, ::-1])


def test_format_is_told_by_content_not_by_name(tmp_path):
    path = tmp_path / 'really_bmp.png'
    Image.fromarray(RGB).save(path, format='BMP')
    np.testing.assert_array_equal(read_image(path)[0], RGB[:, :, ::-1])


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
def test_jpeg_is_near(tmp_path, backend):
    path = save(tmp_path / 'a.jpg', SMOOTH, quality=95)
    image, _ = read_image(path, imdecode_backend=backend)
    assert np.abs(image[:, :, ::-1].astype(int) - SMOOTH).mean() < 3


def test_record_window_and_bands(tmp_path):
    record = {'img_path': str(save(tmp_path / 'a.png', RGB))}
    image, _ = read(record, window=(3, 10, 5, 20))
    np.testing.assert_array_equal(image, RGB[3:10, 5:20, ::-1])
    image, _ = read(record, bands=[2, 0])
    np.testing.assert_array_equal(image, RGB[:, :, [2, 0]])
    with pytest.raises(DataError, match=r'a\.png: window .* inside 24x31, got \(0, 25, 0, 5\)'):
        read(record, window=(0, 25, 0, 5))
    with pytest.raises(DataError, match=r'a\.png: bands must be indices below 3, got \[3\]'):
        read(record, bands=[3])


def test_grey_becomes_three_equal_bands(tmp_path):
    path = save(tmp_path / 'g.png', RGB[:, :, 0])
    np.testing.assert_array_equal(read_image(path)[0], np.repeat(RGB[:, :, :1], 3, axis=2))
    for color_type in ('grayscale', 'unchanged'):
        image, _ = read_image(path, color_type=color_type)
        np.testing.assert_array_equal(image, RGB[:, :, :1])


def test_palette_becomes_colour(tmp_path):
    indices = Image.fromarray(RGB[:, :, 0] % 3)
    indices.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    indices.save(tmp_path / 'p.png')
    colors = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]])[RGB[:, :, 0] % 3]
    np.testing.assert_array_equal(read_image(tmp_path / 'p.png')[0], colors[:, :, ::-1])
    np.testing.assert_array_equal(read_label(tmp_path / 'p.png'), RGB[:, :, 0] % 3)


@pytest.mark.parametrize('suffix', ['.png', '.webp', '.tif'])
def test_transparent_pixels_have_no_data(tmp_path, suffix):
    alpha = np.full((24, 31, 1), 255, dtype=np.uint8)
    alpha[2:5, 7:9] = 0
    alpha[10, 10] = 1  # nearly transparent is data
    path = save(tmp_path / f'a{suffix}', np.dstack([RGB, alpha]), lossless=True, exact=True)
    image, valid = read_image(path)
    np.testing.assert_array_equal(valid, alpha[:, :, 0] > 0)
    np.testing.assert_array_equal(image[valid], RGB[valid][:, ::-1])
    np.testing.assert_array_equal(image[2, 7], np.rint(RGB[valid].mean(axis=0))[::-1])
    stored, none = read_image(path, color_type='unchanged')
    assert none is None
    np.testing.assert_array_equal(stored, np.dstack([RGB, alpha]))  # not three: stored order


def test_alpha_of_zeros_only_means_nothing(tmp_path):
    alpha = np.zeros((24, 31, 1), dtype=np.uint8)
    path = save(tmp_path / 'a.png', np.dstack([RGB, alpha]))
    image, valid = read_image(path)
    assert valid is None
    np.testing.assert_array_equal(image, RGB[:, :, ::-1])


def test_sixteen_bits_are_kept_when_unchanged(tmp_path):
    deep = (RGB.astype(np.uint16) << 8) + 7
    cv2.imwrite(str(tmp_path / 'd.png'), deep[:, :, ::-1])
    image, _ = read_image(tmp_path / 'd.png', color_type='unchanged')
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, deep[:, :, ::-1])
    image, _ = read_image(tmp_path / 'd.png')
    np.testing.assert_array_equal(image, RGB[:, :, ::-1])


def test_one_pixel(tmp_path):
    image, _ = read_image(save(tmp_path / 'a.png', RGB[:1, :1]))
    np.testing.assert_array_equal(image, RGB[:1, :1, ::-1])


def test_exif_rotation_is_applied_unless_told(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to be upright
    Image.fromarray(SMOOTH).save(tmp_path / 'a.jpg', exif=exif)
    for backend in ('cv2', 'pillow'):
        path = tmp_path / 'a.jpg'
        assert read_image(path, imdecode_backend=backend)[0].shape == (31, 24, 3)
        lying = read_image(path, color_type='color_ignore_orientation', imdecode_backend=backend)
        assert lying[0].shape == (24, 31, 3)


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.bmp', '.webp', '.tif'])
@pytest.mark.parametrize('share', [0.98, 0.6, 0.1])
def test_truncated_files_are_refused_by_name(tmp_path, suffix, share):
    whole = save(tmp_path / f'whole{suffix}', SMOOTH)
    content = whole.read_bytes()
    path = tmp_path / f'cut{suffix}'
    path.write_bytes(content[: int(len(content) * share)])
    for reader in (read_image, read_label):
        with pytest.raises(DataError, match=rf'cut\{suffix}: .*(truncated|whole|decoded|known)'):
            reader(path)


def test_truncated_progressive_jpeg(tmp_path):
    save(tmp_path / 'a.jpg', SMOOTH, progressive=True)
    assert read_image(tmp_path / 'a.jpg')[0].shape == (24, 31, 3)
    content = (tmp_path / 'a.jpg').read_bytes()
    (tmp_path / 'b.jpg').write_bytes(content[:-30])
    with pytest.raises(DataError, match=r'b\.jpg: the file is truncated'):
        read_image(tmp_path / 'b.jpg')


def test_bytes_after_the_end_do_no_harm(tmp_path):
    for name in ('a.jpg', 'a.png'):
        path = save(tmp_path / name, SMOOTH)
        path.write_bytes(path.read_bytes() + b'\0' * 100)
        assert read_image(path)[0].shape == (24, 31, 3)


def test_damaged_png_is_refused(tmp_path):
    content = bytearray(save(tmp_path / 'a.png', SMOOTH).read_bytes())
    content[len(content) // 2] ^= 0x55
    (tmp_path / 'a.png').write_bytes(bytes(content))
    with pytest.raises(DataError, match=r'a\.png: cannot be decoded'):
        read_image(tmp_path / 'a.png')


@pytest.mark.parametrize('suffix', ['.jpg', '.tif'])
def test_cmyk_is_refused_with_advice(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    Image.fromarray(RGB).convert('CMYK').save(path)
    with pytest.raises(DataError, match=rf'a\{suffix}: a CMYK image.*convert it to RGB'):
        read_image(path)


def test_missing_empty_and_foreign_files(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r'gone\.png: no such file; check data_root'):
        read_image(tmp_path / 'gone.png')
    with pytest.raises(FileNotFoundError):
        read_label(tmp_path / 'gone.png')
    (tmp_path / 'empty.png').touch()
    with pytest.raises(DataError, match=r'empty\.png: the file is empty'):
        read_image(tmp_path / 'empty.png')
    (tmp_path / 'text.png').write_text('not a picture')
    with pytest.raises(DataError, match=r'text\.png: not an image file'):
        read_image(tmp_path / 'text.png')
    with pytest.raises(DataError, match='cannot be read'):
        read_image(tmp_path)


def test_wrong_options(tmp_path):
    path = save(tmp_path / 'a.png', RGB)
    with pytest.raises(ConfigError, match="color_type must be one of color, .*got 'colour'"):
        read_image(path, color_type='colour')
    with pytest.raises(ConfigError, match="imdecode_backend must be one of .*got 'turbojpeg'"):
        read_image(path, imdecode_backend='turbojpeg')
