"""`Coded`: one encoded frame on its way from the packets to the decoder.

Not for: chunks, which are what tracks hand on (``_engine/frames.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import Codec

__all__ = ["Coded", "Times"]


@dataclass(frozen=True, slots=True)
class Times:
    """When a frame is to be seen or heard, when it was captured and when its first packet came: µs of the clock."""

    timestamp: int
    captured: int | None
    received: int


@dataclass(frozen=True, slots=True)
class Coded:
    """A whole encoded frame. ``stamp`` is RTP's, without wrap-around; ``key``: decodable without others.

    ``lost``: before this one something is missing (a picture before a key frame, or that many packets of sound).
    """

    codec: Codec
    data: bytes
    stamp: int
    times: Times
    key: bool
    lost: int = 0
