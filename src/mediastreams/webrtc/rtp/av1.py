"""AV1 in RTP: an aggregation header, then OBUs and parts of them, without their size fields.

Frames are temporal units in the low-overhead form (every OBU with its size), as FFmpeg's encoders and decoders have
them.

Rules of the file: temporal delimiters, tile lists and padding are not sent, and a delimiter is put before what is
received. Up to three elements tell their count (W), the last then needs no length; more have lengths all.

https://aomediacodec.github.io/av1-rtp-spec/v1.0.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo

__all__ = ["depacketize", "inspect", "is_key", "obus_of", "packetize"]

_Z, _Y, _N = 0x80, 0x40, 0x08
_HAS_SIZE, _HAS_EXTENSION = 0x02, 0x04
_SEQUENCE_HEADER, _TEMPORAL_DELIMITER, _TILE_LIST, _PADDING = 1, 2, 8, 15
_LEFT_OUT: Final = frozenset((_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING))
_DELIMITER: Final = b"\x12\x00"
_MOST_COUNTED: Final = 3
_LEAST_PART: Final = 8  # bytes: with less room left an OBU is not begun in a packet


def _leb128(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _read_leb128(data: bytes, position: int) -> tuple[int, int]:
    """Read one number; answers it and where it ends.

    Raises: ValueError (truncated, or longer than eight bytes).
    """
    value = 0
    for index in range(8):
        if position + index >= len(data):
            raise ValueError("a truncated size of AV1")
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, position + index + 1
    raise ValueError("a size of AV1 that is too long")


def obus_of(unit: bytes) -> list[bytes]:
    """Split a temporal unit into OBUs without size fields; what is not sent is left out.

    Raises:
        ValueError: malformed.

    AV1 bitstream specification, section 5.3
    """
    obus, position = [], 0
    while position < len(unit):
        head = unit[position]
        after = position + 2 if head & _HAS_EXTENSION else position + 1
        header = bytes((head & ~_HAS_SIZE,)) + unit[position + 1 : after]
        if head & _HAS_SIZE:
            size, start = _read_leb128(unit, after)
            end = start + size
        else:  # the last one may go without
            start, end = after, len(unit)
        if end > len(unit) or start > len(unit):
            raise ValueError("an OBU that is longer than its temporal unit")
        if _kind(head) not in _LEFT_OUT:
            obus.append(header + unit[start:end])
        position = end
    return obus


def _kind(head: int) -> int:
    return head >> 3 & 0x0F


def packetize(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:  # noqa: ARG001 - a `PayloadFormat`
    """Cut a temporal unit into payloads.

    Raises:
        ValueError: malformed, or nothing in it is to be sent.

    https://aomediacodec.github.io/av1-rtp-spec/v1.0.0.html#44-av1-aggregation-header
    """
    obus = obus_of(frame)
    if not obus:
        raise ValueError("a temporal unit without anything to send")
    new_sequence = _N if any(_kind(obu[0]) == _SEQUENCE_HEADER for obu in obus) else 0
    payloads: list[bytes] = []
    elements: list[bytes] = []
    continues = False
    room = limit - 1
    for obu in obus:
        rest = obu
        while True:
            if len(rest) + 2 <= room:  # a length takes two bytes at most
                elements.append(rest)
                room -= len(rest) + 2
                break
            part = room - 2
            if part >= _LEAST_PART or not elements:
                elements.append(rest[:part])
                rest = rest[part:]
                payloads.append(_payload(elements, new_sequence, begins=continues, breaks=True))
                continues = True
            else:
                payloads.append(_payload(elements, new_sequence, begins=continues, breaks=False))
                continues = False
            new_sequence, elements, room = 0, [], limit - 1
    payloads.append(_payload(elements, new_sequence, begins=continues, breaks=False))
    return payloads


def _payload(elements: Sequence[bytes], new_sequence: int, *, begins: bool, breaks: bool) -> bytes:
    counted = len(elements) <= _MOST_COUNTED
    head = new_sequence | (_Z if begins else 0) | (_Y if breaks else 0) | (len(elements) << 4 if counted else 0)
    parts = [bytes((head,))]
    for index, element in enumerate(elements):
        if not counted or index < len(elements) - 1:
            parts.append(_leb128(len(element)))
        parts.append(element)
    return b"".join(parts)


def _elements_in(payload: bytes) -> list[bytes]:
    """The elements of one payload.

    Raises: ValueError (truncated, empty, or fewer than counted).
    """
    if len(payload) < 2:
        raise ValueError("an AV1 payload without elements")
    elements: list[bytes] = []
    count, position = payload[0] >> 4 & 3, 1
    while position < len(payload):
        if count and len(elements) == count - 1:
            size = len(payload) - position
        else:
            size, position = _read_leb128(payload, position)
        if not 0 < size <= len(payload) - position:
            raise ValueError("an AV1 payload with a wrong length")
        elements.append(payload[position : position + size])
        position += size
    if count and len(elements) != count:
        raise ValueError("an AV1 payload with fewer elements than counted")
    return elements


def inspect(payload: bytes) -> PayloadInfo:
    """Tell whether a temporal unit may begin, and whether a new sequence does, here.

    Raises:
        ValueError: malformed.
    """
    if len(payload) < 2:
        raise ValueError("an AV1 payload without elements")
    head = payload[0]
    if head & _Z and head & _N:
        raise ValueError("an AV1 sequence that begins inside an OBU")
    return PayloadInfo(start=not head & _Z, key=bool(head & _N))


def depacketize(payloads: Sequence[bytes]) -> bytes:
    """Put a temporal unit together, with size fields and a temporal delimiter.

    Raises:
        ValueError: malformed, or part of an OBU is missing.
    """
    obus: list[bytes] = []
    open_parts: list[bytes] = []
    for payload in payloads:
        elements = _elements_in(payload)
        if bool(payload[0] & _Z) != bool(open_parts):
            raise ValueError("part of an OBU is missing")
        breaks = bool(payload[0] & _Y)
        for index, element in enumerate(elements):
            open_parts.append(element)
            if index < len(elements) - 1 or not breaks:
                obus.append(b"".join(open_parts))
                open_parts = []
    if open_parts or not obus:
        raise ValueError("the end of an OBU is missing")
    return _DELIMITER + b"".join(_with_size(obu) for obu in obus if _kind(obu[0]) not in _LEFT_OUT)


def _with_size(obu: bytes) -> bytes:
    if obu[0] & _HAS_SIZE:  # senders should not, but may
        return obu
    after = 2 if obu[0] & _HAS_EXTENSION else 1
    if len(obu) < after:
        raise ValueError("a truncated OBU")
    return bytes((obu[0] | _HAS_SIZE,)) + obu[1:after] + _leb128(len(obu) - after) + obu[after:]


def is_key(frame: bytes) -> bool:
    """Whether a sequence begins with it: it has a sequence header."""
    try:
        return any(_kind(obu[0]) == _SEQUENCE_HEADER for obu in obus_of(frame))
    except ValueError:
        return False
