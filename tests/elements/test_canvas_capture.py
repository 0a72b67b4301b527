"""Canvases as cameras: which paintings become frames, and when."""

import asyncio
import gc
import threading
import weakref

import numpy as np
import pytest

import mediastreams as ms
from mediastreams import CanvasElement
from mediastreams.testing import ManualClock, use_clock


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


class Film:
    """Everything that a track delivers."""

    def __init__(self, track):
        self._frames = track.frames(policy="drop-oldest")

    async def colours(self, clock=None):
        """The red of each frame that has come by now."""
        if clock is not None:
            await clock.advance(0)
        await asyncio.sleep(0.02)  # the lanes' threads
        return [frame.to_ndarray("rgba")[0, 0, 0] for frame in self.waiting()]

    def waiting(self):
        port, found = self._frames._port, []
        while (picture := port.take()) is not None:
            found.append(ms.VideoFrame._of(picture))
        return found

    async def last(self, red):
        """Wait for a frame of that red; the frames up to it."""
        found = []
        await eventually(
            lambda: found.extend(self.waiting()) or (found and found[-1].to_ndarray("rgba")[0, 0, 0] == red)
        )
        return found

    def close(self):
        self._frames.close()


@pytest.fixture
def captured():
    """Make a canvas, its track of a rate, and what comes out of it; close it in the end."""
    made = []

    def capture(*rate, size=(32, 24), painted=False, **named):
        canvas = CanvasElement(*size)
        if painted:
            paint(canvas, 1)
        track = canvas.capture_stream(*rate, **named).video
        film = Film(track)
        made.append((track, film))
        return canvas, track, film

    yield capture
    for track, film in made:
        film.close()
        track.stop()


async def eventually(condition):
    """Wait for threads that nobody can await: the hub's, the lanes', the reaper's."""
    async with asyncio.timeout(8):
        while not condition():
            await asyncio.sleep(0.005)


def paint(canvas, red):
    canvas.fill_style = f"rgb({red}, 0, 0)"
    canvas.fill_rect(0, 0, canvas.width, canvas.height)


async def test_one_line_turns_arrays_into_a_camera():
    canvas = CanvasElement(64, 48)
    stream = canvas.capture_stream()
    frames = stream.video.frames()
    for number in range(5):
        array = np.full((48, 64, 3), 10 * number, np.uint8)
        canvas.put_image_data(array)
        frame = await anext(frames)
        assert np.array_equal(frame.to_ndarray("rgb24"), array)
    frames.close()
    stream.video.stop()


async def test_a_stream_of_a_canvas_has_one_track_that_knows_it(captured):
    canvas, track, _ = captured(25)
    assert isinstance(track, ms.CanvasCaptureMediaStreamTrack)
    assert (track.canvas, track.kind, track.muted, track.ready_state) == (canvas, "video", False, "live")
    settings = track.get_settings()
    assert (settings.width, settings.height, settings.frame_rate) == (32, 24, 25)
    other = canvas.capture_stream()
    assert other.get_tracks() != [track]
    other.video.stop()
    with pytest.raises(TypeError, match="capture_stream"):
        ms.CanvasCaptureMediaStreamTrack()


@pytest.mark.parametrize("rate", [-1, -0.001])
async def test_a_negative_rate_is_refused(rate):
    with pytest.raises(ms.NotSupportedError, match="frames per second"):
        CanvasElement().capture_stream(rate)


@pytest.mark.parametrize("width", [0, 2**31])
async def test_a_canvas_that_has_no_pixels_for_a_while_shows_nothing_and_no_error(captured, width):
    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    canvas, _, film = captured(painted=True)
    await film.last(1)
    canvas.width = width
    assert await film.colours() == []
    canvas.width = 32
    paint(canvas, 7)
    await film.last(7)
    assert errors == []


@pytest.mark.parametrize("rate", [1e-9, 1e-320])
async def test_a_rate_that_nobody_lives_to_see_is_a_very_low_one(captured, rate):
    canvas, track, film = captured(rate)
    assert track.get_settings().frame_rate == 0.001
    paint(canvas, 7)
    assert [frame.to_ndarray("rgba")[0, 0, 0] for frame in await film.last(7)] == [7]


@pytest.mark.parametrize("rate", ["30", float("nan"), float("inf"), True])
async def test_a_rate_is_a_finite_number(rate):
    with pytest.raises(TypeError, match="capture_stream"):
        CanvasElement().capture_stream(rate)


async def test_the_rate_has_a_long_and_a_short_name(captured):
    for name in ("frame_rate", "frame_request_rate"):
        assert captured(**{name: 12})[1].get_settings().frame_rate == 12
    with pytest.raises(TypeError, match="the same"):
        CanvasElement().capture_stream(12, frame_rate=12)


async def test_paintings_of_one_turn_are_one_frame(captured):
    canvas, _, film = captured()
    for red in (1, 2, 3):
        paint(canvas, red)
    assert await film.colours() == [3]
    paint(canvas, 4)
    assert await film.colours() == [4]
    assert await film.colours() == []


