"""Photos: their size, their file, what happens to the camera, and what goes wrong."""

import asyncio
import errno
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import mediastreams as ms
from mediastreams.testing import FakeCamera, read_counter

TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif")
PHOTO = 0x8769


def _said(image, tag):
    return image.getexif().get_ifd(PHOTO).get(tag)


async def test_a_photo_is_a_jpeg_of_the_camera_as_it_runs(film, clock, look, pixels):
    track = await film(width=640, height=480)
    blob = await clock.until(ms.ImageCapture(track).take_photo())
    assert blob.type == "image/jpeg"
    assert look(blob).format == "JPEG"
    assert look(blob).size == (640, 480)
    assert read_counter(pixels(blob)) >= 0


@pytest.mark.may_block(reason="other programs open the photo")
@pytest.mark.parametrize("type", TYPES)
async def test_every_type_says_when_and_by_what_it_was_taken_and_how_large_it_is(film, clock, look, type):
    track = await film(width=640, height=480)
    blob = await clock.until(ms.ImageCapture(track).take_photo(image_width=320, type=type))
    image = look(blob)
    assert blob.type == type
    assert image.format == type.removeprefix("image/").upper()
    assert image.size == (320, 240)
    exif = image.getexif()
    assert exif[0x0110] == "Fake camera 1 (user)"
    assert exif[0x0131].startswith("mediastreams")
    assert (_said(image, 0xA002), _said(image, 0xA003)) == (320, 240)
    said = f"{_said(image, 0x9003)}.{_said(image, 0x9291)}{_said(image, 0x9011)}"
    taken = datetime.strptime(said, "%Y:%m:%d %H:%M:%S.%f%z")
    assert abs(taken - datetime.now(UTC)) < timedelta(minutes=1)
    assert 0x8825 not in exif  # where it was taken is nobody's business


async def test_a_track_that_shows_a_part_gives_photos_of_all(film, clock, pixels):
    track = await film(width=640, height=480)
    await track.apply_constraints({"width": {"exact": 100}, "height": {"exact": 300}})
    blob = await clock.until(ms.ImageCapture(track).take_photo())
    settings = await ms.ImageCapture(track).get_photo_settings()
    height, width = pixels(blob).shape[:2]
    assert (width, height) == (settings.image_width, settings.image_height)
    assert width / height > 1
    assert (track.get_settings().width, track.get_settings().height) == (100, 300)


async def test_a_larger_photo_is_taken_in_a_larger_mode_for_which_the_track_is_muted_a_moment(
    film, clock, camera, pixels
):
    track = await film(width=640, height=480)
    news = []
    for type in ("mute", "unmute", "ended", "configurationchange"):
        track.add_event_listener(type, lambda event: news.append(event.type))
    blob = await clock.until(ms.ImageCapture(track).take_photo(image_width=1920, image_height=1080))
    picture = pixels(blob)
    assert picture.shape == (1080, 1920, 3)
    assert read_counter(picture) == 2  # of an opening of its own: the third frame, when the exposure has settled
    await clock.advance(0.2)
    assert news == ["mute", "unmute"]
    assert track.get_settings().width == 640
    (source,) = camera.sources
    assert source._mode.width == 640
    grabbed = await clock.until(ms.ImageCapture(track).grab_frame())
    assert (grabbed.width, grabbed.height) == (640, 480)


async def test_another_track_of_the_camera_keeps_it_in_its_mode_and_the_photo_is_scaled(film, clock, pixels):
    track, other = await film(width=640, height=480), await film(width=640, height=480)
    muted = []
    other.add_event_listener("mute", muted.append)
    blob = await clock.until(ms.ImageCapture(track).take_photo(image_width=1280, image_height=960))
    assert pixels(blob).shape == (960, 1280, 3)
    await clock.advance(0.1)
    assert not muted


async def test_one_side_keeps_the_aspect_ratio_and_two_sides_crop(film, clock, pixels):
    capture = ms.ImageCapture(await film(width=640, height=480))
    assert pixels(await clock.until(capture.take_photo({"imageHeight": 120}))).shape == (120, 160, 3)
    assert pixels(await clock.until(capture.take_photo(image_width=99, image_height=99))).shape == (99, 99, 3)


