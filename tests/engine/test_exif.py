"""Exif in four kinds of files: others read it, and the picture stays the picture."""

import io
import json
import subprocess
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from PIL import Image

from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.exif import exif_of, with_exif
from mediastreams._engine.frames import Picture
from mediastreams._engine.still import still

TAKEN = datetime(2031, 2, 3, 4, 5, 6, 789_000, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
FORMATS = ("jpeg", "png", "webp", "avif")
PHOTO = 0x8769


def _picture(width, height, format="rgb24"):
    array = np.zeros((height, width, 4 if format == "rgba" else 3), np.uint8)
    array[:, : width // 2, 0] = 200
    array[:, width // 2 :, 2] = 200
    if format == "rgba":
        array[..., 3] = 128
    return Picture.stamped(frame_from_array(array, format, copy=True), 0)


def _image(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [(64, 48), (641, 361), (20, 10)])
def test_what_was_written_is_read_and_the_pixels_are_the_same(format, size):
    plain = still(_picture(*size), format)
    image = _image(with_exif(plain, exif_of(TAKEN, *size, model="Cam", software="us 1.0")))
    exif, photo = image.getexif(), image.getexif().get_ifd(PHOTO)
    assert (exif[0x0110], exif[0x0131], exif[0x0112]) == ("Cam", "us 1.0", 1)
    assert exif[0x0132] == photo[0x9003] == photo[0x9004] == "2031:02:03 04:05:06"
    assert {photo[tag] for tag in (0x9010, 0x9011, 0x9012)} == {"-03:30"}
    assert {photo[tag] for tag in (0x9290, 0x9291, 0x9292)} == {"789"}
    assert (photo[0xA002], photo[0xA003]) == size
    assert np.array_equal(np.asarray(image), np.asarray(_image(plain)))


@pytest.mark.parametrize("quality", [1, None])
def test_transparency_stays(quality):
    plain = still(_picture(32, 16, "rgba"), "webp", quality)
    image = _image(with_exif(plain, exif_of(TAKEN, 32, 16)))
    assert image.mode == "RGBA"
    assert np.asarray(image)[..., 3].max() == 128
    assert 0x0110 not in image.getexif()


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\0\0\0\x18ftypavif" + b"\0" * 12])
def test_what_has_no_place_for_it_is_refused(data):
    with pytest.raises(ValueError, match=r"Exif|index"):
        with_exif(data, b"II*\0")


@pytest.mark.parametrize("format", FORMATS)
def test_exiftool_finds_everything_and_no_fault(format, tmp_path, need):
    need("exiftool")
    path = tmp_path / f"photo.{format}"
    exif = exif_of(TAKEN, 64, 48, model="Größe 1", software="us 1.0")
    path.write_bytes(with_exif(still(_picture(64, 48), format), exif))
    tags = ["SubSecDateTimeOriginal", "Model", "Software", "ExifImageWidth", "ExifImageHeight", "ImageSize", "validate"]
    run = subprocess.run(["exiftool", "-j", *(f"-{tag}" for tag in tags), path], capture_output=True, check=True)
    (found,) = json.loads(run.stdout)
    assert found["SubSecDateTimeOriginal"] == "2031:02:03 04:05:06.789-03:30"
    assert (found["Model"], found["Software"]) == ("Größe 1", "us 1.0")
    assert (found["ExifImageWidth"], found["ExifImageHeight"]) == (64, 48)
    assert found["ImageSize"] == "64x48"
    assert found["Validate"] == "OK"


@pytest.mark.parametrize("format", FORMATS)
def test_ffprobe_reads_the_picture_without_a_warning(format, tmp_path, need):
    need("ffprobe")
    path = tmp_path / f"photo.{format}"
    path.write_bytes(with_exif(still(_picture(64, 48), format), exif_of(TAKEN, 64, 48, model="Cam")))
    entries = ["-show_entries", "stream=width,height", "-of", "csv=p=0"]
    run = subprocess.run(["ffprobe", "-v", "error", *entries, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["64,48"]
    assert not run.stderr