async def test_what_is_there_already_is_the_first_frame_whatever_the_rate(captured):
    for rate in ((), (0,), (30,)):
        _, _, film = captured(*rate, painted=True)
        assert await film.colours() == [1], rate


async def test_a_canvas_that_was_never_painted_gives_no_frame_before_it_is(captured):
    canvas, _, film = captured(0)
    assert await film.colours() == []
    canvas.get_image_data()
    assert await film.colours() == []
    paint(canvas, 5)  # the frame that every track asks for in the beginning
    assert await film.colours() == [5]


async def test_with_a_rate_of_zero_only_frames_that_are_asked_for_come(captured):
    canvas, track, film = captured(0, painted=True)
    assert await film.colours() == [1]
    paint(canvas, 2)
    paint(canvas, 3)
    assert await film.colours() == []
    track.request_frame()
    assert await film.colours() == [3]
    track.request_frame()  # nothing new: the next painting is meant
    assert await film.colours() == []
    paint(canvas, 4)
    paint(canvas, 5)
    assert await film.colours() == [5]
    paint(canvas, 6)
    assert await film.colours() == []


async def test_a_rate_bounds_the_frames_and_loses_not_the_last(clock, captured):
    canvas, _, film = captured(10)
    stamps = []
    for red in range(1, 101):  # each 10 ms, for a second
        paint(canvas, red)
        await clock.advance(0.01)
    await clock.advance(0.2)
    frames = film.waiting()
    stamps = [frame.timestamp - frames[0].timestamp for frame in frames]
    assert stamps[:10] == [100_000 * number for number in range(10)]
    assert len(frames) in {10, 11}
    assert frames[-1].to_ndarray("rgba")[0, 0, 0] == 100


async def test_a_rate_does_not_delay_who_paints_seldom(clock, captured):
    canvas, _, film = captured(10)
    for red in (1, 2, 3):
        paint(canvas, red)
        await clock.advance(0)
        assert await film.colours(clock) == [red]
        await clock.advance(0.5)


async def test_a_requested_frame_comes_between_the_beats(clock, captured):
    canvas, track, film = captured(1)
    paint(canvas, 1)
    assert await film.colours(clock) == [1]
    paint(canvas, 2)
    assert await film.colours(clock) == []
    track.request_frame()
    assert await film.colours(clock) == [2]


async def test_nothing_ticks_while_nothing_is_painted(clock, captured):
    canvas, _, film = captured(60, painted=True)
    assert await film.colours(clock) == [1]
    assert canvas._captures[0]._timer is None
    await clock.advance(5)
    assert await film.colours(clock) == []
    assert canvas._captures[0]._timer is None


async def test_reading_pixels_is_no_painting(clock, captured):
    canvas, _, film = captured(painted=True)
    assert await film.colours(clock) == [1]
    canvas.get_context("2d").get_image_data(0, 0, 2, 2)
    assert await film.colours(clock) == []


async def test_every_capture_has_a_rate_of_its_own(captured):
    canvas, _, every = captured()
    asked = canvas.capture_stream(0).video
    film = Film(asked)
    for red in (1, 2, 3):
        paint(canvas, red)
        assert await every.colours() == [red]
    assert await film.colours() == [1]
    asked.request_frame()
    assert await film.colours() == [3]
    film.close()
    asked.stop()


async def test_a_frame_keeps_what_it_showed(captured):
    canvas, _, film = captured()
    kept = []
    for red in range(10):
        paint(canvas, red)
        await asyncio.sleep(0.01)
        kept += film.waiting()
    canvas.clear_rect(0, 0, 16, 12)
    assert [frame.to_ndarray("rgba")[0, 0, 0] for frame in kept] == list(range(10))
    assert len({frame.timestamp for frame in kept}) == 10


async def test_transparency_is_in_the_frames(captured):
    canvas, _, film = captured()
    canvas.fill_style = "rgba(255, 0, 0, 0.5)"
    canvas.fill_rect(0, 0, 16, 24)
    await asyncio.sleep(0.02)
    (frame,) = film.waiting()
    assert frame.format == "RGBA"
    assert frame.to_ndarray("rgba")[0, [0, 20]].tolist() == [[255, 0, 0, 128], [0, 0, 0, 0]]


async def test_a_new_size_is_in_the_settings_and_in_the_frames(captured):
    canvas, track, film = captured(painted=True)
    await film.colours()
    changed = asyncio.ensure_future(track.wait_for("configurationchange", timeout=5))
    await asyncio.sleep(0)
    canvas.width = 48
    canvas.height = 36
    paint(canvas, 9)
    await changed
    frame = (await film.last(9))[-1]
    assert (track.get_settings().width, track.get_settings().height) == (48, 36)
    assert (frame.coded_width, frame.coded_height) == (48, 36)


async def test_a_canvas_without_pixels_gives_no_frames_until_it_has_some(captured):
    canvas, track, film = captured(size=(0, 10))
    paint(canvas, 3)
    assert await film.colours() == []
    canvas.width = 20
    paint(canvas, 4)
    await film.last(4)
    await eventually(lambda: (track.get_settings().width, track.get_settings().height) == (20, 10))


