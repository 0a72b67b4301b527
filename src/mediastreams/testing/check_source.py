"""`check_source`: whether a `Source` keeps what `mediastreams.abc` says.

Not for: what is in the frames.
"""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.convert import plane
from mediastreams._engine.frames import MICROSECONDS, Chunk, Picture, Sound
from mediastreams.abc import AudioMode, Clock, Mode, Source, VideoMode
from mediastreams.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    from mediastreams._rules.values import Settings
    from mediastreams.abc import Wake

__all__ = ["check_source", "expect", "no_thread_left"]

_LATEST_US: Final = 5_000_000
_ROOM: Final = 8
_QUIET_SECONDS: Final = 0.15


class _Recorder:
    """A delivery that writes down what comes, and its check sums."""

    def __init__(self, clock: Clock, *, chunks: bool = False) -> None:
        self.wants_frames = not chunks
        self.wants_chunks = chunks
        self._clock = clock
        self._condition = threading.Condition()
        self.items: list[Picture | Sound | Chunk] = []
        self.sums: list[int] = []
        self.delays: list[int] = []
        self.modes: list[Mode] = []
        self.ended = False
        self.error: BaseException | None = None
        self.muted = False
        self.closed = False
        self.late = 0  # what came after stop() had returned
        self.after_end = 0
        self.room = _ROOM

    def deliver(self, data: Picture | Sound | Chunk) -> None:
        with self._condition:
            if self.closed:
                self.late += 1
                return
            self.after_end += self.ended
            self.items.append(data)
            self.sums.append(_sum(data))
            self.delays.append(self._clock.now_us() - _due(data))
            self.room -= 1
            self._condition.notify_all()

    def set_muted(self, *, muted: bool) -> None:
        self.muted = muted

    def reconfigured(self, mode: Mode) -> None:
        self.modes.append(mode)

    def end(self, error: BaseException | None = None) -> None:
        with self._condition:
            self.ended = True
            self.error = error
            self._condition.notify_all()

    def wait_for_room(self, wake: Wake) -> None:
        with self._condition:
            while self.room <= 0 and not wake.is_set() and not self.closed:
                self._condition.wait(0.01)

    def wait(self, count: int, seconds: float) -> None:
        """Wait for so many items, or the end, on the source's clock."""
        if isinstance(self._clock, ManualClock):
            for _ in range(100):
                if len(self.items) >= count or self.ended:
                    return
                self._clock.advance_blocking(seconds / 100)
            return
        deadline = time.perf_counter() + seconds
        with self._condition:
            while len(self.items) < count and not self.ended and time.perf_counter() < deadline:
                self._condition.wait(0.05)

    def close(self) -> None:
        with self._condition:
            self.closed = True


