"""A candidate as text: what stands in ``a=candidate:``.

https://www.rfc-editor.org/rfc/rfc8839#section-5.1
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["CandidateLine", "read_candidate"]

_LINE: Final = re.compile(
    r"(?P<foundation>[0-9A-Za-z+/]{1,32}) (?P<component>\d{1,3}) (?P<transport>[A-Za-z0-9_\-]{1,16}) "
    r"(?P<priority>\d{1,10}) (?P<address>\S{1,253}) (?P<port>\d{1,5}) typ (?P<type>[A-Za-z]{1,16})(?P<rest>( \S+ \S*)*)"
)
_NAME: Final = re.compile(r"[0-9A-Za-z]([0-9A-Za-z\-.]*[0-9A-Za-z])?")
_TYPES: Final = frozenset({"host", "srflx", "prflx", "relay"})


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """The parts of a candidate. ``extras`` are the extension attributes, ``ufrag`` among them."""

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None
    related_port: int | None
    tcp_type: str | None
    ufrag: str | None


def read_candidate(text: str) -> CandidateLine | None:
    """Take a candidate apart, with or without ``candidate:`` before it; ``None`` when it is none."""
    match = _LINE.fullmatch(text.removeprefix("a=").removeprefix("candidate:").strip())
    if match is None or not text.isascii():
        return None
    component, port, priority = (int(match[name]) for name in ("component", "port", "priority"))
    kind = match["type"].lower()
    if not 1 <= component <= 256 or port > 65535 or not 0 < priority < 2**32 or kind not in _TYPES:
        return None
    if not _is_address(match["address"]):
        return None
    words = match["rest"].split(" ")[1:]
    extras = dict(zip(words[::2], words[1::2], strict=True))
    related_port = extras.get("rport", "")
    return CandidateLine(
        match["foundation"],
        component,
        match["transport"].lower(),
        priority,
        match["address"],
        port,
        kind,
        extras.get("raddr"),
        int(related_port) if related_port.isdigit() and int(related_port) <= 65535 else None,
        extras.get("tcptype"),
        extras.get("ufrag"),
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_NAME.fullmatch(text))
    return True
