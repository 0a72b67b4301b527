"""Frames grabbed from a track, and what can be done with them."""

import asyncio

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import read_counter


@pytest.mark.parametrize("wrong", ["track", None, 5, {}, True, object()])
def test_only_tracks_are_taken(wrong):
    with pytest.raises(TypeError, match="MediaStreamTrack"):
        ms.ImageCapture(wrong)
    with pytest.raises(TypeError):
        ms.ImageCapture()


async def test_sound_has_no_pictures(devices):
    async with devices.get_user_media(audio=True) as stream:
        with pytest.raises(ms.NotSupportedError):
            ms.ImageCapture(stream.audio)


async def test_the_track_is_the_one_that_was_given_and_stays(film):
    track = await film()
    capture = ms.ImageCapture(track)
    assert capture.track is track
    with pytest.raises(AttributeError):
        capture.track = track.clone
    assert "ImageCapture of <MediaStreamTrack" in repr(capture)


async def test_a_frame_is_what_the_tracks_consumers_see(film, clock):
    track = await film(width=640, height=480)
    await track.apply_constraints(width=300, height=200)
    bitmap = await clock.until(ms.ImageCapture(track).grab_frame())
    assert (bitmap.width, bitmap.height) == (300, 200)
    assert read_counter(bitmap.to_ndarray()) >= 0
    assert np.asarray(bitmap).shape == (200, 300, 3)
    assert bitmap.to_image().size == (300, 200)
    assert bitmap._repr_png_().startswith(b"\x89PNG")
    assert repr(bitmap) == "<ImageBitmap 300x200>"


async def test_a_closed_bitmap_has_no_pixels(film, clock):
    bitmap = await clock.until(ms.ImageCapture(await film()).grab_frame())
    bitmap.close()
    bitmap.close()
    assert (bitmap.width, bitmap.height) == (0, 0)
    for look in (bitmap.to_ndarray, bitmap.to_image):
        with pytest.raises(ms.InvalidStateError):
            look()
    assert bitmap._repr_png_() is None
    with pytest.raises(TypeError, match="Illegal constructor"):
        ms.ImageBitmap()


async def test_what_is_not_shown_cannot_be_grabbed(film, clock, camera):
    track = await film()
    capture = ms.ImageCapture(track)
    track.enabled = False
    with pytest.raises(ms.InvalidStateError, match="disabled"):
        await capture.grab_frame()
    track.enabled = True
    pending = asyncio.ensure_future(capture.grab_frame())
    await asyncio.sleep(0)
    camera.mute()
    with pytest.raises(ms.UnknownError, match="muted"):
        await pending
    with pytest.raises(ms.InvalidStateError, match="muted"):
        await capture.grab_frame()


async def test_the_end_ends_the_wait(film):
    track = await film()
    pending = asyncio.ensure_future(ms.ImageCapture(track).grab_frame())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(ms.UnknownError, match="ended"):
        await pending


async def test_a_wait_given_up_leaves_nothing_attached(film):
    track = await film()
    pending = asyncio.ensure_future(ms.ImageCapture(track).grab_frame())
    await asyncio.sleep(0)
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    assert not track._feed.ports


async def test_a_canvas_gives_its_frame_at_once_and_draws_bitmaps():
    canvas, other = ms.CanvasElement(10, 10), ms.CanvasElement(10, 10)
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 10, 10)
    with canvas.capture_stream() as stream:
        capture = ms.ImageCapture(stream.video)
        for _ in range(3):  # it stands still: nothing new comes
            bitmap = await capture.grab_frame()
    assert (bitmap.width, bitmap.height) == (10, 10)
    other.draw_image(bitmap, 0, 0)
    assert np.all(np.asarray(other.get_image_data(0, 0, 10, 10).data).reshape(10, 10, 4) == (255, 0, 0, 255))
    bitmap.close()
    with pytest.raises(ms.InvalidStateError):
        other.draw_image(bitmap, 0, 0)


async def test_a_bitmap_becomes_a_frame(film, clock):
    bitmap = await clock.until(ms.ImageCapture(await film(width=320, height=240)).grab_frame())
    frame = ms.VideoFrame(bitmap, timestamp=7)
    assert (frame.display_width, frame.display_height, frame.timestamp) == (320, 240, 7)
    assert np.array_equal(frame.to_ndarray(format="rgb24"), bitmap.to_ndarray())
