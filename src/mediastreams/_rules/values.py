"""The values that rules decide about: ranges, native modes, devices.

Not for: anything that moves or opens. Back ends fill these in, rules read them, nobody changes them.
Names of constrainable properties are the Python spelling (``frame_rate``). Units: pixels, frames per
second, samples per second, bits per sample, seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["AudioMode", "DeviceModel", "Kind", "Mode", "Points", "Range", "Setting", "Settings", "VideoMode"]

Kind: TypeAlias = Literal["audio", "video"]
Points: TypeAlias = tuple[tuple[float, float], ...]
"""Places in a picture, across and down: (0, 0) is its upper left corner, (1, 1) the lower right one."""
Setting: TypeAlias = float | int | str | bool
"""The value of one constrainable property. That of ``points_of_interest``, and it alone, is `Points` behind a cast:
only the rules and a camera's driver read it, and everybody else may take settings for what they otherwise are."""
Settings: TypeAlias = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval, ``min <= max``; with a ``step``, only what is a whole number of steps above ``min``."""

    min: float
    max: float
    step: float | None = None

    def __contains__(self, value: float) -> bool:
        return self.min <= value <= self.max


@dataclass(frozen=True, slots=True)
class VideoMode:
    """One thing a camera or screen can be asked for: a size, and a rate or a span of rates.

    ``pixel_format`` is for the back end alone; rules use it only to keep modes apart.
    ``cost`` breaks ties between modes of the same size and rate: lower is preferred (raw before compressed, say).
    """

    width: int
    height: int
    min_frame_rate: float
    max_frame_rate: float
    pixel_format: str = ""
    cost: int = 0


@dataclass(frozen=True, slots=True)
class AudioMode:
    """One thing a microphone can be asked for."""

    sample_rate: int
    channel_count: int
    sample_size: int = 16
    min_latency: float = 0.01
    max_latency: float = 0.01
    cost: int = 0


Mode: TypeAlias = VideoMode | AudioMode


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """Everything the rules know of one device (or of the source behind one live track).

    ``choices`` holds the properties with a finite set of values besides the modes, the preferred value
    first: ``facing_mode``, ``echo_cancellation``, ``auto_gain_control``, ``noise_suppression``,
    ``background_blur`` … ``ranges`` holds those with an interval that are independent of the mode
    (camera controls such as ``zoom``); ``defaults`` their value when nothing is asked.
    ``adaptable`` says that the engine may crop, scale and decimate (``resize_mode`` has
    ``crop-and-scale``) or resample and mix. ``points_of_interest``: to how many places at once the camera can
    direct focus and exposure, 0 where it has no such control. ``per_track`` names those of ``choices`` that the
    engine makes of each track's frames, so that tracks of one device may differ in them; ``cures`` says of properties
    what to do so that the device offers more of them.
    """

    kind: Kind
    device_id: str = ""
    group_id: str = ""
    modes: tuple[VideoMode, ...] | tuple[AudioMode, ...] = ()
    choices: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    defaults: Settings = field(default_factory=dict)
    adaptable: bool = True
    points_of_interest: int = 0
    per_track: frozenset[str] = frozenset()
    cures: Mapping[str, str] = field(default_factory=dict, compare=False)
    memo: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the rules have found out of the rest and remember: no part of the value."""
