"""A video element in a window on a real X server: what is on the screen, what a person does to it, how it goes."""

import asyncio
import os
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tests.virtual.servers import needs, wait_for

import mediastreams as ms
from mediastreams._backends.linux.x11_protocol import X11Connection
from mediastreams._backends.linux.x11_surfaces import list_windows
from mediastreams._backends.window.desk import desk
from mediastreams._backends.window.sdl import SdlWindow
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.frames import Picture
from mediastreams.abc import VideoMode
from mediastreams.capture.media_devices import MediaDevices
from mediastreams.testing import FakeBackend, check_sink, read_counter

pytest.importorskip("sdl2", reason="not installed: the extra 'window'", exc_type=ImportError)
pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore:Using SDL2 binaries")]
SCREEN = (1280, 720)
TITLE = "Picture-in-Picture"


@pytest.fixture
def screen(xvfb, monkeypatch):
    """This process's display, and another program's connection to it."""
    needs("ffmpeg")
    monkeypatch.setenv("DISPLAY", xvfb)
    with X11Connection(xvfb) as server:
        yield server
    assert not desk._users


def seen(display):
    """What is on the screen: ``[height, width, 3]``."""
    size = f"{SCREEN[0]}x{SCREEN[1]}"
    command = ("ffmpeg", "-v", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size", size, "-i", display,
               "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, timeout=20)
    return np.frombuffer(done.stdout, np.uint8).reshape(SCREEN[1], SCREEN[0], 3)


def seen_in(server, title=TITLE):
    """What is on the screen where the window of that title is."""
    (window,) = [one for one in list_windows(server) if one.title == title]
    left, top = struct.unpack_from("<hh", server.request(14, 0, struct.pack("<I", window.id)), 12)
    return seen(os.environ["DISPLAY"])[top : top + window.height, left : left + window.width]


def window_of(server, title=TITLE):
    found = [one for one in list_windows(server) if one.title == title]
    return found[0] if found else None


def resize(server, width, height):
    """What a window manager does when a person drags the window's corner."""
    number = window_of(server).id
    server.request(12, 0, struct.pack("<IHxxII", number, 4 | 8, width, height), reply=False)
    server.request(43)


def click_close(server):
    """What a window manager does when a person clicks on the window's cross."""
    number = window_of(server).id
    words = (server.atom("WM_PROTOCOLS"), server.atom("WM_DELETE_WINDOW"), 0, 0, 0, 0)
    message = struct.pack("<BBHI6I", 33, 32, 0, number, *words)
    server.request(25, 0, struct.pack("<II", number, 0) + message, reply=False)
    server.request(43)


async def reaches(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def film(movie, place=2.0):
    """A film that stands at a place."""
    video = ms.VideoElement(str(movie))
    video.muted = True
    await video.wait_for("loadeddata")
    video.current_time = place
    await video.wait_for("seeked")
    return video


def far_from(one, other):
    """How far pictures are from each other, in steps of 255, on average."""
    return np.abs(one.astype(int) - other.astype(int)).mean()


async def test_a_film_is_seen_in_its_window_with_its_own_colours_and_follows_a_seek(screen, movie):
    async with await film(movie) as video:
        window = await video.request_picture_in_picture()
        assert (window.width, window.height) == (1280, 720)
        first = video.current_frame().to_ndarray("rgb24")
        for _ in range(50):
            shown = await asyncio.to_thread(seen_in, screen)
            if far_from(shown, first) < 3:
                break
        assert far_from(shown, first) < 3
        video.current_time = 4.5
        await video.wait_for("seeked")
        second = video.current_frame().to_ndarray("rgb24")
        assert far_from(first, second) > 20
        for _ in range(50):
            shown = await asyncio.to_thread(seen_in, screen)
            if far_from(shown, second) < 3:
                break
        assert far_from(shown, second) < 3
    await reaches(lambda: window_of(screen) is None)
    await reaches(lambda: not desk._users)


async def test_a_camera_goes_on_in_the_window_that_a_person_resizes_and_then_closes(screen):
    heard = []
    devices = MediaDevices(backends=[FakeBackend()])
    stream = await devices.get_user_media(video={"width": 640, "height": 480})
    video = ms.VideoElement()
    video.src_object = stream
    video.onenterpictureinpicture = video.onleavepictureinpicture = heard.append
    await video.play()
    window = await video.request_picture_in_picture()
    assert await video.request_picture_in_picture() is window
    assert [(one.type, one.picture_in_picture_window, one.bubbles, one.is_trusted) for one in heard] == [
        ("enterpictureinpicture", window, True, True)
    ]
    assert (window.width, window.height) == (640, 480)

    counters = []
    while len(set(counters)) < 3:
        counters.append(read_counter(await asyncio.to_thread(seen_in, screen)))
        assert len(counters) < 100
    assert counters == sorted(counters)

    resized = asyncio.ensure_future(window.wait_for("resize"))
    await asyncio.sleep(0)
    resize(screen, 900, 480)  # wider than the picture: black at both sides
    await asyncio.wait_for(resized, 10)
    assert (window.width, window.height) == (900, 480)
    for _ in range(50):
        shown = await asyncio.to_thread(seen_in, screen)
        if shown.shape == (480, 900, 3) and not shown[:, :129].any() and shown[:, 131:769].any():
            break
    assert not shown[:, :129].any()
    assert not shown[:, 771:].any()
    assert read_counter(np.ascontiguousarray(shown[:, 130:770])) >= counters[-1]

    left = asyncio.ensure_future(video.wait_for("leavepictureinpicture"))
    await asyncio.sleep(0)
    click_close(screen)
    event = await asyncio.wait_for(left, 10)
    assert event.picture_in_picture_window is window
    assert (window.width, window.height) == (0, 0)
    assert not video.paused
    await reaches(lambda: window_of(screen) is None)
    video.close()
    for track in stream.get_tracks():
        track.stop()
    await reaches(lambda: not desk._users)


async def test_two_elements_have_two_windows_and_leave_them_one_by_one(screen, movie):
    async with await film(movie, 1.0) as one, await film(movie, 2.0) as other:
        first, second = await asyncio.gather(one.request_picture_in_picture(), other.request_picture_in_picture())
        assert first is not second
        assert len([1 for window in list_windows(screen) if window.title == TITLE]) == 2
        left = asyncio.ensure_future(one.wait_for("leavepictureinpicture"))
        await asyncio.sleep(0)
        first.close()
        first.close()
        await asyncio.wait_for(left, 10)
        await reaches(lambda: len([1 for window in list_windows(screen) if window.title == TITLE]) == 1)
        assert second.width > 0
        other.disable_picture_in_picture = True
        await reaches(lambda: second.width == 0)
        with pytest.raises(ms.InvalidStateError, match="disable_picture_in_picture"):
            await other.request_picture_in_picture()
    await reaches(lambda: not desk._users)


class _Shows:
    """A supply of one picture."""

    def __init__(self, picture):
        self.waiting = [picture]
        self.mode = self.over = None

    def picture(self, at):
        return self.waiting.pop() if self.waiting else None

    def reconfigured(self, mode):
        self.mode = mode

    def end(self, error=None):
        self.over = (error,)


def quarters(format):
    """160 × 96 pixels: red, green, blue and grey quarters, in a format."""
    from mediastreams._engine.convert import to_format

    rgb = np.full((96, 160, 3), 128, np.uint8)
    rgb[:48, :80], rgb[:48, 80:], rgb[48:, :80] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    return to_format(Picture.stamped(frame_from_array(rgb, "rgb24", copy=True), 0), format)


@pytest.mark.parametrize("format", ["yuv420p", "yuvj420p", "nv12", "bgra", "bgr0", "rgb24", "yuv422p", "gray", "rgba"])
def test_every_format_is_seen_in_its_colours(screen, format):
    picture = quarters(format)
    sink, shows = SdlWindow("colours"), _Shows(picture)
    try:
        mode = sink.start(VideoMode(320, 192, 0, 0), {}, shows)
        assert (mode.width, mode.height) == (320, 192)
        expected = ms.VideoFrame._of(picture).to_ndarray("rgb24").astype(int)
        places = [(24, 40), (24, 120), (72, 40), (72, 120)]
        wait_for(
            lambda: all(
                np.abs(shown[2 * y, 2 * x].astype(int) - expected[y, x]).max() <= 4
                for shown in [seen_in(screen, "colours")]
                for y, x in places
            ),
            "the colours",
        )
    finally:
        sink.stop()


def test_a_window_keeps_the_contract_of_sinks(screen):
    check_sink(lambda: SdlWindow("a sink"), seconds=0.3)
    check_sink(lambda: SdlWindow("a sink"), VideoMode(4000, 3000, 0, 60), seconds=0.3)


async def test_without_a_screen_it_is_said(xvfb, movie, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    async with await film(movie) as video:
        with pytest.raises(ms.NotSupportedError, match="no screen"):
            await video.request_picture_in_picture()
    assert not desk._users


async def test_without_the_package_its_name_is_said(movie, monkeypatch):
    monkeypatch.setitem(sys.modules, "sdl2", None)
    async with await film(movie) as video:
        with pytest.raises(ms.NotSupportedError, match=r'pip install "mediastreams\[window\]"'):
            await video.request_picture_in_picture()


async def test_without_a_picture_there_is_no_window():
    with ms.VideoElement() as video, pytest.raises(ms.InvalidStateError, match="nothing to be seen"):
        await video.request_picture_in_picture()


def test_the_end_of_the_x_server_ends_the_window_and_not_the_program(movie):
    program = """
        import asyncio, os, sys
        import mediastreams as ms
        from tests.virtual.servers import start_xvfb

        async def main(server):
            async with ms.VideoElement(sys.argv[1]) as video:
                video.muted = True
                await video.play()
                window = await video.request_picture_in_picture()
                left = asyncio.ensure_future(video.wait_for("leavepictureinpicture"))
                await asyncio.sleep(0)
                server.kill()
                await asyncio.wait_for(left, 10)
                try:
                    await video.request_picture_in_picture()
                except ms.InvalidStateError as error:
                    print("alive:", error.message)

        with start_xvfb() as (display, server):
            os.environ["DISPLAY"] = display
            asyncio.run(main(server))
    """
    needs("Xvfb")
    command = (sys.executable, "-c", textwrap.dedent(program), str(movie))
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert "alive: No window could be opened" in done.stdout


@pytest.mark.parametrize("rotation", [90, 180, 270])
async def test_a_film_of_a_turned_telephone_is_seen_upright(screen, movie, tmp_path, rotation):
    path = tmp_path / "turned.mp4"
    command = ("ffmpeg", "-v", "error", "-i", str(movie), "-c", "copy", "-t", "1", "-metadata:s:v",
               f"rotate={rotation}", str(path))  # fmt: skip
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=20)
    async with await film(path, 0.5) as video:
        with video.current_frame() as frame:
            if frame.rotation == 0:
                pytest.skip("this ffmpeg writes no rotation")
            upright = np.rot90(frame.to_ndarray("rgb24"), -frame.rotation // 90)
        window = await video.request_picture_in_picture()
        assert (window.width, window.height) == ((405, 720) if rotation % 180 else (1280, 720))
        rows = np.linspace(0, upright.shape[0] - 1, window.height).round().astype(int)
        columns = np.linspace(0, upright.shape[1] - 1, window.width).round().astype(int)
        expected = upright[rows][:, columns]
        for _ in range(50):
            shown = await asyncio.to_thread(seen_in, screen)
            if far_from(shown, expected) < 8:
                break
        assert far_from(shown, expected) < 8
        assert far_from(shown[::-1, ::-1], expected) > 20
    await reaches(lambda: not desk._users)
