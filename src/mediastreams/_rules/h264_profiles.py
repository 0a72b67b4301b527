"""H.264's profiles as they are negotiated: ``profile-level-id`` taken apart, and which stream fits which.

Not for: how a recording names them (``codec_strings.py``).

https://www.rfc-editor.org/rfc/rfc6184#section-8.1, table 5
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

__all__ = ["DEFAULT_PROFILE_LEVEL_ID", "H264Profile", "ProfileLevel", "fits_profile", "profile_level"]

DEFAULT_PROFILE_LEVEL_ID: Final = "420010"
"""What is meant where nothing is said: Baseline at level 1."""


class H264Profile(Enum):
    """A profile, by FFmpeg's spelling."""

    CONSTRAINED_BASELINE = "constrained_baseline"
    BASELINE = "baseline"
    MAIN = "main"
    CONSTRAINED_HIGH = "constrained_high"
    HIGH = "high"


class ProfileLevel(NamedTuple):
    """A profile, and its level times ten (31 is 3.1; 9 is 1b)."""

    profile: H264Profile
    level: int


_CONTAINED: Final[Mapping[H264Profile, frozenset[H264Profile]]] = {
    # what else a decoder of the profile decodes; extensions of Baseline (FMO, ASO) are nobody's but its own
    H264Profile.CONSTRAINED_BASELINE: frozenset(),
    H264Profile.BASELINE: frozenset((H264Profile.CONSTRAINED_BASELINE,)),
    H264Profile.MAIN: frozenset((H264Profile.CONSTRAINED_BASELINE,)),
    H264Profile.CONSTRAINED_HIGH: frozenset((H264Profile.CONSTRAINED_BASELINE,)),
    H264Profile.HIGH: frozenset((H264Profile.CONSTRAINED_BASELINE, H264Profile.MAIN, H264Profile.CONSTRAINED_HIGH)),
}


def profile_level(identifier: str) -> ProfileLevel | None:
    """Take six hexadecimal digits apart; ``None``: malformed, or a profile that nobody negotiates."""
    try:
        value = bytes.fromhex(identifier)
    except ValueError:
        return None
    if len(value) != 3:
        return None
    profile = _profile(value[0], value[1])
    if profile is None:
        return None
    level_1b = value[2] == 11 and value[1] & 0x10 and value[0] in (0x42, 0x4D, 0x58)
    return ProfileLevel(profile, 9 if level_1b else value[2])


def _profile(idc: int, constraints: int) -> H264Profile | None:
    set0, set1, set2 = constraints & 0x80, constraints & 0x40, constraints & 0x20
    if idc == 0x42:
        return H264Profile.CONSTRAINED_BASELINE if set1 else H264Profile.BASELINE
    if idc == 0x4D:
        return H264Profile.CONSTRAINED_BASELINE if set0 else H264Profile.MAIN
    if idc == 0x58:  # Extended: nobody's, but what is constrained to be something else, too
        if set0 and set1:
            return H264Profile.CONSTRAINED_BASELINE
        return H264Profile.BASELINE if set0 and not set2 else None
    if idc == 0x64:
        return H264Profile.CONSTRAINED_HIGH if constraints & 0x0C == 0x0C else H264Profile.HIGH
    return None


def fits_profile(stream: H264Profile, negotiated: H264Profile) -> bool:
    """Whether whoever negotiated a profile decodes a stream of another."""
    return stream is negotiated or stream in _CONTAINED[negotiated]
