"""What encoders and their users agree on: `VideoChoice`, `AudioChoice`, `EncodedFrame`, `Viewer`.

Rules of the file: values are immutable, and shared by every viewer on every loop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from mediastreams.webrtc.sending.shared_encoder import SharedEncoder

__all__ = ["AudioChoice", "Choice", "EncodedFrame", "VideoChoice", "Viewer"]


@dataclass(frozen=True, slots=True)
class VideoChoice:
    """How pictures are encoded: what viewers must have in common to share one encoder.

    ``profile`` is H.264's ``profile-level-id``, ``mode`` its packetization mode. ``scale`` divides width and height.
    """

    codec: str
    profile: str = ""
    mode: int = 1
    scale: float = 1.0
    frame_rate: float | None = None


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """How sound is encoded: what viewers must have in common to share one encoder.

    ``fec``: Opus tells each packet's sound in the next one, too.
    """

    codec: str
    stereo: bool = False
    fec: bool = False
    bit_rate: int | None = None


Choice: TypeAlias = VideoChoice | AudioChoice


@dataclass(frozen=True, slots=True, eq=False)
class EncodedFrame:
    """One encoded frame, cut into payloads once for everybody.

    ``timestamp`` is µs of the clock, when it was captured. ``number`` counts the encoder's frames (a picture id of 15
    bits). ``units`` is how long sound lasts, in units of its RTP clock. ``level`` is how loud it is, in -dBov (0 to
    127). ``size`` is the payloads' bytes.
    """

    payloads: tuple[bytes, ...]
    timestamp: int
    key: bool
    size: int
    number: int = 0
    units: int = 0
    level: int | None = None


class Viewer(Protocol):
    """Who is given an encoder's frames, on a loop of its own."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where `take` is called."""

    def take(self, frame: EncodedFrame, source: SharedEncoder) -> None:
        """Take the next frame of an encoder. Quick, and raises nothing."""

    def missed(self) -> None:
        """Take note that frames were lost on the way here: the next that helps is a key frame."""
