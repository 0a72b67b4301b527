"""VP8 in RTP: a descriptor with a 15-bit picture id before each part of the frame.

Rules of the file: partitions are not told apart (partition index 0 throughout), as libwebrtc does; a frame is
cut into parts of nearly equal size.

https://www.rfc-editor.org/rfc/rfc7741
"""

from __future__ import annotations

from collections.abc import Sequence

from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo

__all__ = ["PICTURE_ID_AT", "cut_evenly", "depacketize", "descriptor", "inspect", "is_key", "packetize"]

PICTURE_ID_AT = 2
"""Where the picture id's two bytes stand in what `packetize` makes."""

_DESCRIPTOR = 4


def cut_evenly(data: bytes, limit: int) -> list[bytes]:
    """Cut bytes into the fewest parts of at most ``limit``, all nearly equal, so that no packet is tiny."""
    count = -(-len(data) // limit)
    size, longer = divmod(len(data), count)
    parts, position = [], 0
    for index in range(count):
        end = position + size + (index < longer)
        parts.append(data[position:end])
        position = end
    return parts


def packetize(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:
    """Cut a frame into payloads.

    Raises:
        ValueError: it is empty.
    """
    if not frame:
        raise ValueError("an empty VP8 frame")
    number = (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
    first, other = b"\x90\x80" + number, b"\x80\x80" + number  # X (and S), I
    parts = cut_evenly(frame, limit - _DESCRIPTOR)
    return [first + parts[0], *(other + part for part in parts[1:])]


def descriptor(payload: bytes) -> tuple[int, bool, tuple[int, int] | None]:
    """Read the descriptor: its length, whether the first partition begins here, the picture id and its bits.

    Raises:
        ValueError: truncated, or without any of the frame.

    https://www.rfc-editor.org/rfc/rfc7741#section-4.2
    """
    try:
        first = payload[0]
        position, picture_id = 1, None
        if first & 0x80:  # X
            extended = payload[1]
            position = 2
            if extended & 0x80:  # I
                if payload[2] & 0x80:  # M
                    picture_id = ((payload[2] & 0x7F) << 8 | payload[3], 15)
                    position = 4
                else:
                    picture_id = (payload[2], 7)
                    position = 3
            position += bool(extended & 0x40)  # L: TL0PICIDX
            position += bool(extended & 0x30)  # T, K: one byte for both
    except IndexError:
        raise ValueError("a truncated VP8 payload descriptor") from None
    if position >= len(payload):
        raise ValueError("a VP8 payload without any of the frame")
    return position, first & 0x1F == 0x10, picture_id  # S, partition index 0


def inspect(payload: bytes) -> PayloadInfo:
    """Tell whether a frame, and whether a key frame, begins here.

    Raises:
        ValueError: malformed.
    """
    position, start, picture_id = descriptor(payload)
    return PayloadInfo(start, start and not payload[position] & 1, picture_id)


def depacketize(payloads: Sequence[bytes]) -> bytes:
    """Put a frame together.

    Raises:
        ValueError: malformed, or its beginning is missing, or another frame begins in between.
    """
    parts = []
    for index, payload in enumerate(payloads):
        position, start, _ = descriptor(payload)
        if start != (index == 0):
            raise ValueError("these are not the payloads of one VP8 frame")
        parts.append(payload[position:])
    if not parts:
        raise ValueError("no payloads")
    return b"".join(parts)


def is_key(frame: bytes) -> bool:
    """Whether the frame tag says so.

    https://www.rfc-editor.org/rfc/rfc6386#section-9.1
    """
    return len(frame) >= 10 and not frame[0] & 1 and frame[3:6] == b"\x9d\x01\x2a"
