"""Screens and windows of a real X server (Xvfb), listed and captured."""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import struct
import time

import numpy as np
import pytest
from tests.virtual.collector import Collector
from tests.virtual.servers import start_moving_window, start_xvfb, wait_for, xvfb

from mediastreams._backends.linux import x11, x11_protocol, x11_surfaces
from mediastreams._backends.linux.x11 import X11Backend
from mediastreams._backends.linux.x11_protocol import X11Connection, X11Error, parse_display
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotFoundError, NotReadableError, NotSupportedError
from mediastreams.testing import check_backend

__all__ = ["xvfb"]

pytestmark = pytest.mark.real


@pytest.fixture
def backend(xvfb, monkeypatch):
    monkeypatch.setenv("DISPLAY", xvfb)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return X11Backend()


@contextlib.contextmanager
def capturing(source, mode, **settings):
    collector = Collector()
    collector.mode = source.start(mode, settings, collector)
    try:
        yield collector
    finally:
        source.stop()


def pixels(picture):
    """The picture as BGR, seen without PyAV's own conversion."""
    plane = picture.av.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(picture.height, plane.line_size)
    return rows[:, : picture.width * 4].reshape(picture.height, picture.width, 4)[:, :, :3]


def find(backend, device_class, label=""):
    (device,) = [d for d in backend.list_devices() if d.device_class == device_class and label in d.label]
    return device


def configure_window(display, window, **geometry):
    """Move or resize a window as a window manager would."""
    names = ("x", "y", "width", "height")
    mask = sum(1 << names.index(name) for name in geometry)
    values = [geometry[name] for name in names if name in geometry]
    with X11Connection(display) as server:
        server.request(12, 0, struct.pack(f"<IHxx{len(values)}i", window, mask, *values), reply=False)
        server.request(14, 0, struct.pack("<I", window))


def show_window(display, window, *, visible):
    with X11Connection(display) as server:
        server.request(8 if visible else 10, 0, struct.pack("<I", window), reply=False)
        server.request(14, 0, struct.pack("<I", window))


def resize_screen(display, width, height):
    """Give the only monitor another mode, as a person does in the settings."""
    with X11Connection(display) as server:
        randr = server.extension("RANDR").opcode
        server.request(randr, 0, struct.pack("<II", 1, 5))
        server.request(36, reply=False)  # nobody looks while it is off
        resources = server.request(randr, 25, struct.pack("<I", server.root))
        time_set, crtcs = struct.unpack_from("<IH", resources, 12)
        crtc, output = (struct.unpack_from("<I", resources, at)[0] for at in (32, 32 + 4 * crtcs))
        name = f"{width}x{height}".encode()
        described = struct.pack("<IIHHIHHHHHHHHI", server.root, 0, width, height, *[0] * 8, len(name), 0) + name
        mode = struct.unpack_from("<I", server.request(randr, 16, described), 8)[0]
        server.request(randr, 18, struct.pack("<II", output, mode), reply=False)
        server.request(randr, 21, struct.pack("<IIIhhIHxx", crtc, 0, time_set, 0, 0, 0, 1))
        server.request(randr, 7, struct.pack("<IHHII", server.root, width, height, 300, 200), reply=False)
        server.request(randr, 21, struct.pack("<IIIhhIHxxI", crtc, 0, time_set, 0, 0, mode, 1, output))
        server.request(37, reply=False)
        server.request(14, 0, struct.pack("<I", server.root))


def test_the_monitor_is_listed_with_its_size_as_default(backend):
    (monitor,) = [device for device in backend.list_devices() if device.device_class == "monitor"]
    assert monitor.label == "Screen 1 (1280×720)"
    assert monitor.default
    assert monitor.model.modes == (VideoMode(1280, 720, 1, 60),)
    assert monitor.model.choices["display_surface"] == ("monitor",)
    assert monitor.model.choices["cursor"] == ("always", "never")


def test_the_contract_is_kept(backend, xvfb):
    with start_moving_window(xvfb, "contract", (320, 200)):
        check_backend(backend)


def test_two_listings_have_the_same_ids(backend):
    assert [d.native_id for d in backend.list_devices()] == [d.native_id for d in backend.list_devices()]


