"""A microphone as a source: miniaudio's call-back → ring → the source's own worker → delivery.

Not for: listing. A block's youngest sample counts as heard when the call-back comes: what a card holds
back before that, some milliseconds, no system tells reliably.

Rules of the file: the call-back comes on a foreign thread and only notes time and bytes; everything else
happens on the worker, which also opens and closes the device.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import Final

from mediastreams._backends.sound.listing import MAX_LATENCY, MIN_LATENCY, SoundAddress, list_sound
from mediastreams._backends.sound.native import capture_device, explain, load_miniaudio
from mediastreams._backends.sound.pulse import PulseDevice, follow_device
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Sound
from mediastreams._engine.sample_clock import SampleClock
from mediastreams._engine.worker import Worker
from mediastreams._rules.values import AudioMode, Mode, Settings
from mediastreams.abc import Clock, Delivery, Source
from mediastreams.errors import DOMException, NotReadableError

__all__ = ["Microphone"]

_logger = logging.getLogger(__name__)
_RING_SECONDS: Final = 2.0
_STALL_NS: Final = 1_000_000_000
_QUIET_NS: Final = _STALL_NS // 3
_STOP_SECONDS: Final = 5.0
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


class _Capture:
    """The worker of one capture and what the call-back fills for it."""

    def __init__(
        self, address: SoundAddress, label: str, clock: Clock, mode: AudioMode, settings: Settings, delivery: Delivery
    ) -> None:
        self._address = address
        self._label = label
        self._clock = clock
        self._mode = mode
        self._delivery = delivery
        latency = min(max(float(settings.get("latency", _USUAL_LATENCY)), MIN_LATENCY), MAX_LATENCY)
        self._period_ms = round(latency * 1000)
        self._ring: deque[tuple[int, int, bytearray]] = deque(maxlen=max(8, round(_RING_SECONDS / latency)))
        self._wake = clock.wake()
        self._opened = threading.Event()
        self._failure: DOMException | None = None
        self._stopping = False
        self._gone = False
        self._muted_there = False
        self._suspended = False
        self._worker = Worker(f"microphone {label}", self._main, finish=self._ask_to_stop)

    def begin(self) -> None:
        """Start, and wait until the device is open or has failed."""
        self._worker.start()
        self._opened.wait()
        if self._failure:
            self._worker.join(_STOP_SECONDS)
            raise self._failure

    def stop(self) -> None:
        self._ask_to_stop()
        if not self._worker.join(_STOP_SECONDS):
            _logger.warning("The microphone %s does not close: its thread is left behind", self._label)

    def _ask_to_stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def _main(self) -> None:
        failure: DOMException | None = None
        leave: Callable[[], None] | None = None
        try:
            if self._address.technology == "PULSEAUDIO":
                leave = follow_device(self._address.id, self._label, self._on_news, output=False)
            self._run()
        except DOMException as error:
            failure = error
        except Exception as error:  # the worker's border: nothing of miniaudio leaks
            _logger.debug("Microphone %s: unexpected", self._label, exc_info=True)
            failure = NotReadableError(f"Capturing {self._label} failed: {error}")
        finally:
            if leave:
                leave()
            if not self._opened.is_set():
                self._failure = failure or NotReadableError(f"Nothing came from {self._label}")
                self._opened.set()
            elif not self._stopping:
                self._delivery.end(failure)

    def _on_news(self, found: PulseDevice | None) -> None:
        if found is None:
            self._gone = True
        else:
            self._muted_there, self._suspended = found.muted, found.suspended
        self._wake.set()

    def _run(self) -> None:
        mode = self._mode
        sound = load_miniaudio()
        with capture_device(
            self._address.technology,
            self._address.id,
            sample_rate=mode.sample_rate,
            channels=mode.channel_count,
            period_ms=self._period_ms,
        ) as device:
            if self._address.technology != "PULSEAUDIO":  # there it means suspended, and would end the capture
                device.stop_callback = self._on_device_stopped
            callback = self._hear()
            next(callback)
            try:
                device.start(callback)
            except sound.MiniaudioError as error:
                raise explain(sound, error, f"microphone {self._label}") from error
            try:
                self._opened.set()
                self._deliver()
            finally:
                device.stop_callback = None  # closing is no news

    def _on_device_stopped(self) -> None:
        self._gone = True
        self._wake.set()

    def _hear(self) -> Generator[None, bytearray, None]:
        """The call-back: note when how many samples were there before, and the bytes. On miniaudio's thread."""
        now_ns, append, wake = self._clock.now_ns, self._ring.append, self._wake.set
        size = 4 * self._mode.channel_count
        total = 0
        while True:
            data = yield
            append((now_ns(), total, data))
            total += len(data) // size
            wake()

    def _deliver(self) -> None:
        """Turn what the call-back left into sound, until told to stop or unplugged."""
        import numpy as np

        mode, ring = self._mode, self._ring
        times = SampleClock(mode.sample_rate)
        layout = _LAYOUTS.get(mode.channel_count, f"{mode.channel_count} channels")
        expected = overrun = 0
        muted = False
        latest = self._clock.now_ns()
        while not self._stopping:
            if not self._clock.wait_until(latest + _STALL_NS, self._wake):
                self._look_after_stall()
                latest = max(latest, self._clock.now_ns() - _STALL_NS // 2)
            self._wake.clear()
            if self._gone:
                raise NotReadableError(f"The microphone {self._label} was unplugged")
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

    def _look_after_stall(self) -> None:
        """Nothing was heard for a while: is the microphone still there? Asked only where no server tells."""
        if self._address.technology == "PULSEAUDIO":
            return
        if not any(device.handle == self._address for device in list_sound()):
            self._gone = True
