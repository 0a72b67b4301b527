"""Exif: what a photo says of itself (when, how large, by which camera), and where it stands in JPEG, PNG, WebP, AVIF.

Not for: encoding pictures (``still.py``), and never for where a photo was taken: nothing here knows that.

Rules of the file: little-endian TIFF, tags in ascending order, text in UTF-8; a file that has Exif has it once.

Exif 3.0 (CIPA DC-008) · PNG ``eXIf`` · https://developers.google.com/speed/webp/docs/riff_container ·
ISO 23008-12 (HEIF), annex A
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

__all__ = ["exif_of", "with_exif"]

_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 2, 3, 4, 5, 7
_Entry = tuple[int, int, int, bytes]


def exif_of(taken: datetime, width: int, height: int, *, model: str = "", software: str = "") -> bytes:
    """The TIFF structure of one photo, ``taken`` being an aware time: it is told as local time with its offset."""
    date, offset = taken.strftime("%Y:%m:%d %H:%M:%S"), taken.strftime("%z")
    offset = f"{offset[:3]}:{offset[3:5]}"
    subsecond = f"{taken.microsecond // 1000:03}"
    photo = [
        _text(0x9003, date),  # DateTimeOriginal
        _text(0x9004, date),  # DateTimeDigitized
        *(_text(tag, offset) for tag in (0x9010, 0x9011, 0x9012)),  # OffsetTime, …Original, …Digitized
        *(_text(tag, subsecond) for tag in (0x9290, 0x9291, 0x9292)),  # SubSecTime, …Original, …Digitized
        (0x9000, _UNDEFINED, 4, b"0232"),  # ExifVersion
        (0x9101, _UNDEFINED, 4, b"\1\2\3\0"),  # ComponentsConfiguration: YCbCr
        (0xA000, _UNDEFINED, 4, b"0100"),  # FlashpixVersion
        _number(0xA001, _SHORT, 1),  # ColorSpace: sRGB
        _number(0xA002, _LONG, width),  # PixelXDimension
        _number(0xA003, _LONG, height),
    ]
    image = [
        *([_text(0x0110, model)] if model else []),  # Model
        _number(0x0112, _SHORT, 1),  # Orientation: upright
        (0x011A, _RATIONAL, 1, struct.pack("<II", 72, 1)),  # XResolution
        (0x011B, _RATIONAL, 1, struct.pack("<II", 72, 1)),
        _number(0x0128, _SHORT, 2),  # ResolutionUnit: inch
        *([_text(0x0131, software)] if software else []),  # Software
        _text(0x0132, date),  # DateTime
        _number(0x0213, _SHORT, 1),  # YCbCrPositioning: centred, as in JPEG
        _number(0x8769, _LONG, 0),  # where the photo's part begins: known below
    ]
    head = b"II*\0\x08\0\0\0"
    begin = len(head) + len(_directory(image, 0))
    image[-1] = _number(0x8769, _LONG, begin)
    return head + _directory(image, len(head)) + _directory(photo, begin)


def _text(tag: int, text: str) -> _Entry:
    data = text.encode().replace(b"\0", b"") + b"\0"
    return tag, _ASCII, len(data), data


def _number(tag: int, kind: int, value: int) -> _Entry:
    return tag, kind, 1, struct.pack("<H" if kind == _SHORT else "<I", value)


def _directory(entries: Sequence[_Entry], begin: int) -> bytes:
    """One directory and the data of its longer entries, for the place ``begin`` of the structure."""
    table = struct.pack("<H", len(entries))
    place = begin + 2 + 12 * len(entries) + 4
    rest = b""
    for tag, kind, count, data in sorted(entries):
        if len(data) <= 4:
            field = data.ljust(4, b"\0")
        else:
            field = struct.pack("<I", place + len(rest))
            rest += data + b"\0" * (len(data) % 2)
        table += struct.pack("<HHI", tag, kind, count) + field
    return table + b"\0\0\0\0" + rest


def with_exif(data: bytes, exif: bytes) -> bytes:
    """Put Exif into an encoded picture, told by its first bytes.

    Raises: ValueError (no JPEG, PNG, WebP or AVIF as FFmpeg writes them).
    """
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data, exif)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _in_png(data, exif)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _in_webp(data, exif)
    if data[4:8] == b"ftyp":
        return _in_avif(data, exif)
    raise ValueError(f"there is no place for Exif in a file that begins with {data[:12]!r}")


def _in_jpeg(data: bytes, exif: bytes) -> bytes:
    """The first segment, as Exif demands."""
    segment = b"Exif\0\0" + exif
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def _in_png(data: bytes, exif: bytes) -> bytes:
    """A chunk after the head."""
    end = 8 + 12 + struct.unpack(">I", data[8:12])[0]
    chunk = b"eXIf" + exif
    return data[:end] + struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[end:]


_WEBP_EXIF: Final = 0x08
_WEBP_ALPHA: Final = 0x10


def _in_webp(data: bytes, exif: bytes) -> bytes:
    """The last chunk of an extended file; FFmpeg writes simple ones where there is nothing to extend."""
    kind, body = data[12:16], data[20:]
    if kind == b"VP8X":
        head, chunks = bytearray(body[:10]), body[10:]
    else:
        head, chunks = bytearray(10), data[12:]
        if kind == b"VP8L":  # after one byte of signature: 14 bits of width - 1, 14 of height - 1, one says alpha
            bits = int.from_bytes(body[1:5], "little")
            width, height, clear = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
        else:  # a key frame of VP8: sizes after three bytes of tag and three of start code
            width, height = (size % 0x4000 - 1 for size in struct.unpack("<HH", body[6:10]))
            clear = 0
        head[0] |= _WEBP_ALPHA * clear
        head[4:7], head[7:10] = width.to_bytes(3, "little"), height.to_bytes(3, "little")
    head[0] |= _WEBP_EXIF
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(head)
    chunk = b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2)
    content = b"WEBP" + extended + chunks + chunk
    return b"RIFF" + struct.pack("<I", len(content)) + content


# --- AVIF: boxes ---


def _in_avif(data: bytes, exif: bytes) -> bytes:
    """An item of its own that describes the first; what the index says of places moves by what it grows."""
    boxes = _boxes(data)
    meta = next((box for kind, box in boxes if kind == b"meta"), None)
    if meta is None:
        raise ValueError("this AVIF file has no index")
    parts = dict(_boxes(meta[12:]))
    places = parts[b"iloc"]
    if places[8] != 0 or places[12:14] != b"\x44\x00":
        raise ValueError("this AVIF file's index is not as FFmpeg writes it")
    count = struct.unpack(">H", places[14:16])[0]
    primary = struct.unpack(">H", parts[b"pitm"][12:14])[0]
    names = parts[b"iinf"]
    number = 1 + max(struct.unpack(">H", box[12:14])[0] for kind, box in _boxes(names[14:]) if kind == b"infe")
    item = _box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + b"Exif\0")
    more_names = struct.pack(">H", struct.unpack(">H", names[12:14])[0] + 1)
    parts[b"iinf"] = _box(b"iinf", names[8:12] + more_names + names[14:] + item)
    reference = _box(b"cdsc", struct.pack(">HHH", number, 1, primary))
    parts[b"iref"] = _box(b"iref", parts.get(b"iref", b"\0" * 12)[8:] + reference)
    payload = b"\0\0\0\0" + exif  # how far from here the TIFF structure begins
    growth = len(item) + len(parts[b"iref"]) - len(dict(_boxes(meta[12:])).get(b"iref", b"")) + 14
    moved = bytearray(places[16:])
    position = 0
    for _ in range(count):
        (extents,) = struct.unpack_from(">H", moved, position + 4)
        position += 6
        for _ in range(extents):
            (offset,) = struct.unpack_from(">I", moved, position)
            struct.pack_into(">I", moved, position, offset + growth)
            position += 8
    place = struct.pack(">HHHII", number, 0, 1, len(data) + growth + 8, len(payload))
    parts[b"iloc"] = _box(b"iloc", places[8:14] + struct.pack(">H", count + 1) + bytes(moved) + place)
    index = _box(b"meta", meta[8:12] + b"".join(parts.values()))
    whole = b"".join(index if kind == b"meta" else box for kind, box in boxes)
    return whole + _box(b"mdat", payload)


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes that stand one after another: kind, and all of it with its head."""
    found, position = [], 0
    while position + 8 <= len(data):
        size = struct.unpack_from(">I", data, position)[0] or len(data) - position
        if size < 8:
            raise ValueError("this AVIF file has a box without a size")
        found.append((data[position + 4 : position + 8], data[position : position + size]))
        position += size
    return found


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