def test_without_a_display_nothing_is_listed_and_nothing_said(monkeypatch, caplog):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert X11Backend().list_devices() == []
    assert not caplog.records


@pytest.mark.parametrize("display", [":4711", "nonsense", "no-such-host.invalid:1", ":0:0"])
def test_a_display_without_server_lists_nothing(monkeypatch, display):
    monkeypatch.setenv("DISPLAY", display)
    assert X11Backend().list_devices() == []


def test_under_wayland_one_warning_says_why_nothing_is_listed(monkeypatch, caplog):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    backend = X11Backend()
    with caplog.at_level(logging.WARNING):
        assert backend.list_devices() == []
        assert backend.list_devices() == []
    (record,) = caplog.records
    assert "Wayland" in record.message


def test_the_bridge_of_wayland_counts_as_wayland(backend, monkeypatch, caplog):
    monkeypatch.setattr(x11_surfaces, "list_monitors", lambda _server: [x11_surfaces.Monitor("XWAYLAND0", 0, 0, 9, 9)])
    with caplog.at_level(logging.WARNING):
        assert backend.list_devices() == []
    assert len(caplog.records) == 1


def test_a_moving_window_is_captured_at_thirty_frames_a_second(backend, xvfb):
    with start_moving_window(xvfb, "moving", (640, 360), (100, 100)):
        monitor = find(backend, "monitor")
        for _attempt in range(6):  # other tests share the processors
            with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=30) as collector:
                assert collector.mode == VideoMode(1280, 720, 1, 60)
                time.sleep(2)
            if len(collector.data) >= 54:
                break
    span = (collector.data[-1].timestamp - collector.data[0].timestamp) / 1e6
    assert len(collector.data) >= 54, "27 a second"
    assert (len(collector.data) - 1) / span <= 30.5
    changed = [bool(np.any(pixels(a) != pixels(b))) for a, b in itertools.pairwise(collector.data)]
    assert sum(changed) / len(changed) > 0.7
    assert tuple(pixels(collector.data[0])[110, 110]) == (0, 0, 255), "red, in BGR"


def test_frames_are_stamped_when_they_are_grabbed(backend):
    monitor = find(backend, "monitor")
    with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=60) as collector:
        wait_for(lambda: len(collector.data) >= 60, "sixty frames")
    stamps = [picture.timestamp for picture in collector.data]
    assert all(b > a for a, b in itertools.pairwise(stamps))
    assert all(picture.av.pts == picture.timestamp and picture.duration == 16667 for picture in collector.data)
    delays = [arrival - stamp for arrival, stamp in zip(collector.arrivals, stamps, strict=False)]
    assert min(delays) >= 0
    assert min(delays) < 30_000


def test_frames_outlive_the_capture_and_stay_as_they_were(backend, xvfb):
    with start_moving_window(xvfb, "kept", (320, 200)):
        window = find(backend, "window", "kept")
        source = backend.create_source(window)
        with capturing(source, window.model.modes[0], frame_rate=60) as collector:
            wait_for(lambda: len(collector.data) >= 20, "twenty frames")
        before = [pixels(picture).copy() for picture in collector.data]
        with capturing(source, window.model.modes[0], frame_rate=60) as later:
            wait_for(lambda: len(later.data) >= 20, "twenty frames more")
    assert all(np.array_equal(a, pixels(b)) for a, b in zip(before, collector.data, strict=True))


def test_frames_beyond_the_loan_are_copies_of_the_same_picture(backend, xvfb, monkeypatch):
    monkeypatch.setattr(x11.X11Target, "loans", 2)
    with start_moving_window(xvfb, "copied", (333, 77)):
        window = find(backend, "window", "copied")
        with capturing(backend.create_source(window), window.model.modes[0], frame_rate=60) as collector:
            wait_for(lambda: len(collector.data) >= 5, "five frames")
    for picture in collector.data:
        assert (picture.width, picture.height) == (333, 77)
        assert tuple(pixels(picture)[5, 5]) == (0, 0, 255)
        assert picture.av.pts == picture.timestamp


