"""`check_sink`: whether a `Sink` keeps what `mediastreams.abc` says.

Not for: whether what it was given can be heard or seen.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mediastreams._engine.blank import black
from mediastreams.abc import AudioMode, Clock, Mode, Sink, VideoMode
from mediastreams.testing.check_source import expect, no_thread_left
from mediastreams.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.frames import Picture
    from mediastreams._rules.values import Settings

__all__ = ["check_sink"]

_QUIET_SECONDS: Final = 0.15
_STOP_SECONDS: Final = 5.0
_FURTHEST_US: Final = 5_000_000
_STALL_SECONDS: Final = 0.3
_PLAY_US: Final = 60_000  # by so much may instants come before the samples' count
_PLAY_RATE: Final = 0.03


class _Ask(NamedTuple):
    """One call of the sink: samples (0: a picture), the instant they are for, the clock's time."""

    length: int
    at: int
    now: int


class _Giver:
    """A supply that writes down what is asked for."""

    def __init__(self, clock: Clock, mode: Mode | None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._given: npt.NDArray[np.float32] | None = None
        self.mode = mode
        self.asks: list[_Ask] = []
        self.faults: list[str] = []
        self.ended = False
        self.error: BaseException | None = None
        self.closed = False
        self.late = 0
        self.stall = threading.Event()

    def sound(self, length: int, at: int) -> npt.NDArray[np.float32]:
        mode = self.mode
        self._note(length, at, isinstance(mode, AudioMode), "sound was asked for, and no mode with a rate was told")
        channels = mode.channel_count if isinstance(mode, AudioMode) else 2
        if length <= 0:
            self.faults.append(f"{length} samples were asked for")
        given = np.zeros((channels, max(0, length)), np.float32)
        given.flags.writeable = False
        return given

    def picture(self, at: int) -> Picture | None:
        self._note(0, at, isinstance(self.mode, VideoMode), "a picture was asked for by a sink that told no size")
        first, self._picture = self._picture is None, self._picture or black(64, 48, at)
        return self._picture if first else None

    def _note(self, length: int, at: int, good: bool, fault: str) -> None:  # noqa: FBT001
        if not self._lock.acquire(blocking=False):
            self.faults.append("two things were asked for at the same time")
            return
        try:
            if self.closed:
                self.late += 1
                return
            if self.ended:
                self.faults.append("something was asked for after end()")
            if not good:
                self.faults.append(fault)
            if not isinstance(at, int):
                self.faults.append(f"the instant is {at!r}: it must be whole microseconds")
            self.asks.append(_Ask(length, at, self._clock.now_us()))
            if self.stall.is_set():
                self.stall.clear()
                time.sleep(_STALL_SECONDS)
        finally:
            self._lock.release()

    def reconfigured(self, mode: Mode) -> None:
        self.mode = mode

    def end(self, error: BaseException | None = None) -> None:
        self.ended = True
        self.error = error

    def pass_time(self, seconds: float) -> None:
        """Let the sink ask for so long, on its clock."""
        if isinstance(self._clock, ManualClock):
            self._clock.advance_blocking(seconds)
            return
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline and not self.ended:
            time.sleep(0.01)


def check_sink(
    make: Callable[[], Sink], mode: Mode | None = None, settings: Settings | None = None, *, seconds: float = 1.0
) -> None:
    """Check that a sink keeps its contract: opens, asks at its pace, stops, opens again. Not on an event loop; blocks.

    Args:
        make: gives a new sink at rest.
        mode: what to start it in; ``None`` for its usual mode.
        settings: what to start it with.
        seconds: how long it is watched each time.

    Raises:
        AssertionError: what is wrong, in a sentence.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("check_sink blocks: call it from a thread without an event loop")
    threads = set(threading.enumerate())
    sink = make()
    expect(isinstance(sink, Sink), f"{sink!r} is no mediastreams.abc.Sink")
    expect(sink.kind in {"audio", "video"}, f"kind is {sink.kind!r}: it must be 'audio' or 'video'")
    expect(isinstance(sink.clock, Clock), "clock is no mediastreams.abc.Clock")
    sink.stop()  # at rest: harmless
    for attempt in ("the first time", "after stop(), again"):
        _one_run(sink, mode, dict(settings or {}), seconds, attempt)
    no_thread_left(threads)


def _one_run(sink: Sink, mode: Mode | None, settings: Settings, seconds: float, attempt: str) -> None:
    giver = _Giver(sink.clock, mode)
    try:
        actual = sink.start(mode, settings, giver)
        wanted = VideoMode if sink.kind == "video" else AudioMode
        expect(isinstance(actual, wanted), f"start() returned {actual!r}: it must return the mode it runs in")
        giver.pass_time(seconds)
        expect(giver.mode == actual, f"it runs in {actual}, but told by reconfigured() {giver.mode}")
        calm = len(giver.asks)
        if not isinstance(sink.clock, ManualClock):
            giver.stall.set()  # a supply held up by a busy program: the sink must not fall behind for ever
            giver.pass_time(_STALL_SECONDS + seconds)
    finally:
        _stop(sink)
        giver.closed = True
    if isinstance(sink.clock, ManualClock):
        sink.clock.advance_blocking(1)
    else:
        time.sleep(_QUIET_SECONDS)
    expect(giver.late == 0, f"it asked {giver.late} times after stop() had returned")
    _stop(sink)  # idempotent
    ended = f", it ended with {giver.error!r}" if giver.ended else ""
    expect(giver.asks, f"nothing was asked for {attempt} within {seconds} s{ended}")
    expect(not giver.ended, f"it ended by itself{ended}")
    expect(not giver.faults, "; ".join(dict.fromkeys(giver.faults)))
    _check_instants(giver.asks, calm, actual)


def _stop(sink: Sink) -> None:
    began = time.perf_counter()
    sink.stop()
    took = time.perf_counter() - began
    expect(took < _STOP_SECONDS, f"stop() took {took:.1f} s: it must return within {_STOP_SECONDS:.0f}")


def _check_instants(asks: list[_Ask], calm: int, mode: Mode) -> None:
    for ask in asks:
        expect(
            abs(ask.at - ask.now) < _FURTHEST_US,
            f"it asked for {(ask.at - ask.now) / 1e6:.1f} s from now: instants are not the clock's",
        )
    for earlier, later in pairwise(asks):
        expect(earlier.at < later.at, f"instants go from {earlier.at} to {later.at}: they must grow")
    if isinstance(mode, AudioMode):
        # A busy machine makes a device stand still for a moment: the usual step tells the rate.
        steps = [later.at - earlier.at - earlier.length * 1e6 / mode.sample_rate for earlier, later in pairwise(asks)]
        usual = float(np.median(np.divide(steps, [ask.length * 1e6 / mode.sample_rate for ask in asks[:-1]])))
        expect(abs(usual) < _PLAY_RATE, f"its instants grow by {1 + usual:.2f} × the samples' duration: another rate?")
        off = float(np.minimum.accumulate(np.cumsum(steps[:calm]))[-1])
        expect(off > -_PLAY_US, f"its instants fall {-off / 1000:.0f} ms behind the samples it asked for")
    last = asks[-1]
    behind = (asks[0].at - asks[0].now) - (last.at - last.now)
    expect(
        behind < _STALL_SECONDS * 1e6 / 2,
        f"after it was held up its instants lie {behind / 1000:.0f} ms behind: what was missed must be left out",
    )
