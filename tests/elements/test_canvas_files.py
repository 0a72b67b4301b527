"""Canvases as PNG, JPEG and WebP."""

import asyncio
import base64
import io

import numpy as np
import pytest
from PIL import Image

import mediastreams as ms
from mediastreams import CanvasElement

# Made and loaded here, not while a loop runs.
Image.init()
NOISE = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)


@pytest.fixture
def canvas():
    canvas = CanvasElement(40, 30)
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 20, 30)
    return canvas


def read(blob):
    image = Image.open(io.BytesIO(bytes(blob)))
    return image.format, np.asarray(image.convert("RGBA")).astype(int)


async def test_png_is_exact(canvas):
    blob = await canvas.to_blob()
    assert isinstance(blob, ms.Blob)
    assert blob.type == "image/png"
    kind, pixels = read(blob)
    assert kind == "PNG"
    assert np.array_equal(pixels, np.asarray(canvas.get_image_data()))


async def test_jpeg_lies_on_black_where_it_was_transparent(canvas):
    canvas.fill_style = "rgba(255, 255, 255, 0.5)"
    canvas.fill_rect(30, 0, 10, 30)
    kind, pixels = read(await canvas.to_blob(type="IMAGE/JPEG", quality=1.0))
    assert kind == "JPEG"
    assert pixels[15, 5] == pytest.approx([254, 0, 0, 255], abs=5)
    assert pixels[15, 24] == pytest.approx([0, 0, 0, 255], abs=8)
    assert pixels[15, 36] == pytest.approx([128, 128, 128, 255], abs=6)


async def test_webp_keeps_transparency(canvas):
    kind, pixels = read(await canvas.to_blob(None, "image/webp"))
    assert kind == "WEBP"
    assert (pixels[15, 5, 3], pixels[15, 30, 3]) == (255, 0)


async def test_a_type_that_nobody_writes_becomes_png(canvas):
    for type in ("image/avif", "text/plain", ""):
        assert (await canvas.to_blob(type=type)).type == "image/png"


async def test_quality_counts_and_nonsense_is_the_default(canvas):
    canvas.put_image_data(NOISE)
    sizes = {quality: (await canvas.to_blob(None, "image/jpeg", quality)).size for quality in (0, 0.5, 0.92, 1)}
    assert list(sizes.values()) == sorted(set(sizes.values()))
    for nonsense in (None, -1, 1.5, "high"):
        assert (await canvas.to_blob(None, "image/jpeg", nonsense)).size == sizes[0.92]


async def test_a_callback_gets_the_blob_in_a_task_of_the_loop(canvas):
    got = asyncio.get_running_loop().create_future()
    assert canvas.to_blob(got.set_result, "image/jpeg") is None
    assert not got.done()
    assert (await got).type == "image/jpeg"


async def test_the_picture_is_that_of_the_call(canvas):
    coming = canvas.to_blob()
    canvas.clear_rect(0, 0, 40, 30)
    _, pixels = read(await coming)
    assert pixels[0, 0].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("size", [(0, 10), (2**31, 10)])
async def test_without_pixels_there_is_no_file(size):
    canvas = CanvasElement(*size)
    got = asyncio.get_running_loop().create_future()
    canvas.to_blob(got.set_result)
    assert await got is None
    with pytest.raises(ms.InvalidStateError, match=f"{size[0]}x10"):
        await canvas.to_blob()
    assert canvas.to_data_url() == "data:,"
    assert canvas._repr_png_() is None


async def test_a_picture_that_a_type_does_not_hold_is_none():
    canvas = CanvasElement(16_384, 1)  # one more than WebP takes
    got = asyncio.get_running_loop().create_future()
    canvas.to_blob(got.set_result, "image/webp")
    assert await got is None
    with pytest.raises(ms.NotSupportedError, match="16384x1"):
        await canvas.to_blob(type="image/webp")
    assert canvas.to_data_url("image/webp") == "data:,"
    assert (await canvas.to_blob()).size > 0


async def test_wrong_arguments_are_named(canvas):
    with pytest.raises(TypeError, match="callback"):
        canvas.to_blob("image/png")
    with pytest.raises(TypeError, match="to_blob: type"):
        canvas.to_blob(None, 5)


def test_a_data_url_holds_the_file(canvas):
    for type in ("image/png", "image/jpeg"):
        head, _, body = canvas.to_data_url(type).partition(",")
        assert head == f"data:{type};base64"
        assert read(base64.b64decode(body))[1][0, 0] == pytest.approx([254, 0, 0, 255], abs=4)


def test_jupyter_shows_it(canvas):
    assert canvas._repr_png_().startswith(b"\x89PNG")


async def test_a_file_of_a_canvas_is_drawn_again(canvas, tmp_path):
    path = tmp_path / "still.png"
    path.write_bytes(bytes(await canvas.to_blob()))
    other = CanvasElement(40, 30)
    with Image.open(path) as image:
        other.draw_image(image)
    assert np.array_equal(np.asarray(other.get_image_data()), np.asarray(canvas.get_image_data()))
