"""A microphone as a source: miniaudio's call-back → ring → the source's own worker → delivery.

Not for: listing. A block's youngest sample counts as heard when the call-back comes: what a card holds
back before that, some milliseconds, no system tells reliably.

Rules of the file: the call-back comes on a foreign thread and only notes time and bytes; everything else
happens on the worker, which also opens and closes the device.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from mediastreams._backends.sound.device_worker import STALL_NS, DeviceWorker
from mediastreams._backends.sound.listing import MAX_LATENCY, MIN_LATENCY, SoundAddress
from mediastreams._backends.sound.native import capture_device
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.sample_clock import SampleClock
from mediastreams._rules.values import AudioMode, Mode, Settings
from mediastreams.abc import Clock, Delivery, Source

if TYPE_CHECKING:
    from mediastreams._backends.sound.pulse import PulseDevice

__all__ = ["Microphone"]

_RING_SECONDS: Final = 2.0
_QUIET_NS: Final = STALL_NS // 3
_USUAL_LATENCY: Final = 0.01
_LAYOUTS: Final = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class Microphone(Source):
    """One microphone; open from ``start`` to ``stop`` or until it is unplugged."""

    kind = "audio"

    def __init__(self, address: SoundAddress, label: str, clock: Clock | None = None) -> None:
        self.clock = clock or get_clock()
        self._address = address
        self._label = label
        self._capture: _Capture | None = None

    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode:
        if not isinstance(mode, AudioMode):
            raise TypeError(f"A microphone gives sound, and no mode {mode}")
        self.stop()
        self._capture = capture = _Capture(self._address, self._label, self.clock, mode, settings, delivery)
        capture.begin()
        return mode

    def stop(self) -> None:
        capture, self._capture = self._capture, None
        if capture:
            capture.stop()


class _Capture(DeviceWorker):
    """The worker of one capture and what the call-back fills for it."""

    def __init__(
        self, address: SoundAddress, label: str, clock: Clock, mode: AudioMode, settings: Settings, delivery: Delivery
    ) -> None:
        super().__init__("microphone", address, label, clock, delivery.end)
        self._mode = mode
        self._delivery = delivery
        latency = min(max(float(settings.get("latency", _USUAL_LATENCY)), MIN_LATENCY), MAX_LATENCY)
        self._period_ms = round(latency * 1000)
        self._ring: deque[tuple[int, int, bytearray]] = deque(maxlen=max(8, round(_RING_SECONDS / latency)))
        self._muted_there = False
        self._suspended = False

    def heed(self, found: PulseDevice) -> None:
        self._muted_there, self._suspended = found.muted, found.suspended

    def open_device(self) -> AbstractContextManager[Any]:
        return capture_device(
            self._address.technology,
            self._address.id,
            sample_rate=self._mode.sample_rate,
            channels=self._mode.channel_count,
            period_ms=self._period_ms,
        )

    def call_back(self) -> Generator[None, bytearray, None]:
        """The call-back: note when how many samples were there before, and the bytes. On miniaudio's thread."""
        now_ns, append, wake = self._clock.now_ns, self._ring.append, self._wake.set
        size = 4 * self._mode.channel_count
        total = 0
        while True:
            data = yield
            append((now_ns(), total, data))
            total += len(data) // size
            wake()

    def work(self) -> None:
        """Turn what the call-back left into sound, until told to stop or unplugged."""
        import numpy as np

        self._opened.set()
        mode, ring = self._mode, self._ring
        times = SampleClock(mode.sample_rate)
        layout = _LAYOUTS.get(mode.channel_count, f"{mode.channel_count} channels")
        expected = overrun = 0
        muted = False
        latest = self._clock.now_ns()
        while not self._stopping:
            if not self._clock.wait_until(latest + STALL_NS, self._wake):
                self.look_after_stall()
                latest = max(latest, self._clock.now_ns() - STALL_NS // 2)
            self._wake.clear()
            self.check()
            # Suspended counts once nothing comes: a microphone at rest is woken by opening it.
            quiet = self._suspended and not ring and self._clock.now_ns() - latest > _QUIET_NS
            if muted != (self._muted_there or quiet):
                muted = not muted
                self._delivery.set_muted(muted=muted)
            while ring and not self._stopping:
                latest, before, data = ring.popleft()
                samples = np.frombuffer(data, np.float32).reshape(-1, mode.channel_count)
                overrun = before - expected
                expected = before + len(samples)
                stamp, lost = times.hear(overrun + len(samples), latest / 1000)
                if overrun:
                    stamp += round(overrun * 1e6 / mode.sample_rate)
                planes = np.ascontiguousarray(samples.T)
                self._delivery.deliver(Sound(planes, mode.sample_rate, stamp, layout, gap=overrun + lost))
