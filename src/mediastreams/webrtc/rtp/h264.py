"""H.264 in RTP: single NAL units, STAP-A and FU-A (packetization mode 1), or single units only (mode 0).

Frames are in the form of Annex B (start codes); `units_with_lengths` reads the form of MP4 files.

Rules of the file: access unit delimiters and filler are left out; small units before and beside the picture travel
together. A payload cannot say for sure that a frame begins: ``start`` is true of parameter sets, SEI, and the slice
with the first macroblock.

https://www.rfc-editor.org/rfc/rfc6184
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo
from mediastreams.webrtc.rtp.vp8 import cut_evenly

__all__ = [
    "depacketize",
    "inspect",
    "is_key",
    "packetize",
    "packetize_single",
    "packetize_units",
    "units_of",
    "units_with_lengths",
]

_MARK: Final = re.compile(rb"\x00\x00\x01")
_START: Final = b"\x00\x00\x00\x01"
_IDR, _SEI, _SPS, _PPS, _DELIMITER, _FILLER = 5, 6, 7, 8, 9, 12
_STAP_A, _FU_A = 24, 28
_LEFT_OUT: Final = frozenset((_DELIMITER, _FILLER))


def units_of(frame: bytes) -> list[bytes]:
    """Split a frame with start codes into its NAL units.

    ITU-T H.264 annex B
    """
    marks = [match.start() for match in _MARK.finditer(frame)]
    units = [frame[mark + 3 : end] for mark, end in itertools.pairwise([*marks, len(frame)])]
    return [stripped for unit in units if (stripped := unit.rstrip(b"\0"))]


def units_with_lengths(frame: bytes, size: int) -> list[bytes]:
    """Split a frame whose NAL units follow their lengths of ``size`` bytes.

    Raises:
        ValueError: a length that goes beyond the end.
    """
    units, position = [], 0
    while position < len(frame):
        start = position + size
        position = start + int.from_bytes(frame[position:start], "big")
        if start > len(frame) or position > len(frame):
            raise ValueError("a NAL unit that is longer than its frame")
        if position > start:
            units.append(frame[start:position])
    return units


def packetize(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:  # noqa: ARG001 - a `PayloadFormat`
    """Cut a frame with start codes into payloads of mode 1.

    Raises:
        ValueError: there is no NAL unit in it.
    """
    return packetize_units(units_of(frame), limit=limit)


def packetize_units(units: Sequence[bytes], *, limit: int = LIMIT) -> list[bytes]:
    """Cut the NAL units of one frame into payloads of mode 1.

    Raises:
        ValueError: there is nothing to send.
    """
    payloads: list[bytes] = []
    together: list[bytes] = []
    room = limit - 1
    for unit in _sent(units):
        need = 2 + len(unit)
        if need > room and together:
            payloads.append(_aggregate(together))
            together, room = [], limit - 1
        if len(unit) > limit:
            payloads += _fragments(unit, limit)
        elif need > room:  # alone it fits, with the overhead of company it would not
            payloads.append(unit)
        else:
            together.append(unit)
            room -= need
    if together:
        payloads.append(_aggregate(together))
    if not payloads:
        raise ValueError("a frame without NAL units")
    return payloads


def packetize_single(frame: bytes, *, picture_id: int = 0, limit: int = LIMIT) -> list[bytes]:  # noqa: ARG001 - as above
    """Make one payload of every NAL unit: mode 0. The encoder must keep its slices within ``limit``.

    Raises:
        ValueError: there is no NAL unit in it, or one is larger than a UDP datagram.
    """
    payloads = list(_sent(units_of(frame)))
    if not payloads:
        raise ValueError("a frame without NAL units")
    if max(map(len, payloads)) > 60_000:  # beyond ``limit`` the network cuts packets itself, beyond this it cannot
        raise ValueError("packetization mode 0 cannot carry a NAL unit of that size")
    return payloads


def _sent(units: Sequence[bytes]) -> Iterator[bytes]:
    return (unit for unit in units if unit and unit[0] & 0x1F not in _LEFT_OUT)


def _aggregate(units: Sequence[bytes]) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc6184#section-5.7.1."""
    if len(units) == 1:
        return units[0]
    refused = max(unit[0] & 0x80 for unit in units)
    importance = max(unit[0] & 0x60 for unit in units)
    parts = [bytes((refused | importance | _STAP_A,))]
    for unit in units:
        parts += (len(unit).to_bytes(2, "big"), unit)
    return b"".join(parts)


