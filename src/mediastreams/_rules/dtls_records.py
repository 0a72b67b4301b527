"""Datagrams out of a stream of DTLS records: whole records, as many as fit.

https://www.rfc-editor.org/rfc/rfc6347#section-4.1 · https://www.rfc-editor.org/rfc/rfc9147#section-4
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_BYTES", "datagrams_of"]

MOST_BYTES: Final = 1200
"""The size that every path lets through, with room for UDP, IPv6 and a relay."""


def datagrams_of(data: bytes, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Cut the output of a DTLS library into datagrams of at most ``most`` bytes, where records allow it."""
    start = end = 0
    while end < len(data):
        length = _record_length(data, end)
        if end > start and end + length - start > most:
            yield data[start:end]
            start = end
        end = min(end + length, len(data))
    if end > start:
        yield data[start:end]


def _record_length(data: bytes, at: int) -> int:
    """How long the record is that begins there; to the end where that cannot be seen."""
    first = data[at]
    if first & 0xE0 == 0x20:  # DTLS 1.3: a byte of flags, a number of one or two bytes, and perhaps a length
        header = 1 + (2 if first & 0x08 else 1)
        if not first & 0x04 or at + header + 2 > len(data):
            return len(data) - at
        return header + 2 + int.from_bytes(data[at + header : at + header + 2], "big")
    if at + 13 > len(data):
        return len(data) - at
    return 13 + int.from_bytes(data[at + 11 : at + 13], "big")
