"""The reader of PyAV input devices, on FFmpeg's own test device (lavfi), which pushes frames as cameras do."""

from __future__ import annotations

import errno
import itertools
import time
from fractions import Fraction

import av.error
import pytest
from tests.virtual.collector import Collector
from tests.virtual.servers import wait_for

from mediastreams._backends import av_capture
from mediastreams._backends.av_capture import AvCapture, Opening, explain_open_error
from mediastreams._backends.av_listing import list_devices, log_of_opening
from mediastreams._backends.polling import poll
from mediastreams._backends.pts_clock import PtsClock
from mediastreams._rules.values import AudioMode, VideoMode
from mediastreams.errors import NotAllowedError, NotFoundError, NotReadableError

MODE = VideoMode(160, 120, 1, 60)


class Camera:
    """A target that opens a graph of filters."""

    name = "test camera"
    paced = False
    loans = 1000

    def __init__(self, graph, form="lavfi"):
        self.graph, self.form = graph, form
        self.closed = 0

    def open(self, mode, settings):
        return Opening(self.graph, self.form, {}, mode, float(settings.get("frame_rate", 30)))

    def changed(self):
        return False

    def explain(self, error):
        return explain_open_error(self.name, error)

    def close(self):
        self.closed += 1


def test_frames_that_a_device_pushes_are_stamped_by_its_own_clock():
    camera, collector = Camera("testsrc=size=160x120:rate=50,realtime"), Collector()
    source = AvCapture(camera)
    assert source.start(MODE, {}, collector) == MODE
    wait_for(lambda: len(collector.data) >= 40, "forty frames")
    source.stop()
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(collector.data)]
    assert min(steps) > 0
    assert sum(steps[5:]) / len(steps[5:]) == pytest.approx(20_000, rel=0.05)
    assert all(p.timestamp <= at for p, at in zip(collector.data, collector.arrivals, strict=True))
    assert camera.closed == 1
    assert not collector.ended.is_set()


def test_a_device_of_another_size_than_asked_says_so_at_the_start():
    source, collector = AvCapture(Camera("testsrc=size=320x200:rate=50,realtime")), Collector()
    assert source.start(MODE, {}, collector) == VideoMode(320, 200, 1, 60)
    source.stop()
    assert collector.notices == []


def test_a_device_that_stops_sending_ends():
    source, collector = AvCapture(Camera("testsrc=size=160x120:rate=50:duration=0.1")), Collector()
    source.start(MODE, {}, collector)
    assert collector.ended.wait(5)
    assert len(collector.data) == 5
    assert isinstance(collector.error, NotReadableError)
    source.stop()


def test_a_device_that_does_not_open_is_a_named_error_and_leaves_nothing():
    camera = Camera("/no/such/device", "v4l2")
    source = AvCapture(camera)
    with pytest.raises(NotFoundError, match="test camera"):
        source.start(MODE, {}, Collector())
    assert camera.closed == 1
    source.stop()


def test_a_format_this_build_lacks_is_a_named_error():
    with pytest.raises(NotReadableError):
        AvCapture(Camera("x", "no-such-format")).start(MODE, {}, Collector())


def test_an_unforeseen_failure_is_named_too():
    class Broken(Camera):
        def open(self, mode, settings):
            raise KeyError("oops")

    with pytest.raises(NotReadableError, match="oops"):
        AvCapture(Broken("")).start(MODE, {}, Collector())


def test_a_device_that_has_nothing_yet_is_asked_again(monkeypatch):
    real, calls = av_capture._decode, []

    def hesitant(container, stream):
        calls.append(1)
        if len(calls) in (1, 2):
            raise av.error.BlockingIOError(errno.EAGAIN, "not yet")
        yield from real(container, stream)

    monkeypatch.setattr(av_capture, "_decode", hesitant)
    source, collector = AvCapture(Camera("testsrc=size=160x120:rate=50,realtime")), Collector()
    source.start(MODE, {}, collector)
    wait_for(lambda: collector.data, "a frame")
    source.stop()
    assert not collector.ended.is_set()


def test_a_camera_cannot_be_changed_without_reopening_nor_started_as_a_microphone():
    source = AvCapture(Camera("testsrc=size=160x120:rate=50,realtime"))
    assert source.configure({})
    assert not source.configure({"frame_rate": 10})
    with pytest.raises(TypeError):
        source.start(AudioMode(48_000, 1), {}, Collector())


def test_stopping_from_the_delivery_does_not_wait_for_itself():
    collector = Collector()
    source = AvCapture(Camera("testsrc=size=160x120:rate=50:duration=0.1"))
    end = collector.end
    collector.end = lambda error=None: (source.stop(), end(error))
    source.start(MODE, {}, collector)
    assert collector.ended.wait(5)


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (errno.EACCES, NotAllowedError),
        (errno.ENODEV, NotFoundError),
        (errno.EBUSY, NotReadableError),
        (errno.EIO, NotReadableError),
        (None, NotReadableError),
    ],
)
def test_numbers_of_the_system_become_names(number, named):
    error = explain_open_error("camera", OSError(number, "x") if number else ValueError("x"))
    assert type(error) is named
    if named is NotReadableError:
        assert error.errno == number


def test_a_list_that_ffmpeg_does_not_have_is_empty():
    assert list_devices("no-such-format") == []


def test_what_ffmpeg_says_while_opening_is_caught():
    assert "no/such" in log_of_opening("v4l2", "/no/such", {})


def test_news_come_by_polling_where_the_system_tells_nothing():
    states, news = itertools.chain([1, 1, NotFoundError("for a moment"), 2], itertools.repeat(2)), []

    def look():
        state = next(states)
        if isinstance(state, Exception):
            raise state
        return state

    stop = poll("test watch", look, lambda: news.append(1), 0.005)
    wait_for(lambda: news, "news")
    time.sleep(0.05)
    stop()
    stop()
    assert news == [1]


MILLISECOND = Fraction(1, 1000)


def test_late_arrivals_do_not_move_the_stamps():
    clock = PtsClock()
    delays = [5_000, 9_000, 5_000, 30_000, 6_000]
    stamps = [clock.stamp(33 * n, MILLISECOND, 1_000_000 + 33_000 * n + late) for n, late in enumerate(delays)]
    assert [b - a for a, b in itertools.pairwise(stamps)] == pytest.approx([33_000] * 4, abs=50)


def test_stamps_never_go_back_and_never_lie_ahead_of_arrival():
    clock = PtsClock()
    arrivals = [1_000_000, 1_010_000, 1_011_000, 1_030_000]
    stamps = [clock.stamp(pts, MILLISECOND, at) for pts, at in zip([0, 40, 41, 20], arrivals, strict=True)]
    assert all(b > a for a, b in itertools.pairwise(stamps))
    assert stamps[0] == 1_000_000


def test_a_jump_of_the_device_s_clock_begins_anew():
    clock = PtsClock()
    clock.stamp(1_000_000, MILLISECOND, 5_000_000)
    assert clock.stamp(40, MILLISECOND, 5_040_000) == 5_040_000


def test_a_frame_without_stamp_gets_its_arrival():
    clock = PtsClock()
    assert clock.stamp(None, None, 7_000) == 7_000
    assert clock.stamp(None, MILLISECOND, 6_000) == 7_001
