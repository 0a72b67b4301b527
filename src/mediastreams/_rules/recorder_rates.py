"""The bit rates of a recorder: what is reasonable, and how one rate for all is shared.

Not for: what an encoder makes of a rate (``_engine/encoding/codecs.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = ["LEAST_AUDIO", "LEAST_VIDEO", "BitRates", "VideoShape", "encoder_rate", "reasonable_rates", "share_bit_rate"]

LEAST_AUDIO: Final = 6_000
LEAST_VIDEO: Final = 10_000
_AUDIO_SHARE: Final = 10  # a tenth of the whole goes to the sound …
_ENOUGH_AUDIO: Final = 128_000  # … up to this
_PER_CHANNEL: Final = 64_000
_USUAL_VIDEO: Final = 2_500_000
_LEAST_USUAL_VIDEO: Final = 200_000
_MOST_USUAL_VIDEO: Final = 50_000_000
_BITS_PER_PIXEL: Final = 0.1
_MOST_OPUS: Final = 256_000  # a channel
_MOST_AAC: Final = 192_000
_MOST_VIDEO: Final = 2_000_000_000  # FFmpeg's options end a little above


class BitRates(NamedTuple):
    """Bits per second of all video tracks together, and of all audio tracks."""

    video: int
    audio: int


class VideoShape(NamedTuple):
    """What is known of a video track: 0 is unknown."""

    width: int
    height: int
    frame_rate: float


def reasonable_rates(videos: Iterable[VideoShape], channels: Iterable[int]) -> BitRates:
    """Choose targets for tracks of these shapes and channel counts; for a kind without tracks the usual ones."""
    shapes, counts = list(videos), list(channels)
    video = 0
    for width, height, rate in shapes:
        wanted = round(width * height * min(rate or 30, 60) * _BITS_PER_PIXEL)
        video += min(max(wanted, _LEAST_USUAL_VIDEO), _MOST_USUAL_VIDEO) if wanted else _USUAL_VIDEO
    audio = sum(_PER_CHANNEL * min(max(count, 1), 8) for count in counts)
    return BitRates(video or _USUAL_VIDEO, audio or _ENOUGH_AUDIO)


def share_bit_rate(total: int, *, video: bool = True, audio: bool = True) -> BitRates:
    """Share one rate among both kinds; a kind that is not recorded gets nothing.

    https://w3c.github.io/mediacapture-record/#dom-mediarecorderoptions-bitspersecond
    """
    if not audio:
        return BitRates(max(total, LEAST_VIDEO), 0)
    if not video:
        return BitRates(0, max(total, LEAST_AUDIO))
    sound = min(max(total // _AUDIO_SHARE, LEAST_AUDIO), _ENOUGH_AUDIO)
    return BitRates(max(total - sound, LEAST_VIDEO), sound)


def encoder_rate(codec: str, rate: int, tracks: int, channels: int = 1) -> int:
    """Give each of several tracks its part of a rate, within what encoders of the codec take."""
    each = rate // max(tracks, 1)
    if codec == "opus":
        return min(max(each, LEAST_AUDIO), _MOST_OPUS * max(channels, 1))
    if codec == "aac":
        return min(max(each, 2 * LEAST_AUDIO), _MOST_AAC * max(channels, 1))
    return min(max(each, LEAST_VIDEO), _MOST_VIDEO)
