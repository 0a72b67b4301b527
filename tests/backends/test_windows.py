"""The Windows back ends on recorded listings: nothing of them runs here but the parsing and the options."""

from __future__ import annotations

import errno
import sys

import pytest

from mediastreams._backends.av_listing import ListedDevice
from mediastreams._backends.windows import dshow, gdigrab
from mediastreams._backends.windows.dshow import DirectShowBackend, DirectShowTarget, parse_modes
from mediastreams._backends.windows.gdigrab import GdiGrabBackend, GdiGrabTarget
from mediastreams._backends.windows.user32 import Area, TopWindow
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotAllowedError, NotFoundError, NotReadableError

C920 = r"@device_pnp_\\?\usb#vid_046d&pid_082d&mi_00#6&2c2&0&0000#{65e8773d-8f56-11d0-a3b9-00a0c9223196}\global"
LISTED = [
    ListedDevice(C920, "HD Pro Webcam C920", ("video",)),
    ListedDevice("@device_sw_{860BB310}\\{A3FCE0F5}", "OBS Virtual Camera", ("video", "audio")),
    ListedDevice("@device_cm_{33D9A762}\\wave_{0B1C}", "Microphone (HD Pro Webcam C920)", ("audio",)),
]
OPTIONS = """\
[dshow @ 000001d1] DirectShow video device options (from video devices)
[dshow @ 000001d1]  Pin "Capture" (alternative pin name "0")
[dshow @ 000001d1]   pixel_format=yuyv422  min s=640x480 fps=5 max s=640x480 fps=30
[dshow @ 000001d1]   pixel_format=yuyv422  min s=640x480 fps=5 max s=640x480 fps=30 (tv, bt470bg/bt709/unknown, topleft)
[dshow @ 000001d1]   vcodec=mjpeg  min s=1920x1080 fps=5 max s=1920x1080 fps=60.0002
[dshow @ 000001d1]   pixel_format=bgr24  min s=160x120 fps=30 max s=320x240 fps=30
[dshow @ 000001d1]   unknown compression type 0x34363248  min s=1280x720 fps=5 max s=1280x720 fps=30
"""


@pytest.fixture
def cameras(monkeypatch):
    monkeypatch.setattr(dshow, "list_devices", lambda form: LISTED if form == "dshow" else [])
    monkeypatch.setattr(dshow, "log_of_opening", lambda form, file, options: OPTIONS if C920 in file else "")


def test_cameras_are_listed_by_their_system_names_and_microphones_are_not(cameras):
    devices = DirectShowBackend().list_devices()
    assert [(d.device_class, d.label, d.default) for d in devices] == [
        ("videoinput", "HD Pro Webcam C920", True),
        ("videoinput", "OBS Virtual Camera", False),
    ]
    assert devices[0].native_id == C920
    assert len(devices[1].model.modes) == 1, "a camera that says nothing still has a mode"


def test_modes_have_size_rates_and_format_and_raw_ones_are_cheaper():
    assert parse_modes(OPTIONS) == (
        VideoMode(640, 480, 5, 30, "pixel_format=yuyv422", 0),
        VideoMode(1920, 1080, 5, 60.0002, "vcodec=mjpeg", 1),
        VideoMode(160, 120, 30, 30, "pixel_format=bgr24", 0),
        VideoMode(320, 240, 30, 30, "pixel_format=bgr24", 0),
    )


def test_modes_are_found_where_ffmpeg_logs_a_line_in_pieces():
    pieces = ["  vcodec=mjpeg", "  min s=640x480 fps=5 max s=640x480 fps=30", "\n"]
    assert parse_modes("".join(pieces)) == (VideoMode(640, 480, 5, 30, "vcodec=mjpeg", 1),)


@pytest.mark.parametrize("log", ["", "garbage", "vcodec=mjpeg min s=axb fps=1 max s=1x1 fps=1"])
def test_text_without_modes_has_no_modes(log):
    assert parse_modes(log) == ()