def check_source(
    make: Callable[[], Source], mode: Mode | None = None, settings: Settings | None = None, *, seconds: float = 3.0
) -> None:
    """Check that a source keeps its contract: opens, delivers, stops, opens again. Not on an event loop; blocks.

    Args:
        make: gives a new source at rest.
        mode: what to start it in; ``None`` for a source without modes.
        settings: what to start it with.
        seconds: how long it may take to deliver five frames.

    Raises:
        AssertionError: what is wrong, in a sentence.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("check_source blocks: call it from a thread without an event loop")
    threads = set(threading.enumerate())
    source = make()
    expect(source.kind in {"audio", "video"}, f"kind is {source.kind!r}: it must be 'audio' or 'video'")
    expect(isinstance(source.clock, Clock), "clock is no mediastreams.abc.Clock")
    source.stop()  # at rest: harmless
    for attempt in ("the first time", "after stop(), again"):
        _one_run(source, mode, dict(settings or {}), seconds, attempt)
    if source.chunk_format is not None:
        _one_run(source, mode, dict(settings or {}), seconds, "of its chunks", chunks=True)
    no_thread_left(threads)


def expect(condition: object, sentence: str) -> None:
    """Assert, also under ``python -O``."""
    if not condition:
        raise AssertionError(sentence)


def _one_run(
    source: Source, mode: Mode | None, settings: Settings, seconds: float, attempt: str, *, chunks: bool = False
) -> None:
    recorder = _Recorder(source.clock, chunks=chunks)
    try:
        actual = source.start(mode, settings, recorder)
        if mode is not None:
            wanted = VideoMode if source.kind == "video" else AudioMode
            expect(isinstance(actual, wanted), f"start() returned {actual!r}: it must return the mode it runs in")
        recorder.wait(5, seconds)
        if source.free_running and not recorder.ended:
            time.sleep(_QUIET_SECONDS)
            got = len(recorder.items)
            expect(got <= _ROOM + 4, f"{got} frames came where there was room for {_ROOM}: it must ask wait_for_room()")
    finally:
        source.stop()
        recorder.close()
    items = list(recorder.items)
    ended = f", it ended with {recorder.error!r}" if recorder.ended else ""
    expect(items, f"nothing was delivered {attempt} within {seconds} s{ended}")
    expect(recorder.after_end == 0, "something was delivered after end()")
    if isinstance(source.clock, ManualClock):
        source.clock.advance_blocking(1)
    else:
        time.sleep(_QUIET_SECONDS)
    expect(recorder.late == 0, f"{recorder.late} frames were delivered after stop() had returned")
    source.stop()  # idempotent
    for item in items:
        if chunks:
            _check_chunk(source, item)
        else:
            _check_item(source, item, recorder.modes[-1] if recorder.modes else actual)
    for earlier, later in pairwise(items):
        expect(
            _due(earlier) < _due(later),
            f"timestamps go from {_due(earlier)} to {_due(later)}: they must grow",
        )
    if chunks:
        expect(any(isinstance(item, Chunk) and item.key for item in items), "no chunk is a key frame: none can begin")
    elif source.kind == "audio":
        _check_continuity(items)
    if not source.free_running:
        off = max(recorder.delays, key=abs)
        expect(
            abs(off) < _LATEST_US, f"a frame came {off / 1e6:.1f} s after its timestamp: timestamps are not the clock's"
        )
    changed = [index for index, item in enumerate(items) if _sum(item) != recorder.sums[index]]
    expect(not changed, f"frame {changed[:1]} changed after it was delivered: frames are shared and must not change")


def _due(item: Picture | Sound | Chunk) -> int:
    return item.decode_timestamp if isinstance(item, Chunk) else item.timestamp


def _check_chunk(source: Source, item: Picture | Sound | Chunk) -> None:
    expect(isinstance(item, Chunk), f"{item!r} was delivered where nobody wants frames: it must not decode then")
    assert isinstance(item, Chunk)
    expect(item.format is source.chunk_format, f"a chunk's format is {item.format!r}, not the source's chunk_format")
    expect(item.format.kind == source.kind, f"chunks of {item.format.kind} come from a source of {source.kind}")
    stamps = (item.timestamp, item.decode_timestamp, item.duration, item.lead)
    expect(all(isinstance(one, int) for one in stamps), f"the times {stamps} must be whole microseconds")
    expect(0 <= item.lead <= item.duration, f"a chunk of {item.duration} µs has a lead of {item.lead}")
    expect(item.packet.size, "a chunk is empty")


def _check_item(source: Source, item: Picture | Sound | Chunk, mode: Mode | None) -> None:
    expect(not isinstance(item, Chunk), "a chunk was delivered where nobody wants chunks")
    expect(isinstance(item.timestamp, int), f"a timestamp is {item.timestamp!r}: it must be whole microseconds")
    if source.kind == "video":
        expect(isinstance(item, Picture), f"a source of video delivered {item!r}")
        assert isinstance(item, Picture)
        expect(item.av.time_base == MICROSECONDS, f"the time base of a frame is {item.av.time_base}, not 1/1000000")
        expect(item.av.pts == item.timestamp, "a frame's pts is not its timestamp: make it with Picture.stamped()")
        if isinstance(mode, VideoMode):
            size = (item.width, item.height)
            expect(
                size == (mode.width, mode.height), f"a frame is {size} where the mode says {mode.width} × {mode.height}"
            )
        return
    expect(isinstance(item, Sound), f"a source of audio delivered {item!r}")
    assert isinstance(item, Sound)
    data = item.samples
    expect(
        data.dtype == np.float32 and data.ndim == 2,
        f"samples are {data.dtype} {data.shape}: float32 [channels, n] it must be",
    )
    expect(data.flags.c_contiguous and not data.flags.writeable, "samples must be C-contiguous and read-only")
    expect(bool(np.isfinite(data).all()), "samples are not all finite")
    if isinstance(mode, AudioMode):
        got = (item.sample_rate, item.channels)
        wanted = (mode.sample_rate, mode.channel_count)
        expect(got == wanted, f"a chunk has {got} (rate, channels) where the mode says {wanted}")


def _check_continuity(items: list[Picture | Sound | Chunk]) -> None:
    """The time between two chunks is the first one's samples and the gap that is told; a steered clock has play."""
    for earlier, later in pairwise(items):
        if isinstance(earlier, Sound) and isinstance(later, Sound):
            told = earlier.duration + later.gap * 1_000_000 / later.sample_rate
            found = later.timestamp - earlier.timestamp
            play = 2_000 + told * 0.02
            expect(abs(found - told) < play, f"{found} µs lie between two chunks, samples and gap make {told:.0f}")


def _sum(item: Picture | Sound | Chunk) -> int:
    if isinstance(item, Chunk):
        return zlib.crc32(item.packet)
    if isinstance(item, Sound):
        return zlib.crc32(item.samples.tobytes())
    return zlib.crc32(np.ascontiguousarray(plane(item, 0)).tobytes())


def no_thread_left(before: set[threading.Thread]) -> None:
    """Assert that the library's threads that were not there before end soon."""
    deadline = time.perf_counter() + 3
    while True:
        left = [
            thread.name
            for thread in set(threading.enumerate()) - before
            if thread.name.startswith("mediastreams-") and "scheduler" not in thread.name and "loop" not in thread.name
        ]
        if not left:
            return
        expect(time.perf_counter() < deadline, f"threads go on after stop(): {', '.join(left)}")
        time.sleep(0.01)
