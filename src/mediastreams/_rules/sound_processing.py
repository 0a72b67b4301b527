"""What is done to a microphone's sound for its settings: echo, noise and gain; and the arithmetic of its times.

Not for: doing it (``_engine/processing``). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from mediastreams._rules.values import AudioMode, Setting, Settings

__all__ = [
    "MOST_CHANNELS",
    "NO_PROCESSING",
    "PROCESSING_CHOICES",
    "Processing",
    "can_process",
    "filter_delay",
    "processing_of",
    "reference_lead",
]

PROCESSING_CHOICES: Final[Mapping[str, tuple[Setting, ...]]] = MappingProxyType(
    {
        "echo_cancellation": (True, False, "all", "remote-only"),
        "auto_gain_control": (True, False),
        "noise_suppression": (True, False),
    }
)
"""What a microphone offers whose sound can be processed here, the preferred value first.

The standard leaves the defaults to us and recommends those of the implementations there are, chosen for talk over a
connection: they have all three on.
https://w3c.github.io/mediacapture-main/#dfn-selectsettings (the note at its end)
"""

MOST_CHANNELS: Final = 8


class Processing(NamedTuple):
    """What is done. ``echo``: nothing, the sound of peers, or all sound that this process plays is taken out."""

    echo: Literal["", "remote-only", "all"] = ""
    noise: bool = False
    gain: bool = False


NO_PROCESSING: Final = Processing()

_BAND_DELAYS: Final[Mapping[int, float]] = MappingProxyType(
    {8000: 24, 16000: 0, 32000: 3, 44100: 44.4, 48000: 46, 88200: 71, 96000: 76, 192000: 134}
)
"""Samples by which taking the sound apart into bands, and converting its rate for that, delays it."""
_GAIN_DELAYS: Final[Mapping[int, int]] = MappingProxyType({8000: 24, 44100: 32, 88200: 47, 96000: 48, 192000: 80})
"""… where the gain alone is changed, for which it is not taken apart."""
_ECHO_US: Final = 8000
_NOISE_US: Final = 6000
_SAFETY_US: Final = 20_000
_MOST_LEAD_US: Final = 80_000
_LEAD_STEP_US: Final = 10_000


def can_process(mode: AudioMode) -> bool:
    """Say whether sound of this rate and so many channels can be processed at all."""
    return mode.sample_rate in _BAND_DELAYS and mode.channel_count <= MOST_CHANNELS


def processing_of(settings: Settings, made_here: Collection[str]) -> Processing:
    """Say what a track's settings mean for its sound. ``made_here``: those that the device does not do by itself.

    ``True`` is as much as ``"all"``.

    DEVIATION: ``"all"`` takes out what this process plays, which alone it knows; other programs of the system stay.

    DEVIATION: what an audio graph or a mix makes of a peer's sound is this program's own: ``"remote-only"`` leaves it.

    https://w3c.github.io/mediacapture-main/#dom-echocancellationmodeenum
    """
    wanted = {name: settings[name] for name in made_here if name in settings}
    echo = wanted.get("echo_cancellation", False)
    return Processing(
        "" if echo is False else "remote-only" if echo == "remote-only" else "all",
        noise=bool(wanted.get("noise_suppression", False)),
        gain=bool(wanted.get("auto_gain_control", False)),
    )


def filter_delay(processing: Processing, sample_rate: int) -> int:
    """Give by how many samples the filters delay the sound: 15 ms at most at the rates of usual microphones.

    DEVIATION: the setting ``latency`` is the device's; what this adds is in ``track.stats``. An application that asks
    for 10 ms asks for the device's blocks, and would else be refused what a browser grants.

    https://w3c.github.io/mediacapture-main/#def-constraint-latency
    """
    windows = _ECHO_US * bool(processing.echo) + _NOISE_US * processing.noise
    if not windows:
        return _GAIN_DELAYS.get(sample_rate, 0) if processing.gain else 0
    return round(windows * sample_rate / 1_000_000 + _BAND_DELAYS[sample_rate])


def reference_lead(ahead_us: int) -> int:
    """Say how many µs before it is heard a canceller is told of a sound of which we know ``ahead_us`` before.

    Echo must never come before its cause, however wrong a device is about its own delay; so the cause is told as early
    as that is possible, whole frames of 10 ms, 80 ms at most.
    """
    early = min(max(ahead_us - _SAFETY_US, 0), _MOST_LEAD_US)
    return early // _LEAD_STEP_US * _LEAD_STEP_US