async def test_nobody_is_copied_for_who_does_not_capture():
    canvas = CanvasElement(64, 64)
    paint(canvas, 1)
    pixels = canvas._surface._pixels
    for red in range(5):
        paint(canvas, red)
        canvas.clear_rect(0, 0, 5, 5)
    assert canvas._surface._pixels is pixels


async def test_a_frame_is_the_canvas_s_own_memory_until_the_next_stroke(captured):
    canvas, _, film = captured(painted=True)
    await asyncio.sleep(0.02)
    (frame,) = film.waiting()
    assert np.shares_memory(frame.plane(0), canvas._surface._pixels)
    canvas.fill_rect(0, 0, 1, 1)
    assert not np.shares_memory(frame.plane(0), canvas._surface._pixels)


async def test_constraints_scale_and_disabled_tracks_are_black(captured):
    canvas, track, film = captured(painted=True)
    await film.colours()
    await track.apply_constraints(width=16)
    paint(canvas, 255)
    frame = (await film.last(255))[-1]
    assert (frame.coded_width, frame.coded_height) == (16, 12)
    track.enabled = False
    paint(canvas, 200)
    await film.last(0)


async def test_a_clone_shows_the_same_canvas_and_lives_on(captured):
    canvas, track, film = captured(0, painted=True)
    clone = track.clone()
    assert isinstance(clone, ms.CanvasCaptureMediaStreamTrack)
    assert clone.canvas is canvas
    assert clone.id != track.id
    second = Film(clone)
    assert await film.colours() == [1]
    track.stop()
    paint(canvas, 2)
    clone.request_frame()
    assert 2 in await second.colours()
    second.close()
    clone.stop()


async def test_after_the_last_track_the_canvas_is_a_canvas_again(captured):
    canvas, track, _ = captured(30, painted=True)
    assert len(canvas._captures) == 1
    track.stop()
    await eventually(lambda: not canvas._captures)
    paint(canvas, 2)
    track.request_frame()  # of an ended track: nothing
    await asyncio.sleep(0.01)


@pytest.mark.may_block(reason="collecting a whole test run's garbage takes a while")
async def test_a_track_keeps_its_canvas_and_who_is_dropped_is_gone():
    canvas = CanvasElement(8, 8)
    gone = weakref.ref(canvas)
    track = canvas.capture_stream(30).video
    del canvas
    gc.collect()
    assert gone() is track.canvas
    del track
    await eventually(lambda: gc.collect() is not None and gone() is None)


async def test_painting_in_another_thread_is_seen_and_never_half_done(captured):
    canvas, _, film = captured(size=(320, 240))

    def work():
        for red in range(200):
            paint(canvas, red)

    thread = threading.Thread(target=work)
    thread.start()
    frames = []
    while thread.is_alive():
        await asyncio.sleep(0.002)
        frames += film.waiting()
    if not frames or frames[-1].to_ndarray("rgba")[0, 0, 0] != 199:
        frames += await film.last(199)
    shown = [frame.to_ndarray("rgba") for frame in frames]
    assert all(len(np.unique(array[..., 0])) == 1 for array in shown)
    reds = [int(array[0, 0, 0]) for array in shown]
    assert reds == sorted(reds)
    assert reds[-1] == 199


async def test_a_slow_scaling_track_gets_the_newest_picture_rather_than_a_queue(captured):
    canvas, track, film = captured(size=(64, 48), painted=True)
    await film.colours()
    go_on = threading.Event()
    canvas._captures[0].source._lane.add(lambda: go_on.wait(5))
    await track.apply_constraints(width=32)
    for red in range(2, 50):
        paint(canvas, red)
        await asyncio.sleep(0)
    go_on.set()
    assert len(await film.last(49)) <= 3


def test_a_program_without_a_loop_captures_too():
    canvas = CanvasElement(16, 16)
    track = canvas.capture_stream().video
    with track.frames() as frames:
        paint(canvas, 77)
        assert next(iter(frames)).to_ndarray("rgba")[0, 0, 0] == 77
    track.stop()


async def test_a_canvas_of_another_loop_is_not_captured_here():
    canvas = CanvasElement()
    box = []

    def elsewhere():
        async def capture():
            canvas.capture_stream()

        try:
            asyncio.run(capture())
        except RuntimeError as error:
            box.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await eventually(lambda: not thread.is_alive())
    assert "capture_stream" in box[0]


async def test_a_painted_canvas_is_recorded(tmp_path):
    canvas = CanvasElement(160, 120)
    stream = canvas.capture_stream(30)
    async with ms.record(stream, tmp_path / "canvas.webm") as recording:
        for red in range(20):
            paint(canvas, 10 * red)
            await asyncio.sleep(1 / 30)
    stream.video.stop()
    assert recording.summary.duration > 0.4
    async with ms.open(tmp_path / "canvas.webm", clock="free") as film:
        reds = [frame.to_ndarray("rgb24")[60, 80, 0] async for frame in film.video.frames(policy="wait")]
    assert len(reds) >= 15
    assert reds[-1] > 150
