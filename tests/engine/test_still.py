"""Pictures as files, read back by Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams._engine.still import still


def picture(array, format):
    return Picture.stamped(frame_from_array(array, format, copy=True), 0)


def ramp(channels):
    rows, columns = np.mgrid[0:96, 0:128]
    planes = [columns * 2, rows * 2, 255 - columns, 255 - rows][:channels]
    return np.stack(planes, axis=2).astype(np.uint8)


def read(data):
    image = Image.open(io.BytesIO(data))
    return image.format, np.asarray(image).astype(int)


@pytest.mark.parametrize("format", ["rgb24", "rgba"])
def test_png_keeps_every_pixel_and_transparency(format):
    array = ramp(len(format.rstrip("24")))
    kind, pixels = read(still(picture(array, format)))
    assert kind == "PNG"
    assert np.array_equal(pixels, array)


@pytest.mark.parametrize(("format", "kind"), [("jpeg", "JPEG"), ("webp", "WEBP")])
def test_less_quality_is_fewer_bytes_and_still_the_picture(format, kind):
    noisy = np.clip(ramp(3).astype(int) + np.random.default_rng(1).integers(-40, 40, (96, 128, 3)), 0, 255)
    source = picture(noisy.astype(np.uint8), "rgb24")
    sizes = []
    for quality in (0.0, 0.5, 0.9, None):
        data = still(source, format, quality)
        found, pixels = read(data)
        assert found == kind
        assert abs(pixels - noisy).mean() < 30
        sizes.append(len(data))
    assert sizes == sorted(set(sizes))


def test_webp_keeps_transparency_and_is_exact_at_full_quality():
    array = ramp(4)
    _, lossy = read(still(picture(array, "rgba"), "webp", 0.9))
    assert np.array_equal(lossy[..., 3], array[..., 3])
    _, exact = read(still(picture(np.maximum(array, 1), "rgba"), "webp", 1.0))
    assert np.array_equal(exact, np.maximum(array, 1))
