"""Sound in RTP: one encoded frame is one payload, as it is. Opus, G.711, G.722.

https://www.rfc-editor.org/rfc/rfc7587#section-4.2, https://www.rfc-editor.org/rfc/rfc3551#section-4.5
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo

__all__ = ["depacketize", "inspect", "is_key", "opus_samples", "packetize"]

_WHOLE: Final = PayloadInfo(start=True, key=True)
_MOST_SAMPLES: Final = 5760  # 120 ms


def packetize(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:  # noqa: ARG001 - a `PayloadFormat`
    """Answer the frame as the one payload it is.

    Raises:
        ValueError: it is empty, or does not fit into a packet.
    """
    if not 0 < len(frame) <= limit:
        raise ValueError(f"an audio frame of {len(frame)} bytes does not fit into one packet of {limit}")
    return [frame]


def inspect(payload: bytes) -> PayloadInfo:
    """Every payload stands alone.

    Raises:
        ValueError: it is empty.
    """
    if not payload:
        raise ValueError("an empty payload")
    return _WHOLE


def depacketize(payloads: Sequence[bytes]) -> bytes:
    """Answer the frame: the one payload.

    Raises:
        ValueError: there is not exactly one, or it is empty.
    """
    if len(payloads) != 1 or not payloads[0]:
        raise ValueError(f"one payload is one frame of sound; these are {len(payloads)}")
    return payloads[0]


def is_key(frame: bytes) -> bool:
    """Sound can be entered anywhere."""
    return bool(frame)


def opus_samples(packet: bytes) -> int:
    """Tell how many samples per channel, at 48 kHz, an Opus packet holds.

    Raises:
        ValueError: malformed, or longer than 120 ms.

    https://www.rfc-editor.org/rfc/rfc6716#section-3.1
    """
    if not packet:
        raise ValueError("an empty Opus packet")
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:  # SILK: 10, 20, 40, 60 ms
        length = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:  # hybrid: 10, 20 ms
        length = (480, 960)[config & 1]
    else:  # CELT: 2.5, 5, 10, 20 ms
        length = (120, 240, 480, 960)[config & 3]
    if code == 3:
        if len(packet) < 2:
            raise ValueError("an Opus packet without its count of frames")
        count = packet[1] & 0x3F
    else:
        count = (1, 2, 2)[code]
    if not 0 < count * length <= _MOST_SAMPLES:
        raise ValueError(f"an Opus packet of {count} frames of {length} samples")
    return count * length
