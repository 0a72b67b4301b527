"""The macOS back end on recorded listings: nothing of it runs here but the parsing and the options."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from mediastreams._backends.av_listing import ListedDevice
from mediastreams._backends.macos import avfoundation
from mediastreams._backends.macos.avfoundation import AVFoundationBackend, AVFoundationTarget, parse_modes, with_names
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotAllowedError, NotFoundError, NotReadableError

# As PyAV lists a MacBook with two equal USB cameras, one display and a microphone.
LISTED = [
    ListedDevice("0", "FaceTime HD Camera", ("video",)),
    ListedDevice("1", "USB Camera", ("video",)),
    ListedDevice("2", "USB Camera", ("video",)),
    ListedDevice("3", "Capture screen 0", ("video",)),
    ListedDevice("0", "MacBook Pro Microphone", ("audio",)),
]

# What FFmpeg says of two cameras when asked for 1000 frames per second.
FACETIME = """\
[avfoundation @ 0x7fbabf104080] Selected framerate (1000.000000) is not supported by the device.
[avfoundation @ 0x7fbabf104080] Supported modes:
[avfoundation @ 0x7fbabf104080]   1920x1080@[1.000000 30.000000]fps
[avfoundation @ 0x7fbabf104080]   1280x720@[1.000000 30.000000]fps
[avfoundation @ 0x7fbabf104080]   1080x1920@[1.000000 30.000000]fps
[avfoundation @ 0x7fbabf104080]   640x480@[1.000000 30.000000]fps
"""
GRABBER = """\
Selected framerate (1000.000000) is not supported by the device.
Supported modes:
  640x480@[60.000240 60.000240]fps
  640x480@[30.000030 30.000030]fps
  640x480@[60.000240 60.000240]fps
  1920x1080@[50.000000 50.000000]fps (repeated 2 more times)
"""


@pytest.fixture
def mac(monkeypatch):
    """A Mac's answers in place of FFmpeg's."""
    listed = list(LISTED)
    monkeypatch.setattr(avfoundation, "list_devices", lambda form: listed if form == "avfoundation" else [])
    logs = {"0:none": FACETIME, "1:none": GRABBER}
    monkeypatch.setattr(avfoundation, "log_of_opening", lambda form, file, options: logs.get(file, ""))
    return listed


def test_cameras_and_screens_are_listed_by_name_and_microphones_left_to_the_sound_back_end(mac):
    devices = AVFoundationBackend().list_devices()
    assert [(d.device_class, d.native_id, d.label, d.default) for d in devices] == [
        ("videoinput", "FaceTime HD Camera", "FaceTime HD Camera", True),
        ("videoinput", "USB Camera", "USB Camera", False),
        ("videoinput", "USB Camera#2", "USB Camera", False),
        ("monitor", "Capture screen 0", "Screen 1", True),
    ]


def test_a_span_of_rates_is_one_mode_and_repeated_modes_count_once(mac):
    facetime, grabber, unknown, screen = AVFoundationBackend().list_devices()
    assert facetime.model.modes[:2] == (VideoMode(1920, 1080, 1, 30), VideoMode(1280, 720, 1, 30))
    assert len(facetime.model.modes) == 4
    assert grabber.model.modes == (
        VideoMode(640, 480, 60.00024, 60.00024),
        VideoMode(640, 480, 30.00003, 30.00003),
        VideoMode(1920, 1080, 50, 50),
    )
    assert len(unknown.model.modes) == 1, "a camera that says nothing still has a mode"
    assert screen.model.choices["cursor"] == ("always", "never")


@pytest.mark.parametrize("log", ["", "garbage", "1280x720@[a b]fps", "x@[1.0 2.0]fps"])
def test_text_without_modes_has_no_modes(log):
    assert parse_modes(log) == ()


def test_a_device_keeps_its_name_when_another_takes_its_number(mac):
    before = {name: item.name for name, item in with_names(mac)}
    assert before["USB Camera"] == "1"
    mac[0:1] = []
    mac[0:3] = [ListedDevice("0", "USB Camera", ("video",)), ListedDevice("1", "Capture screen 0", ("video",))]
    opening = AVFoundationTarget("Capture screen 0", screen=True).open(VideoMode(1920, 1080, 1, 60), {})
    assert opening
    assert opening.file == "1:none"


def test_a_camera_is_opened_with_size_and_exact_rate(mac):
    target = AVFoundationTarget("USB Camera", screen=False)
    opening = target.open(VideoMode(640, 480, 30.00003, 30.00003), {"frame_rate": 30})
    assert opening
    assert (opening.file, opening.format) == ("1:none", "avfoundation")
    assert opening.options["video_size"] == "640x480"
    assert opening.options["framerate"] == "30.000030"
    assert "capture_cursor" not in opening.options


@pytest.mark.parametrize(("cursor", "option"), [("always", "1"), ("never", "0")])
def test_a_screen_is_opened_whole_with_or_without_cursor(mac, cursor, option):
    target = AVFoundationTarget("Capture screen 0", screen=True)
    opening = target.open(VideoMode(1920, 1080, 1, 60), {"cursor": cursor, "frame_rate": 24})
    assert opening
    assert opening.options["capture_cursor"] == option
    assert opening.options["framerate"] == "24.000000"
    assert "video_size" not in opening.options


def test_an_unplugged_camera_is_not_found(mac):
    with pytest.raises(NotFoundError, match="Gone"):
        AVFoundationTarget("Gone", screen=False).open(VideoMode(640, 480, 30, 30), {})


@pytest.mark.parametrize(
    ("number", "named"),
    [(errno.EPERM, NotAllowedError), (errno.EBUSY, NotReadableError), (errno.EIO, NotReadableError)],
)
def test_errors_have_names_and_say_where_to_allow_the_camera(number, named):
    error = AVFoundationTarget("FaceTime", screen=False).explain(OSError(number, "as FFmpeg says"))
    assert type(error) is named
    assert "Privacy & Security, Camera" in error.message
    assert "Screen Recording" in AVFoundationTarget("S", screen=True).explain(OSError(5, "x")).message


@pytest.mark.parametrize("name", ["macos.avfoundation", "windows.dshow", "windows.gdigrab", "windows.user32"])
def test_the_module_can_be_imported_on_every_system(name):
    code = f"import mediastreams._backends.{name}"
    assert subprocess.run((sys.executable, "-W", "error", "-c", code), timeout=60, check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="has avfoundation")
def test_where_there_is_no_avfoundation_nothing_is_listed():
    assert AVFoundationBackend().list_devices() == []
