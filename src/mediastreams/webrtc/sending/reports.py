"""RTCP that a sender sends: sender reports, its name, good-bye; and the NTP time that all senders of a process share.

Rules of the file: NTP time is the process's clock plus a constant that is found out once, so that a sound and a
picture captured at one instant have one NTP time, whatever happens to the system's clock.

https://www.rfc-editor.org/rfc/rfc3550#section-6
"""

from __future__ import annotations

import struct
import weakref
from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import get_clock, wall_time

if TYPE_CHECKING:
    from mediastreams.abc import Clock

__all__ = ["goodbye", "ntp_of", "sender_report"]

_SR, _SDES, _BYE = 200, 202, 203
_NTP_EPOCH: Final = 2_208_988_800  # seconds from 1900 to 1970
_offsets: Final[weakref.WeakKeyDictionary[Clock, int]] = weakref.WeakKeyDictionary()  # ns; a cache


def ntp_of(clock: Clock, now_ns: int) -> int:
    """Tell the NTP time, 32 bits of seconds and 32 of fraction, of an instant on a clock."""
    offset = _offsets.get(clock)
    if offset is None:
        unix_us = round(wall_time(get_clock().now_us()).timestamp() * 1_000_000)
        offset = _offsets.setdefault(clock, unix_us * 1000 + _NTP_EPOCH * 1_000_000_000 - clock.now_ns())
    seconds, rest = divmod(now_ns + offset, 1_000_000_000)
    return (seconds & 0xFFFFFFFF) << 32 | (rest << 32) // 1_000_000_000


def sender_report(ssrc: int, cname: str, *, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    """Make a compound packet: a sender report without reception reports, and the source's name.

    https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1, #section-6.5
    """
    report = struct.pack(
        "!BBHIQIII", 0x80, _SR, 6, ssrc, ntp, rtp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)  # ends with at least one zero
    return report + struct.pack("!BBH", 0x81, _SDES, len(chunk) // 4) + chunk


def goodbye(*ssrcs: int) -> bytes:
    """Say that these sources send nothing any more.

    https://www.rfc-editor.org/rfc/rfc3550#section-6.6
    """
    return struct.pack(f"!BBH{len(ssrcs)}I", 0x80 | len(ssrcs), _BYE, len(ssrcs), *ssrcs)
