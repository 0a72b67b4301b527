"""`DeviceWorker`: the thread that has one microphone or speaker open: opens it, works, closes it, tells its end.

Not for: what the device's call-back does with samples (``microphone.py``, ``speaker.py``).

Rules of the file: miniaudio's devices are opened, closed and listed on this thread alone; nothing of miniaudio leaks.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Literal

from mediastreams._backends.sound.listing import list_sound
from mediastreams._backends.sound.native import explain, load_miniaudio, wait_for_its_end
from mediastreams._backends.sound.pulse import follow_device
from mediastreams._engine.worker import Worker
from mediastreams.errors import DOMException, NotReadableError

if TYPE_CHECKING:
    from mediastreams._backends.sound.listing import SoundAddress
    from mediastreams._backends.sound.pulse import PulseDevice
    from mediastreams.abc import Clock

__all__ = ["STALL_NS", "DeviceWorker"]

STALL_NS: Final = 1_000_000_000
"""When nothing has come for so long, `DeviceWorker.look_after_stall`."""

_logger = logging.getLogger(__name__)
_STOP_SECONDS: Final = 5.0


class DeviceWorker(ABC):
    """Has one device open from `begin` to `stop`, or until it is unplugged; then ``end`` is told, on its thread."""

    def __init__(
        self,
        what: Literal["microphone", "speaker"],
        address: SoundAddress,
        label: str,
        clock: Clock,
        end: Callable[[BaseException | None], None],
    ) -> None:
        self._name = f"{what} {label}"
        self._address = address
        self._label = label
        self._output = what == "speaker"
        self._clock = clock
        self._end = end
        self._wake = clock.wake()
        self._opened = threading.Event()  # `work` sets it: now `begin` returns
        self._failure: DOMException | None = None
        self._stopping = False
        self._gone = False
        self._worker = Worker(self._name, self._main, finish=self._ask_to_stop)

    # ── what a microphone and a speaker do differently ───────────────────────────────────────────────

    @abstractmethod
    def open_device(self) -> AbstractContextManager[Any]:
        """The device, open and not yet started."""

    @abstractmethod
    def call_back(self) -> Generator[Any, Any, None]:
        """What miniaudio calls, on a thread of its own."""

    @abstractmethod
    def work(self) -> None:
        """Move samples, until told to stop; `check` now and then."""

    def heed(self, found: PulseDevice) -> None:  # noqa: B027 - not every device has something to heed
        """Take note of what the sound server says of the device. The server's thread."""

    # ── from outside ─────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Start, and wait until the device works or has failed."""
        self._worker.start()
        self._opened.wait()
        if self._failure:
            self._worker.join(_STOP_SECONDS)
            raise self._failure

    def stop(self) -> None:
        """Close the device, and wait until it is closed."""
        self._ask_to_stop()
        if not self._worker.join(_STOP_SECONDS):
            _logger.warning("The %s does not close: its thread is left behind", self._name)

    def _ask_to_stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def _on_news(self, found: PulseDevice | None) -> None:
        if found is None:
            self._gone = True
        else:
            self.heed(found)
        self._wake.set()

    def _on_device_stopped(self) -> None:
        self._on_news(None)

    # ── the worker ───────────────────────────────────────────────────────────────────────────────

    def _main(self) -> None:
        failure: DOMException | None = None
        leave: Callable[[], None] | None = None
        try:
            if self._address.technology == "PULSEAUDIO":
                leave = follow_device(self._address.id, self._label, self._on_news, output=self._output)
            self._run()
        except DOMException as error:
            failure = error
        except Exception as error:  # the worker's border: nothing of miniaudio leaks
            _logger.debug("The %s: unexpected", self._name, exc_info=True)
            failure = NotReadableError(f"The {self._name} failed: {error}")
        finally:
            if leave:
                leave()
            if not self._opened.is_set():
                self._failure = failure or NotReadableError(f"The {self._name} was closed as it was opened")
                self._opened.set()
            elif not self._stopping:
                self._end(failure)

    def _run(self) -> None:
        sound = load_miniaudio()
        with self.open_device() as device:
            if self._address.technology != "PULSEAUDIO":  # there it means suspended, and would be the end
                device.stop_callback = self._on_device_stopped
            call_back = self.call_back()
            next(call_back)
            try:
                device.start(call_back)
            except sound.MiniaudioError as error:
                raise explain(sound, error, self._name) from error
            try:
                self.work()
            finally:
                device.stop_callback = None  # closing is no news
                if self._gone and self._address.technology == "ALSA":
                    wait_for_its_end(device)

    def check(self) -> None:
        """Find out whether the device is still there.

        Raises: NotReadableError (it was unplugged).
        """
        if self._gone:
            raise NotReadableError(f"The {self._name} was unplugged")

    def look_after_stall(self) -> None:
        """Nothing has come for a while: is the device still there? Asked only where no server tells."""
        if self._address.technology != "PULSEAUDIO" and not any(one.handle == self._address for one in list_sound()):
            self._gone = True
