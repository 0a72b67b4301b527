"""Parameter sets of H.264 and H.265: what a decoder must know, and the two ways in which packets are written.

Not for: anything else that is in a packet.

MP4 and Matroska files tell the parameter sets once, in their head, and every unit of a packet begins with its length.
Streams (and encoders that are not told otherwise) repeat the sets before key frames, and units begin with a mark.

ISO/IEC 14496-15 (the two configuration records), ITU-T H.264 annex B
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["length_size", "parameter_sets", "with_lengths"]

_MARK: Final = re.compile(rb"\x00\x00\x01")
_LENGTH_AT: Final = {"h264": 4, "hevc": 21}


def length_size(codec: str, extradata: bytes) -> int | None:
    """How many bytes tell a unit's length; ``None`` where units begin with a mark, and for other codecs."""
    at = _LENGTH_AT.get(codec)
    if at is None or len(extradata) <= at or extradata[0] != 1:
        return None
    return (extradata[at] & 3) + 1


def parameter_sets(codec: str, extradata: bytes) -> bytes:
    """The parameter sets of a head whose units begin with their lengths, as they stand in a packet."""
    size = length_size(codec, extradata)
    if size is None:
        return b""
    units = _avc_units(extradata) if codec == "h264" else _hevc_units(extradata)
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in units)


def _avc_units(record: bytes) -> list[bytes]:
    units: list[bytes] = []
    position = 5
    for mask in (0x1F, 0xFF):
        count, position = record[position] & mask, position + 1
        found, position = _read(record, position, count)
        units += found
    return units


def _hevc_units(record: bytes) -> list[bytes]:
    units: list[bytes] = []
    arrays, position = record[22], 23
    for _ in range(arrays):
        count = int.from_bytes(record[position + 1 : position + 3], "big")
        found, position = _read(record, position + 3, count)
        units += found
    return units


def _read(record: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    units = []
    for _ in range(count):
        start = position + 2
        position = start + int.from_bytes(record[position:start], "big")
        units.append(record[start:position])
    return units, position


def with_lengths(data: bytes, size: int) -> bytes:
    """Write units that begin with marks as units that begin with their lengths."""
    starts = [match.end() for match in _MARK.finditer(data)]
    ends = [start - 3 for start in starts[1:]] + [len(data)]
    units = [data[start:end].rstrip(b"\0") for start, end in zip(starts, ends, strict=True)]
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in units if unit)
