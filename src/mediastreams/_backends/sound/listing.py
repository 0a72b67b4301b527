"""The sound devices of this system in the library's terms, whichever way they are reached.

Not for: opening or watching them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mediastreams._backends.sound.alsa import list_alsa
from mediastreams._backends.sound.native import NativeDevice, Technology, list_native, system_sound
from mediastreams._backends.sound.pulse import PulseState, read_server
from mediastreams._engine.processing.library import library
from mediastreams._rules.values import AudioMode, DeviceModel
from mediastreams.abc import Device

__all__ = ["MAX_LATENCY", "MIN_LATENCY", "SPEAKER_LATENCY", "SoundAddress", "list_sound"]

MIN_LATENCY: Final = 0.005
MAX_LATENCY: Final = 0.5
SPEAKER_LATENCY: Final = 0.1
_USUAL_LATENCY: Final = 0.01


@dataclass(frozen=True, slots=True)
class SoundAddress:
    """How miniaudio reaches a device: the ``handle`` of a listed one."""

    technology: Technology
    id: str


def list_sound() -> list[Device]:
    """Microphones, then speakers, the default first of each; empty and silent where there is no sound.

    Raises: NotFoundError without the package miniaudio.
    """
    if sys.platform == "linux":
        state = read_server()
        found = list(_from_pulse(state, list_native("PULSEAUDIO")) if state else _from_alsa())
    else:
        found = list(_from_native(system_sound()))
    return sorted(found, key=lambda device: (device.device_class == "audiooutput", not device.default))


def _from_pulse(state: PulseState, formats: list[NativeDevice]) -> Iterator[Device]:
    """The server's devices; what a speaker plays is no microphone, so monitors are left out."""
    known = {(native.output, native.id): native for native in formats}
    for item in state.devices:
        native = known.get((item.output, item.name))
        if item.monitor or native is None:  # None: gone between the two looks
            continue
        address = SoundAddress("PULSEAUDIO", item.name)
        yield _device(address, item.label, output=item.output, native=native, group=item.group, default=item.default)


def _from_alsa() -> Iterator[Device]:
    """The cards; the first of each direction is the default, as ALSA has it."""
    seen: set[bool] = set()
    for item in list_alsa():
        native = NativeDevice(
            item.output, item.id, item.label, item.output not in seen, item.sample_rate, item.channels, 16
        )
        seen.add(item.output)
        address = SoundAddress("ALSA", item.id)
        yield _device(address, item.label, output=item.output, native=native, group=item.group, default=native.default)


def _from_native(technology: Technology) -> Iterator[Device]:
    for native in list_native(technology):
        address = SoundAddress(technology, native.id)
        yield _device(address, native.name, output=native.output, native=native, group="", default=native.default)


def _device(
    address: SoundAddress, label: str, *, output: bool, native: NativeDevice, group: str, default: bool
) -> Device:
    mode = AudioMode(native.sample_rate, native.channels, native.bits, MIN_LATENCY, MAX_LATENCY)
    if output:
        model = DeviceModel("audio", modes=(mode,), defaults={"latency": SPEAKER_LATENCY})
    else:
        choices = library.choices(mode)
        model = DeviceModel(
            "audio",
            modes=(mode,),
            choices=choices,
            defaults={"latency": _USUAL_LATENCY},
            per_track=frozenset(choices),
            cures=library.cures,
        )
    return Device(
        "audiooutput" if output else "audioinput",
        f"{address.technology.lower()}:{address.id}",
        label,
        model,
        group=group,
        default=default,
        handle=address,
    )