def test_the_cursor_is_drawn_unless_told_otherwise(backend):
    monitor = find(backend, "monitor")

    def lit(**settings):
        with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=60, **settings) as collector:
            wait_for(lambda: collector.data, "a frame")
        return int(np.count_nonzero(pixels(collector.data[0])))

    assert lit(cursor="never") == 0
    assert lit(cursor="always") > 20
    source = backend.create_source(monitor)
    with capturing(source, monitor.model.modes[0], frame_rate=60, cursor="always") as collector:
        wait_for(lambda: collector.data, "a frame with cursor")
        assert source.configure({"cursor": "never"})
        wait_for(lambda: not pixels(collector.data[-1]).any(), "a frame without cursor")
    assert collector.notices == []


def test_another_frame_rate_needs_no_reopening(backend):
    monitor = find(backend, "monitor")
    source = backend.create_source(monitor)
    with capturing(source, monitor.model.modes[0], frame_rate=2) as collector:
        wait_for(lambda: collector.data, "a frame")
        assert source.configure({"frame_rate": 60})
        assert wait_for(lambda: len(collector.data) > 30, "frames at the new rate") < 3


def test_stopping_does_not_wait_for_the_next_frame(backend):
    monitor = find(backend, "monitor")
    source = backend.create_source(monitor)
    with capturing(source, monitor.model.modes[0], frame_rate=1) as collector:
        wait_for(lambda: collector.data, "a frame")
        began = time.monotonic()
        source.stop()
        assert time.monotonic() - began < 0.5
        count = len(collector.data)
        source.stop()
    assert len(collector.data) == count


def test_a_window_is_captured_alone_even_where_another_covers_it(backend, xvfb):
    with (
        start_moving_window(xvfb, "below", (300, 200), (50, 50)),
        start_moving_window(xvfb, "above", (400, 300), (0, 0), "00ff00"),
    ):
        window = find(backend, "window", "below")
        assert window.model.choices["display_surface"] == ("window",)
        with capturing(backend.create_source(window), window.model.modes[0], frame_rate=60) as collector:
            wait_for(lambda: len(collector.data) > 20, "frames")
    assert (collector.data[-1].width, collector.data[-1].height) == (300, 200)
    assert tuple(pixels(collector.data[-1])[10, 150]) == (0, 0, 255)


def test_a_resized_window_goes_on_in_its_new_size(backend, xvfb):
    with start_moving_window(xvfb, "resized", (300, 200)) as window:
        device = find(backend, "window", "resized")
        with capturing(backend.create_source(device), device.model.modes[0], frame_rate=60) as collector:
            for width, height in ((201, 101), (500, 400)):
                configure_window(xvfb, window, width=width, height=height)
                wait_for(lambda: collector.data and collector.data[-1].width == width, "the new size")  # noqa: B023
    assert collector.notices == [
        ("reconfigured", VideoMode(201, 101, 1, 60)),
        ("reconfigured", VideoMode(500, 400, 1, 60)),
    ]


def test_a_monitor_in_another_mode_goes_on_in_its_new_size_and_is_news(monkeypatch):
    with start_xvfb(1024, 768) as (display, _server):
        monkeypatch.setenv("DISPLAY", display)
        backend = X11Backend()
        news = []
        stop_watching = backend.watch(lambda: news.append(1))
        monitor = find(backend, "monitor")
        with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=60) as collector:
            for width, height in ((800, 600), (1000, 700)):
                resize_screen(display, width, height)
                wait_for(lambda: collector.data and collector.data[-1].width == width, "the new size")  # noqa: B023
                assert pixels(collector.data[-1]).shape == (height, width, 3)
        assert collector.notices == [
            ("reconfigured", VideoMode(800, 600, 1, 60)),
            ("reconfigured", VideoMode(1000, 700, 1, 60)),
        ]
        wait_for(lambda: news, "news")
        stop_watching()
        assert find(backend, "monitor").label == "Screen 1 (1000×700)"


def test_a_window_half_off_the_screen_is_still_captured_whole(backend, xvfb):
    with start_moving_window(xvfb, "moved", (300, 200)) as window:
        device = find(backend, "window", "moved")
        with capturing(backend.create_source(device), device.model.modes[0], frame_rate=60) as collector:
            wait_for(lambda: collector.data, "a frame")
            configure_window(xvfb, window, x=1200, y=650)
            time.sleep(0.3)
            count = len(collector.data)
            wait_for(lambda: len(collector.data) > count + 10, "frames afterwards")
    assert (collector.data[-1].width, collector.data[-1].height) == (300, 200)
    assert tuple(pixels(collector.data[-1])[190, 290]) == (0, 0, 255)


