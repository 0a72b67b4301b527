"""VP9 in RTP: sent as one layer in non-flexible mode; either mode, with or without layer indices, is received.

Rules of the file: a key frame's first payload tells its size by a scalability structure. What belongs to one picture
is put together in order, whatever spatial layers it consists of.

https://www.rfc-editor.org/rfc/rfc9628
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo
from mediastreams.webrtc.rtp.vp8 import cut_evenly

__all__ = ["PICTURE_ID_AT", "Descriptor", "depacketize", "descriptor", "inspect", "is_key", "packetize"]

PICTURE_ID_AT = 1
"""Where the picture id's two bytes stand in what `packetize` makes."""

_I, _P, _L, _F, _B, _E, _V = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
_DESCRIPTOR = 3
_STRUCTURE = 5
_MOST_REFERENCES = 3


class Descriptor(NamedTuple):
    """A payload descriptor: its length in bytes, and what of it counts here.

    ``begin`` and ``end`` are a layer frame's; ``predicted`` from other pictures; ``layer`` is the spatial layer's id.
    """

    length: int
    begin: bool
    end: bool
    predicted: bool
    picture_id: tuple[int, int] | None
    layer: int


def packetize(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:
    """Cut a frame into payloads.

    Raises:
        ValueError: it is empty.
    """
    if not frame:
        raise ValueError("an empty VP9 frame")
    number = (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
    key = is_key(frame)
    size = _size(frame) if key else None
    flags = _I if key else _I | _P
    parts = cut_evenly(frame, limit - _DESCRIPTOR - (0 if size is None else _STRUCTURE))
    payloads = []
    for index, part in enumerate(parts):
        first, last = index == 0, index == len(parts) - 1
        own = flags | (_B if first else 0) | (_E if last else 0)
        structure = b""
        if first and size is not None:
            own |= _V
            structure = b"\x10" + size[0].to_bytes(2, "big") + size[1].to_bytes(2, "big")  # N_S = 0, Y
        payloads.append(bytes((own,)) + number + structure + part)
    return payloads


def descriptor(payload: bytes) -> Descriptor:
    """Read the descriptor.

    Raises:
        ValueError: truncated, more references than there may be, or without any of the frame.

    https://www.rfc-editor.org/rfc/rfc9628#section-4.2
    """
    try:
        flags, position, picture_id, layer = payload[0], 1, None, 0
        if flags & _I:
            if payload[1] & 0x80:  # M
                picture_id, position = ((payload[1] & 0x7F) << 8 | payload[2], 15), 3
            else:
                picture_id, position = (payload[1], 7), 2
        if flags & _L:
            layer = payload[position] >> 1 & 7
            position += 1 if flags & _F else 2  # TL0PICIDX in non-flexible mode
        if flags & _F and flags & _P:
            for count in range(_MOST_REFERENCES + 1):
                if count == _MOST_REFERENCES:
                    raise ValueError("a VP9 payload descriptor with more than three references")
                position += 1
                if not payload[position - 1] & 1:  # N: another follows
                    break
        if flags & _V:
            position = _after_structure(payload, position)
    except IndexError:
        raise ValueError("a truncated VP9 payload descriptor") from None
    if position >= len(payload):
        raise ValueError("a VP9 payload without any of the frame")
    return Descriptor(position, bool(flags & _B), bool(flags & _E), bool(flags & _P), picture_id, layer)


def _after_structure(payload: bytes, position: int) -> int:
    """Where the scalability structure ends. Raises IndexError when truncated.

    https://www.rfc-editor.org/rfc/rfc9628#section-4.2.1
    """
    head = payload[position]
    position += 1
    if head & 0x10:  # Y: a size for each layer
        position += 4 * ((head >> 5) + 1)
    if head & 0x08:  # G
        count = payload[position]
        position += 1
        for _ in range(count):
            position += 1 + (payload[position] >> 2 & 3)  # R: references
    return position


def inspect(payload: bytes) -> PayloadInfo:
    """Tell whether a picture, and whether a key frame, begins here.

    Raises:
        ValueError: malformed.
    """
    found = descriptor(payload)
    start = found.begin and found.layer == 0
    return PayloadInfo(start, start and not found.predicted, found.picture_id)


def depacketize(payloads: Sequence[bytes]) -> bytes:
    """Put a picture together.

    Raises:
        ValueError: malformed, or some are missing.
    """
    parts: list[bytes] = []
    inside = False
    for payload in payloads:
        found = descriptor(payload)
        if found.begin == inside:
            raise ValueError("these are not all payloads of one VP9 picture")
        inside = not found.end
        parts.append(payload[found.length :])
    if inside or not parts:
        raise ValueError("the end of a VP9 picture is missing")
    return b"".join(parts)


def is_key(frame: bytes) -> bool:
    """Whether the uncompressed header says so: shown anew, and a key frame.

    VP9 bitstream specification, section 6.2.
    """
    if not frame or frame[0] >> 6 != 2:
        return False
    profile = frame[0] >> 5 & 1 | frame[0] >> 3 & 2
    rest = frame[0] << 1 if profile == 3 else frame[0]  # a reserved bit more
    return not rest & 0x08 and not rest & 0x04


def _size(frame: bytes) -> tuple[int, int] | None:
    """Read a key frame's size, profile 0 only."""
    if len(frame) < 10 or frame[0] & 0x30 or frame[1:4] != b"\x49\x83\x42":
        return None
    bits = int.from_bytes(frame[4:10], "big")
    if bits >> 45 == 7:  # RGB: no size at that place
        return None
    after = 48 - 4  # colour space of 3 bits, range of 1
    width = (bits >> after - 16 & 0xFFFF) + 1
    height = (bits >> after - 32 & 0xFFFF) + 1
    return (width, height) if width <= 0xFFFF and height <= 0xFFFF else None
