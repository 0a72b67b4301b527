"""`PayloadFormat`: what every payload format's module offers, and `format_of`, which finds it by the codec's name.

Not for: RTP's own header, order, loss and time, nor for codecs (what is in a frame).

Rules of the package: functions of bytes, without state. What comes from the network is wrong in any way: `ValueError`,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol, cast

__all__ = ["LIMIT", "PayloadFormat", "PayloadInfo", "format_of"]

LIMIT: Final = 1180
"""Bytes of payload in a packet: with the headers of RTP, its extensions, SRTP, UDP and IPv6 less than 1280."""

_MODULES: Final = {
    "vp8": "vp8",
    "vp9": "vp9",
    "h264": "h264",
    "av1": "av1",
    "opus": "audio",
    "pcmu": "audio",
    "pcma": "audio",
    "g722": "audio",
}


@dataclass(frozen=True, slots=True)
class PayloadInfo:
    """What one payload tells by itself.

    ``start``: a frame may begin with it (without it the frame cannot be decoded); ``key``: it begins a key frame, or
    brings what a key frame needs. ``picture_id`` is the frame's running number and its number of bits, where the format
    has one.
    """

    start: bool
    key: bool
    picture_id: tuple[int, int] | None = None


class PayloadFormat(Protocol):
    """A module of this package."""

    def packetize(self, frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:
        """Cut one encoded frame into the payloads of its packets, in order; the last gets RTP's marker.

        ``picture_id`` is the frame's running number of 15 bits, for formats that have one.

        Raises:
            ValueError: the frame is none of this format.
        """

    def inspect(self, payload: bytes) -> PayloadInfo:
        """Tell what a payload is, cheaply.

        Raises:
            ValueError: malformed.
        """

    def depacketize(self, payloads: Sequence[bytes]) -> bytes:
        """Put one frame together from all its payloads in order, as FFmpeg's decoder takes it.

        Raises:
            ValueError: malformed, or some are missing where that can be seen.
        """

    def is_key(self, frame: bytes) -> bool:
        """Whether an encoded frame can be decoded without others. Nonsense is none."""


def format_of(name: str) -> PayloadFormat:
    """Find the payload format of a codec by its name in lower case (`Codec.name`).

    Raises:
        ValueError: there is none.
    """
    module = _MODULES.get(name)
    if module is None:
        raise ValueError(f"no RTP payload format for {name!r}")
    return cast("PayloadFormat", import_module(f"mediastreams.webrtc.rtp.{module}"))