def test_a_hidden_window_mutes_until_it_is_shown_again(backend, xvfb):
    with start_moving_window(xvfb, "hidden", (300, 200)) as window:
        device = find(backend, "window", "hidden")
        with capturing(backend.create_source(device), device.model.modes[0], frame_rate=60) as collector:
            wait_for(lambda: collector.data, "a frame")
            show_window(xvfb, window, visible=False)
            wait_for(lambda: ("muted", True) in collector.notices, "muted")
            count = len(collector.data)
            show_window(xvfb, window, visible=True)
            wait_for(lambda: len(collector.data) > count, "frames again")
    assert [notice for notice in collector.notices if notice[0] == "muted"] == [("muted", True), ("muted", False)]


def test_a_closed_window_ends_its_capture(backend, xvfb):
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(contextlib.ExitStack())
        opened.enter_context(start_moving_window(xvfb, "closed", (300, 200)))
        device = find(backend, "window", "closed")
        collector = stack.enter_context(capturing(backend.create_source(device), device.model.modes[0], frame_rate=60))
        opened.close()
        assert collector.ended.wait(5)
    assert isinstance(collector.error, NotFoundError)
    with pytest.raises(NotFoundError):
        backend.create_source(device).start(device.model.modes[0], {}, Collector())


def test_a_server_that_is_killed_ends_the_capture_and_the_watch(monkeypatch):
    with start_xvfb(640, 480) as (display, server):
        monkeypatch.setenv("DISPLAY", display)
        backend = X11Backend()
        changes = []
        stop_watching = backend.watch(lambda: changes.append(1))
        monitor = find(backend, "monitor")
        with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=30) as collector:
            wait_for(lambda: collector.data, "a frame")
            server.kill()
            server.wait()
            assert collector.ended.wait(5)
        assert isinstance(collector.error, NotReadableError)
        wait_for(lambda: changes, "the news")
        stop_watching()
        assert backend.list_devices() == []
        with pytest.raises(NotReadableError):
            backend.create_source(monitor).start(monitor.model.modes[0], {}, Collector())


def test_watching_ends_when_told(backend):
    stop = backend.watch(lambda: None)
    began = time.monotonic()
    stop()
    stop()
    assert time.monotonic() - began < 1


def made_atom(server, name):
    answer = server.request(16, 0, struct.pack("<HH", len(name), 0) + name.encode())
    return struct.unpack_from("<I", answer, 8)[0]


def stacked(server):
    """The windows below the root, from the bottom up."""
    answer = server.request(15, 0, struct.pack("<I", server.root))
    return struct.unpack_from(f"<{struct.unpack_from('<H', answer, 16)[0]}I", answer, 32)


def test_a_window_is_brought_to_the_front_and_gets_the_keyboard(backend, xvfb):
    with (
        start_moving_window(xvfb, "below", (320, 200)) as below,
        start_moving_window(xvfb, "above", (320, 200)) as above,
        X11Connection(xvfb) as server,
    ):
        assert stacked(server).index(below) < stacked(server).index(above)
        backend.focus(find(backend, "window", "below"))
        assert stacked(server).index(below) > stacked(server).index(above)
        assert struct.unpack_from("<I", server.request(43), 8)[0] == below


def test_where_there_is_a_window_manager_it_is_asked_to_bring_a_window_to_the_front(backend, xvfb):
    with start_moving_window(xvfb, "managed", (320, 200)) as window, X11Connection(xvfb) as manager:
        active, supported = made_atom(manager, "_NET_ACTIVE_WINDOW"), made_atom(manager, "_NET_SUPPORTED")
        say_supported = struct.pack("<IIIBxxxII", manager.root, supported, 4, 32, 1, active)
        manager.request(18, 0, say_supported, reply=False)
        manager.request(2, 0, struct.pack("<III", manager.root, 1 << 11, 1 << 19), reply=False)
        manager.request(43)
        try:
            backend.focus(find(backend, "window", "managed"))
            asked = [event for event in manager.take_events(wait=5) if event[0] & 0x7F == 33]
        finally:
            manager.request(19, 0, struct.pack("<II", manager.root, supported), reply=False)
            manager.request(43)
    assert [struct.unpack_from("<III", event, 4) for event in asked] == [(window, active, 2)]