async def test_capabilities_are_the_cameras_and_settings_those_of_now(film):
    capture = ms.ImageCapture(await film(width=640, height=480))
    able = await capture.get_photo_capabilities()
    assert able.image_width == {"min": 1, "max": 1920, "step": 1}
    assert able.image_height == {"min": 1, "max": 1080, "step": 1}
    assert able.fill_light_mode == ("auto", "off", "flash")
    assert able.red_eye_reduction == "never"
    now = await capture.get_photo_settings()
    assert now == {"fill_light_mode": "off", "image_width": 640, "image_height": 480, "red_eye_reduction": False}


async def test_the_settings_are_settings_to_take_a_photo_with(film, clock, look):
    capture = ms.ImageCapture(await film(width=640, height=480))
    blob = await clock.until(capture.take_photo(await capture.get_photo_settings()))
    assert look(blob).size == (640, 480)


@pytest.mark.parametrize(
    "wrong",
    [
        {"red_eye_reduction": True},
        {"image_width": 1921},
        {"image_width": 0},
        {"image_height": 1081},
        {"image_height": -1},
        {"type": "image/gif"},
    ],
)
async def test_what_the_camera_cannot_do_is_refused(film, wrong):
    with pytest.raises(ms.NotSupportedError):
        await ms.ImageCapture(await film()).take_photo(**wrong)


@pytest.mark.parametrize("wrong", [{"fill_light_mode": "strobe"}, {"image_width": "wide"}, {"quality": "good"}])
async def test_malformed_settings_are_refused(film, wrong):
    with pytest.raises(TypeError):
        await ms.ImageCapture(await film()).take_photo(**wrong)
    with pytest.raises(ValueError, match="from 0 to 1"):
        await ms.ImageCapture(await film()).take_photo(quality=2)


async def test_a_camera_without_a_light_has_no_flash(backend, devices):
    backend.plug(FakeCamera(label="Plain", choices={}, ranges={}, defaults={}))
    async with devices.get_user_media(video=True) as _stream:
        pass
    (info,) = [one for one in await devices.enumerate_devices() if one.label == "Plain"]
    async with devices.get_user_media(video={"device_id": {"exact": info.device_id}}) as stream:
        capture = ms.ImageCapture(stream.video)
        assert "fill_light_mode" not in await capture.get_photo_capabilities()
        with pytest.raises(ms.NotSupportedError, match="needs a light"):
            await capture.take_photo(fill_light_mode="off")


async def test_the_flash_lights_the_photo_and_goes_out(film, clock, pixels):
    track = await film(width=320, height=240)
    capture = ms.ImageCapture(track)
    plain = pixels(await clock.until(capture.take_photo()))[:, :20].mean()
    flashed = pixels(await clock.until(capture.take_photo(fill_light_mode="flash")))[:, :20].mean()
    after = pixels(await clock.until(capture.take_photo()))[:, :20].mean()
    assert flashed > plain + 15
    assert abs(after - plain) < 5
    assert track.get_settings().torch is False


async def test_the_automatic_flash_fires_in_the_dark_only(film, clock, pixels):
    track = await film(width=320, height=240)
    capture = ms.ImageCapture(track)
    await clock.advance(0.1)
    bright = pixels(await clock.until(capture.take_photo(fill_light_mode="auto"))).mean()
    assert abs(bright - pixels(await clock.until(capture.take_photo())).mean()) < 5
    await track.apply_constraints(brightness=0)
    await clock.advance(0.1)
    dark = pixels(await clock.until(capture.take_photo())).mean()
    assert pixels(await clock.until(capture.take_photo(fill_light_mode="auto"))).mean() > dark + 10


async def test_a_disabled_track_gives_black_and_leaves_the_camera_as_it_is(film, clock, pixels):
    track = await film(width=320, height=240)
    track.enabled = False
    muted = []
    track.add_event_listener("mute", muted.append)
    blob = await clock.until(
        ms.ImageCapture(track).take_photo(image_width=1920, image_height=1080, fill_light_mode="flash")
    )
    picture = pixels(blob)
    assert picture.shape == (1080, 1920, 3)
    assert picture.max() <= 2
    assert not muted


