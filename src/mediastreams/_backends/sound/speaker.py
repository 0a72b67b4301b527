"""A speaker as a sink: the supply → the sink's own worker → ring → miniaudio's call-back.

Not for: listing; nor for mixing and delay, which are the player's (``_engine/playout.py``).

Rules of the file: the call-back comes on a foreign thread, under a deadline: it takes bytes out of a ring, notes time
and count, and wakes the worker; nothing else. The worker, which also opens and closes the device, asks the supply for
a little more than the device will want next; for more and more, where the interpreter is too busy for that. What the
ring does not have in time is silence, and left out. A device's samples are counted as it asks for them, so that a
place in the count has an instant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from mediastreams._backends.sound.device_worker import STALL_NS, DeviceWorker
from mediastreams._backends.sound.listing import MAX_LATENCY, MIN_LATENCY, SPEAKER_LATENCY, SoundAddress
from mediastreams._backends.sound.native import playback_device
from mediastreams._engine.clock import get_clock
from mediastreams._engine.sample_clock import SampleClock
from mediastreams._rules.values import AudioMode, Mode, Settings
from mediastreams.abc import Clock, Sink, Supply
from mediastreams.errors import NotReadableError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["USUAL_MODE", "Speaker"]

USUAL_MODE: Final = AudioMode(48_000, 2)

_PERIODS: Final = 5  # of the device's buffer
_AHEAD_PERIODS: Final = 2  # in the ring at first: what a busy interpreter may take from the worker
_MOST_AHEAD: Final = 12
_WARM_UP: Final = 8  # call-backs until the device asks evenly; a server wakes its own device meanwhile
_NOTES: Final = 1024
_RESTART_NS: Final = 200_000_000  # a device that asked for nothing for so long stood still
_START_SECONDS: Final = 5.0


class Speaker(Sink):
    """One speaker; open from ``start`` to ``stop`` or until it is unplugged."""

    kind = "audio"

    def __init__(self, address: SoundAddress, label: str, usual: AudioMode, clock: Clock | None = None) -> None:
        self.clock = clock or get_clock()
        self._address = address
        self._label = label
        self._usual = usual
        self._playback: _Playback | None = None

    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:
        self.stop()
        actual = mode if isinstance(mode, AudioMode) else self._usual
        if actual is not mode:
            supply.reconfigured(actual)
        latency = min(max(float(settings.get("latency", SPEAKER_LATENCY)), MIN_LATENCY), MAX_LATENCY)
        self._playback = playback = _Playback(self._address, self._label, self.clock, actual, latency, supply)
        playback.begin()
        return actual

    def stop(self) -> None:
        playback, self._playback = self._playback, None
        if playback:
            playback.stop()

    def __repr__(self) -> str:
        return f"<Speaker {self._label!r}>"


class _Ring:
    """Interleaved samples between the worker, which writes, and the call-back, which reads. Needs no lock.

    Both count samples from the start: ``written`` is the worker's, ``asked`` the call-back's. Each is changed by one
    thread only, after the bytes.
    """

    def __init__(self, channels: int, length: int) -> None:
        self._width = 4 * channels
        self._length = length
        self._memory = memoryview(bytearray(length * self._width))
        self.written = 0
        self.asked = 0

    def write(self, samples: npt.NDArray[np.float32]) -> None:
        """Put ``[channels, n]`` in. The worker."""
        data = memoryview(samples.T.tobytes())
        at = self.written % self._length * self._width
        head = min(len(data), len(self._memory) - at)
        self._memory[at : at + head] = data[:head]
        self._memory[: len(data) - head] = data[head:]
        self.written += samples.shape[1]

    def skip(self) -> int:
        """Leave out what was asked for and not there; tell how much. The worker."""
        missed = max(0, self.asked - self.written)
        self.written += missed
        return missed

    def read(self, count: int) -> bytes | memoryview:
        """Take out up to ``count`` samples, and count on by all of them. The call-back."""
        begin = self.asked
        size = max(0, min(count, self.written - begin)) * self._width
        at = begin % self._length * self._width
        self.asked = begin + count
        if at + size <= len(self._memory):
            return self._memory[at : at + size]
        return b"".join((self._memory[at:], self._memory[: at + size - len(self._memory)]))


class _Playback(DeviceWorker):
    """The worker of one playback and the ring between it and the call-back. It works when the device asks evenly."""

    def __init__(
        self, address: SoundAddress, label: str, clock: Clock, mode: AudioMode, latency: float, supply: Supply
    ) -> None:
        super().__init__("speaker", address, label, clock, supply.end)
        self._mode = mode
        self._supply = supply
        self._period_ms = max(1, round(latency * 1000 / _PERIODS))
        self._period = max(1, round(mode.sample_rate * self._period_ms / 1000))
        self._ring = _Ring(mode.channel_count, (_MOST_AHEAD + _PERIODS) * self._period)
        self._asks: deque[tuple[int, int, int]] = deque(maxlen=_NOTES)  # when, from which sample on, how many
        self._ahead = _AHEAD_PERIODS * self._period

    def open_device(self) -> AbstractContextManager[Any]:
        return playback_device(
            self._address.technology,
            self._address.id,
            sample_rate=self._mode.sample_rate,
            channels=self._mode.channel_count,
            period_ms=self._period_ms,
            periods=_PERIODS,
        )

    def call_back(self) -> Generator[bytes | memoryview, int, None]:
        """The call-back: bytes out of the ring. On miniaudio's thread; where bytes are missing, it has put silence."""
        now_ns, ring, note, wake = self._clock.now_ns, self._ring, self._asks.append, self._wake.set
        data: bytes | memoryview = b""
        while True:
            count = yield data
            now, begin = now_ns(), ring.asked
            data = ring.read(count)
            note((now, begin, count))
            wake()

    def _warm_up(self) -> None:
        """Wait until the device asks evenly: what it asks for until then is silence."""
        deadline = self._clock.now_ns() + round(_START_SECONDS * 1e9)
        while len(self._asks) < _WARM_UP and not self._stopping:
            if not self._clock.wait_until(deadline, self._wake):
                raise NotReadableError(f"The speaker {self._label} takes no sound")
            self._wake.clear()
            self.check()

    def work(self) -> None:
        """Keep the ring filled, until told to stop or unplugged."""
        self._warm_up()
        ring, asks, rate = self._ring, self._asks, self._mode.sample_rate
        latest = asks[-1][0] if asks else 0
        asks.clear()
        times = SampleClock(rate)
        place: int | None = None  # a sample of the device's count, and when it was asked for, in µs
        instant = 0
        ring.skip()
        while not self._stopping:
            while asks:
                now, begin, count = asks.popleft()
                if now - latest > _RESTART_NS:
                    times = SampleClock(rate)
                latest = now
                instant, _ = times.hear(count, now / 1000)
                place = begin
            if ring.skip() and self._opened.is_set():
                self._ahead = min(self._ahead + self._period, _MOST_AHEAD * self._period)
            missing = self._ahead - (ring.written - ring.asked)
            if place is not None and missing >= self._period:
                # What is asked for goes to the end of the device's buffer: it is heard one buffer later.
                later = ring.written - place + _PERIODS * self._period
                at = round(instant + later * 1e6 / times.sample_rate)
                ring.write(self._supply.sound(missing, at))
                self._opened.set()
            if not asks and not self._clock.wait_until(self._clock.now_ns() + STALL_NS, self._wake):
                self.look_after_stall()
            self._wake.clear()
            self.check()