def test_a_screen_has_no_front(backend):
    with pytest.raises(NotSupportedError, match="whole screen"):
        backend.focus(find(backend, "monitor"))


def test_windows_of_a_window_manager_are_those_it_lists(backend, xvfb):
    with (
        start_moving_window(xvfb, "listed", (100, 80)) as listed,
        start_moving_window(xvfb, "not listed", (100, 80)),
        X11Connection(xvfb) as server,
    ):
        atom = made_atom(server, "_NET_CLIENT_LIST")
        server.request(18, 0, struct.pack("<IIIBxxxII", server.root, atom, 33, 32, 1, listed), reply=False)
        try:
            assert [d.label for d in backend.list_devices() if d.device_class == "window"] == ["listed"]
        finally:
            server.request(19, 0, struct.pack("<II", server.root, atom), reply=False)


@pytest.mark.parametrize(
    ("display", "parts"),
    [
        (":0", ("", 0, 0)),
        (":10.2", ("", 10, 2)),
        ("unix:3", ("", 3, 0)),
        ("host.example:1.0", ("host.example", 1, 0)),
        ("tcp/[::1]:7", ("::1", 7, 0)),
    ],
)
def test_displays_are_read(display, parts):
    assert parse_display(display) == parts


def test_the_cookie_that_fits_best_is_chosen(monkeypatch, tmp_path):
    def entry(family, address, number, cookie, name=b"MIT-MAGIC-COOKIE-1"):
        fields = b"".join(struct.pack(">H", len(field)) + field for field in (address, number, name, cookie))
        return struct.pack(">H", family) + fields

    path = tmp_path / "authority"
    here = socket.gethostname().encode()
    path.write_bytes(
        entry(65535, b"", b"", b"any") + entry(256, here, b"7", b"ours") + entry(256, here, b"8", b"next")
        + entry(256, b"elsewhere", b"7", b"theirs") + entry(0, b"\x7f\0\0\1", b"9", b"tcp") + b"\0"
    )  # fmt: skip
    monkeypatch.setenv("XAUTHORITY", str(path))
    cookie = b"MIT-MAGIC-COOKIE-1"
    assert x11_protocol._authorization("", 7) == (cookie, b"ours")
    assert x11_protocol._authorization("", 5) == (cookie, b"any")
    assert x11_protocol._authorization("127.0.0.1", 9) == (cookie, b"tcp")
    monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
    assert x11_protocol._authorization("", 7) == (b"", b"")


def test_a_server_that_wants_a_cookie_is_served_with_it(monkeypatch, tmp_path):
    path = tmp_path / "authority"
    fields = b"".join(struct.pack(">H", len(f)) + f for f in (b"", b"", b"MIT-MAGIC-COOKIE-1", bytes(range(16))))
    path.write_bytes(struct.pack(">H", 65535) + fields)
    with start_xvfb(320, 240, ("-noreset", "-auth", str(path))) as (display, _server):
        monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
        with pytest.raises(X11Error, match="refused"):
            X11Connection(display)
        monkeypatch.setenv("XAUTHORITY", str(path))
        with X11Connection(display) as server:
            assert x11_surfaces.list_monitors(server)[0].width == 320


def test_an_error_of_the_server_names_itself(xvfb):
    with X11Connection(xvfb) as server, pytest.raises(X11Error, match="BadWindow") as caught:
        x11_surfaces.look_at_window(server, 0x123456)
    assert caught.value.code == 3


def test_a_server_that_begins_anew_after_each_last_client_can_be_captured(monkeypatch):
    with start_xvfb(320, 240, options=()) as (display, _server):
        monkeypatch.setenv("DISPLAY", display)
        backend = X11Backend()
        for _ in range(5):
            monitor = find(backend, "monitor")
            with capturing(backend.create_source(monitor), monitor.model.modes[0], frame_rate=60) as collector:
                wait_for(lambda: len(collector.data) > 2, "frames")
