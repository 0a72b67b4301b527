"""The back end ``miniaudio``: microphones and speakers of PulseAudio, PipeWire, ALSA, Core Audio and WASAPI.

Not for: moving samples (``microphone.py``, ``speaker.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import ClassVar

from mediastreams._backends.polling import poll
from mediastreams._backends.sound.alsa import list_alsa
from mediastreams._backends.sound.listing import SoundAddress, list_sound
from mediastreams._backends.sound.microphone import Microphone
from mediastreams._backends.sound.native import list_native, system_sound
from mediastreams._backends.sound.pulse import PulseState, the_watch
from mediastreams._backends.sound.speaker import USUAL_MODE, Speaker
from mediastreams.abc import AudioMode, Backend, Device, Sink, Source
from mediastreams.errors import NotSupportedError

__all__ = ["SoundBackend"]

if find_spec("miniaudio") is None:
    raise ImportError("Microphones and speakers need the package miniaudio: pip install miniaudio")


class SoundBackend(Backend):
    """Everything that hears or sounds."""

    name: ClassVar[str] = "miniaudio"

    def list_devices(self) -> Sequence[Device]:
        return list_sound()

    def create_source(self, device: Device) -> Source:
        if device.device_class != "audioinput" or not isinstance(device.handle, SoundAddress):
            raise NotSupportedError(f"{device.label} is a speaker: it cannot be recorded")
        return Microphone(device.handle, device.label)

    def create_sink(self, device: Device) -> Sink:
        mode = device.model.modes[0] if device.model.modes else None
        if device.device_class != "audiooutput" or not isinstance(device.handle, SoundAddress):
            raise NotSupportedError(f"{device.label} is a microphone: nothing can be played there")
        return Speaker(device.handle, device.label, mode if isinstance(mode, AudioMode) else USUAL_MODE)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        if sys.platform == "linux":
            return _watch_server(changed)
        # Core Audio's and WASAPI's own notices do not come through miniaudio.
        return poll("sound watch", lambda: frozenset(list_native(system_sound())), changed)


def _watch_server(changed: Callable[[], None]) -> Callable[[], None]:
    """Compare what the server tells; while there is none, the cards at each of the watch's tries."""
    known: object = None

    def on_state(state: PulseState | None) -> None:
        nonlocal known
        before, known = known, state.listing() if state else frozenset(list_alsa())
        if before is not None and before != known:
            changed()

    return the_watch.listen(on_state)