async def test_many_photos_at_once_are_all_taken(film, clock, pixels):
    capture = ms.ImageCapture(await film(width=320, height=240))
    sizes = [{"image_width": 160}, {"image_width": 1280, "image_height": 720}, {}, {"fill_light_mode": "flash"}] * 3
    blobs = await clock.until(asyncio.gather(*(capture.take_photo(**size) for size in sizes)))
    assert [pixels(blob).shape[1] for blob in blobs] == [160, 1280, 320, 320] * 3
    grabbed = await clock.until(asyncio.gather(*(capture.grab_frame() for _ in range(20))))
    assert {bitmap.width for bitmap in grabbed} == {320}


async def test_an_ended_track_takes_no_photos(film):
    track = await film()
    track.stop()
    capture = ms.ImageCapture(track)
    for call in (capture.take_photo, capture.grab_frame, capture.get_photo_capabilities, capture.get_photo_settings):
        with pytest.raises(ms.InvalidStateError):
            await call()


@pytest.mark.parametrize("size", [{}, {"image_width": 1920}])
@pytest.mark.parametrize("how", ["stop", "unplug"])
async def test_a_track_that_ends_meanwhile_takes_the_photo_with_it(film, camera, size, how):
    track = await film(width=320, height=240)
    pending = asyncio.ensure_future(ms.ImageCapture(track).take_photo(**size))
    await asyncio.sleep(0.05)
    if how == "stop":
        track.stop()
    else:
        camera.unplug()
    with pytest.raises(ms.UnknownError, match="ended"):
        await pending
    async with asyncio.timeout(5):
        while camera.in_use:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("call", ["get_photo_capabilities", "get_photo_settings"])
async def test_a_track_that_ends_meanwhile_cannot_be_asked(film, call):
    track = await film()
    pending = asyncio.ensure_future(getattr(ms.ImageCapture(track), call)())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(ms.OperationError):
        await pending


async def test_a_photo_given_up_leaves_nothing_behind_and_the_camera_as_it_was(film, clock, camera):
    track = await film(width=320, height=240)
    pending = asyncio.ensure_future(ms.ImageCapture(track).take_photo(image_width=1920))
    await asyncio.sleep(0.05)
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    bitmap = await clock.until(ms.ImageCapture(track).grab_frame())
    assert bitmap.width == 320
    assert not track.muted


async def test_a_camera_that_refuses_the_larger_mode_goes_on_in_its_own(film, clock, camera):
    track = await film(width=320, height=240)
    refused = ms.NotReadableError("no bandwidth", errno=errno.ENOSPC)
    start = type(next(iter(camera.sources))).start

    def start_small(source, mode, settings, delivery):
        if mode.width > 640:
            raise refused
        return start(source, mode, settings, delivery)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(next(iter(camera.sources))), "start", start_small)
        with pytest.raises(ms.UnknownError, match="no bandwidth"):
            await clock.until(ms.ImageCapture(track).take_photo(image_width=1920))
        assert (await clock.until(ms.ImageCapture(track).grab_frame())).width == 320


async def test_a_camera_that_is_muted_takes_no_photos(film, clock, camera):
    track = await film()
    camera.mute()
    await clock.advance(0.1)
    with pytest.raises(ms.UnknownError, match="muted"):
        await clock.until(ms.ImageCapture(track).take_photo())


async def test_a_camera_that_hangs_is_not_waited_for_for_ever(film, clock, camera):
    track = await film()
    camera.stall()
    with pytest.raises(ms.UnknownError, match="no picture"):
        await clock.until(ms.ImageCapture(track).take_photo())


async def test_a_canvas_is_photographed_as_it_stands(pixels):
    canvas = ms.CanvasElement(64, 48)
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 64, 48)
    with canvas.capture_stream() as stream:
        await asyncio.sleep(0.02)
        blob = await ms.ImageCapture(stream.video).take_photo(type="image/png")
    assert np.all(pixels(blob) == (255, 0, 0))


async def test_a_generator_that_shows_nothing_yet_has_no_photo_and_then_has():
    generator = ms.MediaStreamTrackGenerator("video")
    capture = ms.ImageCapture(generator)
    assert "image_width" not in await capture.get_photo_capabilities()
    with pytest.raises(ms.UnknownError, match="nothing yet"):
        await capture.take_photo(await capture.get_photo_settings())
    await generator.writable.get_writer().write(ms.VideoFrame.from_ndarray(np.zeros((20, 30, 3), np.uint8)))
    assert (await capture.get_photo_settings()).image_width == 30
    assert (await capture.take_photo()).size > 100
    generator.stop()
