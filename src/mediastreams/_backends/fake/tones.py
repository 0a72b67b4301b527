"""What fake microphones hear: a beep on every whole second, faint noise, and an echo, by the settings.

Not for: when samples are due (``_engine/pace.py``).

Rules of the file: everything has a period of one second, so a second of it is made once and then only copied from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BEEP_SECONDS", "Hearing", "samples"]

BEEP_SECONDS: Final = 0.1
_ECHO_AFTER: Final = 0.25
_ECHO_LEVEL: Final = 0.25
_NOISE_LEVEL: Final = 0.002


@dataclass(frozen=True, slots=True)
class Hearing:
    """Everything that decides what is heard. ``beep``: the pitch left and right, whole Hz."""

    sample_rate: int
    channels: int
    beep: tuple[int, int]
    noise: bool = False
    echo: bool = False
    gain: float = 1.0


def samples(hearing: Hearing, first: int, count: int) -> npt.NDArray[np.float32]:
    """Copy out samples ``first`` to ``first + count`` on the clock's own scale, ``float32 [channels, count]``."""
    second = _second(hearing)
    start = first % hearing.sample_rate
    if start + count <= hearing.sample_rate:
        return second[:, start : start + count].copy()
    return second.take(range(start, start + count), axis=1, mode="wrap")


@lru_cache(maxsize=16)  # 384 kB each at 48 kHz stereo
def _second(hearing: Hearing) -> npt.NDArray[np.float32]:
    rate = hearing.sample_rate
    times = np.arange(rate) / rate
    envelope = np.where(times < BEEP_SECONDS, 1.0, 0.0)
    ramp = np.minimum(times, np.maximum(BEEP_SECONDS - times, 0)) / 0.002  # no clicks
    pitches = hearing.beep[: hearing.channels] if hearing.channels <= 2 else (hearing.beep * hearing.channels)
    made = np.zeros((hearing.channels, rate))
    for channel, pitch in enumerate(pitches[: hearing.channels]):
        tone = np.sin(2 * np.pi * pitch * times) * envelope * np.clip(ramp, 0, 1) * 0.5 * hearing.gain
        if hearing.echo:
            tone += np.roll(tone, round(_ECHO_AFTER * rate)) * _ECHO_LEVEL
        made[channel] = tone
    if hearing.noise:
        made += np.random.default_rng(rate).normal(0, _NOISE_LEVEL, made.shape)
    result = np.clip(made, -1, 1).astype(np.float32)
    result.flags.writeable = False
    return result
