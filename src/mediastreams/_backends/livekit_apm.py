"""`LivekitProcessor`: echo cancellation, noise suppression and gain control by WebRTC's own code, which livekit brings.

Not for: connecting to a LiveKit server; nothing of it is used but the audio processing module. Loaded by
``_engine/processing/library.py``, when the first microphone needs it.

Rules of the file: livekit's client starts a runtime of native threads (tokio's, WebRTC's, one that looks for deadlocks)
and some descriptors, once a process; they stay until its exit. It ends them in an exit hook of its own, which must not
find us inside: ours, registered later, comes before it. Its threads hand over their log by calling Python, and one that
waits for the interpreter when that ends takes the process down with it; so they keep their log to themselves, where
nobody but us has started them. A forked child can use none of it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, ffi_event_callback

from mediastreams._engine.processing.processor import FRAMES_PER_SECOND, FrameProcessor
from mediastreams.errors import OperationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._rules.sound_processing import Processing

    Numbers = npt.NDArray[np.int16]

__all__ = ["LivekitProcessor", "start"]

_SETTLED_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 0.25
_started = 0.0
_processors: weakref.WeakSet[LivekitProcessor] = weakref.WeakSet()


def start() -> None:
    """Start livekit's runtime.

    Raises:
        Exception: it does not work here.
    """
    global _started  # noqa: PLW0603
    client = FfiClient.instance if FfiClient._instance is None else None  # noqa: SLF001 - it has no other way
    if client is not None:
        client._ffi_lib.livekit_ffi_initialize(  # noqa: SLF001 - the same once more, but for the log
            ffi_event_callback, False, b"python", rtc.__version__.encode()
        )
    rtc.AudioProcessingModule(high_pass_filter=True)
    _started = time.monotonic()
    atexit.register(_leave, os.getpid())


def _leave(process: int) -> None:
    """At exit: wait until nobody is inside, a quarter of a millisecond at most, and let nobody in any more."""
    if process != os.getpid():  # a child: whoever was inside when it was made never comes out
        return
    for processor in list(_processors):
        processor.leave()
    if time.monotonic() - _started < _SETTLED_SECONDS:  # what it said of its start may be on its way into Python
        time.sleep(_PATIENCE_SECONDS)


class LivekitProcessor(FrameProcessor):
    """One audio processing module. The far end is told before the near end it may be heard in."""

    def __init__(self, processing: Processing) -> None:
        self._inside = threading.Lock()
        self._over = False
        self._cancels = bool(processing.echo)
        self._module = rtc.AudioProcessingModule(
            echo_cancellation=self._cancels,
            noise_suppression=processing.noise,
            auto_gain_control=processing.gain,
        )
        _processors.add(self)

    def process(self, near: Numbers, far: Numbers | None, sample_rate: int, delay_ms: int) -> Numbers:
        with self._inside:
            if self._over:  # the process is ending
                return near
            try:
                if self._cancels and far is not None:
                    self._module.process_reverse_stream(_frame(far, sample_rate))
                    self._module.set_stream_delay_ms(delay_ms)
                frame = _frame(near, sample_rate)
                self._module.process_stream(frame)
            except Exception as error:
                raise OperationError(f"livekit could not process the sound: {error}") from error
        return np.frombuffer(frame.data, np.int16).reshape(near.shape)

    def leave(self) -> None:
        """Let the module alone from now on."""
        with self._inside:
            self._over = True


def _frame(numbers: Numbers, sample_rate: int) -> rtc.AudioFrame:
    length, channels = numbers.shape
    if length * FRAMES_PER_SECOND != sample_rate:  # WebRTC ends the process where it is given something else
        raise ValueError(f"{length} samples at {sample_rate} Hz are no frame of 10 ms")
    return rtc.AudioFrame(bytearray(numbers), sample_rate, channels, length)