def _fragments(unit: bytes, limit: int) -> list[bytes]:
    """https://www.rfc-editor.org/rfc/rfc6184#section-5.8."""
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    parts = cut_evenly(unit[1:], limit - 2)
    last = len(parts) - 1
    flags = (0x80 if index == 0 else 0x40 if index == last else 0 for index in range(len(parts)))
    return [bytes((indicator, flag | kind)) + part for flag, part in zip(flags, parts, strict=True)]


def _units_in(payload: bytes) -> Iterator[bytes]:
    """The units of a STAP-A. Raises ValueError when truncated or empty."""
    position = 1
    if len(payload) < 4:
        raise ValueError("a truncated STAP-A")
    while position < len(payload):
        start = position + 2
        position = start + int.from_bytes(payload[position:start], "big")
        if position > len(payload) or position == start:
            raise ValueError("a STAP-A with a wrong length")
        yield payload[start:position]


def inspect(payload: bytes) -> PayloadInfo:
    """Tell whether a frame may begin here, and whether it is (or leads to) a key frame.

    Raises:
        ValueError: malformed, or of a kind that was not negotiated (interleaved).
    """
    if len(payload) < 2:
        raise ValueError("an H.264 payload that is too short")
    kind = payload[0] & 0x1F
    if 1 <= kind <= 23:
        return PayloadInfo(_begins(kind, payload[1]), kind in (_IDR, _SPS))
    if kind == _STAP_A:
        units = list(_units_in(payload))
        kinds = {unit[0] & 0x1F for unit in units}
        return PayloadInfo(
            _begins(units[0][0] & 0x1F, units[0][1] if len(units[0]) > 1 else 0), bool(kinds & {_IDR, _SPS})
        )
    if kind == _FU_A:
        if len(payload) < 3:
            raise ValueError("a truncated FU-A")
        first, inner = payload[1] & 0x80, payload[1] & 0x1F
        return PayloadInfo(bool(first) and _begins(inner, payload[2]), bool(first) and inner in (_IDR, _SPS))
    raise ValueError(f"an H.264 payload of type {kind}")


def _begins(kind: int, following: int) -> bool:
    """Whether a unit can be a frame's first: what goes before slices, or a slice whose first macroblock is 0."""
    return _SEI <= kind <= _DELIMITER or (kind in (1, _IDR) and bool(following & 0x80))


def depacketize(payloads: Sequence[bytes]) -> bytes:
    """Put a frame together, with start codes.

    Raises:
        ValueError: malformed, or part of a fragmented unit is missing.
    """
    parts: list[bytes] = []
    inside = False
    for payload in payloads:
        if len(payload) < 2:
            raise ValueError("an H.264 payload that is too short")
        kind = payload[0] & 0x1F
        if inside != (kind == _FU_A and not payload[1] & 0x80):
            raise ValueError("part of a fragmented NAL unit is missing")
        if 1 <= kind <= 23:
            parts += (_START, payload)
        elif kind == _STAP_A:
            for unit in _units_in(payload):
                parts += (_START, unit)
        elif kind == _FU_A:
            if len(payload) < 3:
                raise ValueError("a truncated FU-A")
            if not inside:
                parts += (_START, bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            parts.append(payload[2:])
            inside = not payload[1] & 0x40
        else:
            raise ValueError(f"an H.264 payload of type {kind}")
    if inside or not parts:
        raise ValueError("the end of an H.264 frame is missing")
    return b"".join(parts)


def is_key(frame: bytes) -> bool:
    """Whether an IDR picture is in it."""
    return any(len(frame) > match.end() and frame[match.end()] & 0x1F == _IDR for match in _MARK.finditer(frame))
