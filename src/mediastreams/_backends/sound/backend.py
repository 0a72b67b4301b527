"""The back end ``miniaudio``: microphones and speakers of PulseAudio, PipeWire, ALSA, Core Audio and WASAPI.

Not for: playing; speakers are listed for `enumerate_devices`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from mediastreams._backends.sound.alsa import list_alsa
from mediastreams._backends.sound.listing import SoundAddress, list_sound
from mediastreams._backends.sound.microphone import Microphone
from mediastreams._backends.sound.native import list_native, system_sound
from mediastreams._backends.sound.pulse import PulseState, the_watch
from mediastreams._engine.worker import Worker
from mediastreams.abc import Backend, Device, Source
from mediastreams.errors import NotSupportedError

__all__ = ["SoundBackend"]

_POLL_SECONDS: Final = 2.0


class SoundBackend(Backend):
    """Everything that hears or sounds."""

    name: ClassVar[str] = "miniaudio"

    def list_devices(self) -> Sequence[Device]:
        return list_sound()

    def create_source(self, device: Device) -> Source:
        if device.device_class != "audioinput" or not isinstance(device.handle, SoundAddress):
            raise NotSupportedError(f"{device.label} is a speaker: it cannot be recorded")
        return Microphone(device.handle, device.label)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        if sys.platform == "linux":
            return _watch_server(changed)
        return _poll(lambda: frozenset(list_native(system_sound())), changed)


def _watch_server(changed: Callable[[], None]) -> Callable[[], None]:
    """Compare what the server tells; while there is none, the cards at each of the watch's tries."""
    known: object = None

    def on_state(state: PulseState | None) -> None:
        nonlocal known
        before, known = known, state.listing() if state else frozenset(list_alsa())
        if before is not None and before != known:
            changed()

    return the_watch.listen(on_state)


def _poll(look: Callable[[], object], changed: Callable[[], None]) -> Callable[[], None]:
    """Core Audio's and WASAPI's own notices do not come through miniaudio: look every two seconds."""
    stopping = threading.Event()

    def run() -> None:
        known = look()
        while not stopping.wait(_POLL_SECONDS):
            before, known = known, look()
            if before != known:
                changed()

    def cancel() -> None:
        stopping.set()
        worker.join()

    worker = Worker("sound watch", run, finish=stopping.set).start()
    return cancel