def test_a_camera_is_opened_in_its_mode_and_format():
    target = DirectShowTarget(C920, "C920")
    opening = target.open(VideoMode(1920, 1080, 5, 60.0002, "vcodec=mjpeg", 1), {"frame_rate": 30})
    assert opening
    assert opening.file == f"video={C920}"
    assert opening.options["video_size"] == "1920x1080"
    assert opening.options["framerate"] == "30"
    assert opening.options["vcodec"] == "mjpeg"
    raw = target.open(VideoMode(640, 480, 30, 30, "pixel_format=yuyv422"), {"frame_rate": 15})
    assert raw
    assert raw.options["pixel_format"] == "yuyv422"
    assert raw.options["framerate"] == "30", "within what the mode has"
    assert "pixel_format" not in target.open(VideoMode(640, 480, 30, 30), {}).options


@pytest.mark.parametrize(
    ("number", "named"),
    [(errno.EIO, NotReadableError), (errno.EACCES, NotAllowedError), (errno.ENOENT, NotFoundError)],
)
def test_errors_have_names(number, named):
    assert type(DirectShowTarget(C920, "C920").explain(OSError(number, "as FFmpeg says"))) is named


def test_a_camera_in_use_is_named_and_keeps_its_number():
    error = DirectShowTarget(C920, "C920").explain(OSError(errno.EIO, "Could not run graph"))
    assert "another program" in str(error)
    assert error.errno == errno.EIO


def test_monitors_and_windows_are_listed_with_sizes():
    monitors = [
        Area(r"\\.\DISPLAY1", 0, 0, 2560, 1440, primary=True),
        Area(r"\\.\DISPLAY2", -1920, 0, 1920, 1080, False),
    ]
    devices = list(gdigrab._describe(monitors, [TopWindow(0x20A4, "Notepad", 801, 600, visible=True)]))
    assert [(d.device_class, d.native_id, d.label, d.default) for d in devices] == [
        ("monitor", r"\\.\DISPLAY1", "Screen 1 (2560×1440)", True),
        ("monitor", r"\\.\DISPLAY2", "Screen 2 (1920×1080)", False),
        ("window", "0x20a4", "Notepad", False),
    ]
    assert devices[2].model.modes == (VideoMode(801, 600, 1, 60),)


def test_a_monitor_left_of_the_primary_is_grabbed_at_its_place():
    target = GdiGrabTarget("Screen 2", monitor=r"\\.\DISPLAY2")
    opening = target.opening_of_monitor(Area(r"\\.\DISPLAY2", -1920, 8, 1920, 1080, False), {"cursor": "never"})
    assert opening.file == "desktop"
    assert opening.options["offset_x"] == "-1920"
    assert opening.options["offset_y"] == "8"
    assert opening.options["video_size"] == "1920x1080"
    assert opening.options["draw_mouse"] == "0"
    assert opening.frame_rate == 30


def test_a_window_is_followed_through_resize_hiding_and_end(monkeypatch):
    state = [TopWindow(7, "Notepad", 800, 600, visible=True)]
    monkeypatch.setattr(gdigrab.user32, "look_at_window", lambda handle: state[0])
    target = GdiGrabTarget("Notepad", window=7)
    any_mode = VideoMode(1, 1, 1, 60)
    opening = target.open(any_mode, {"frame_rate": 500})
    assert opening
    assert (opening.file, opening.mode, opening.frame_rate) == ("hwnd=7", VideoMode(800, 600, 1, 60), 60)
    assert not target.changed()
    state[0] = TopWindow(7, "Notepad", 640, 480, visible=True)
    assert target.changed()
    assert not target.open(any_mode, {}).same_container(opening)
    state[0] = TopWindow(7, "Notepad", 640, 480, visible=False)
    assert target.open(any_mode, {}) is None
    state[0] = None
    with pytest.raises(NotFoundError, match="closed"):
        target.open(any_mode, {})


@pytest.mark.skipif(sys.platform == "win32", reason="has them")
def test_elsewhere_nothing_is_listed_or_watched():
    assert GdiGrabBackend().list_devices() == []
    assert DirectShowBackend().list_devices() == []
    GdiGrabBackend().watch(lambda: None)()
