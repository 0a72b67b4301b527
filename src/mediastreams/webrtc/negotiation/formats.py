"""Codecs as they stand in a section, and sections as codecs; and their numbers.

Not for: which codecs there are (``codecs.py``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mediastreams._rules.sdp_values import Extension, Format, Section
from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, compatible
from mediastreams.webrtc.plans import Codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mediastreams._rules.values import Kind

__all__ = ["Numbers", "agreed_codecs", "codecs_of", "fmtp_of", "formats_of", "parameters_of"]

_RTX: Final = "rtx"
_INTEGER: Final = re.compile(r"0|[1-9]\d{0,8}")
_FREE: Final = (*range(96, 128), *range(35, 64))  # dynamic payload types: RFC 3551, RFC 8843


def parameters_of(fmtp: str) -> dict[str, str | int | None]:
    """Read the parameters of ``a=fmtp``; what looks like an integer is one."""
    found: dict[str, str | int | None] = {}
    for part in fmtp.split(";"):
        name, equals, value = part.strip().partition("=")
        if name:
            text = value.strip()
            found[name.strip().lower()] = int(text) if _INTEGER.fullmatch(text) else text if equals else None
    return found


def fmtp_of(parameters: Mapping[str, str | int | None]) -> str:
    """Write them."""
    return ";".join(name if value is None else f"{name}={value}" for name, value in parameters.items())


def codecs_of(section: Section) -> tuple[Codec, ...]:
    """The codecs of a section, in its order, each with the payload type of its retransmissions."""
    repeats: dict[int, int] = {}
    for one in section.formats:
        if one.name.lower() == _RTX:
            target = parameters_of(one.fmtp).get("apt")
            if isinstance(target, int):
                repeats.setdefault(target, one.payload_type)
    return tuple(
        Codec(
            f"{section.kind}/{one.name}",
            one.clock_rate,
            one.payload_type,
            one.channels if section.kind == "audio" else None,
            parameters_of(one.fmtp),
            one.feedback,
            repeats.get(one.payload_type),
        )
        for one in section.formats
        if one.name.lower() != _RTX
    )


def formats_of(codecs: Iterable[Codec]) -> tuple[Format, ...]:
    """The lines of codecs, each with that of its retransmissions behind it."""
    found = []
    for codec in codecs:
        name = codec.mime_type.partition("/")[2]
        fmtp = fmtp_of(codec.parameters)
        found.append(Format(codec.payload_type, name, codec.clock_rate, codec.channels, fmtp, codec.feedback))
        if codec.rtx is not None:
            found.append(Format(codec.rtx, _RTX, codec.clock_rate, None, f"apt={codec.payload_type}"))
    return tuple(found)


def agreed_codecs(offered: Sequence[Codec], ours: Sequence[Codec], *, ours_first: bool = False) -> tuple[Codec, ...]:
    """The codecs that both sides have, under the offer's numbers, with our parameters.

    In the offer's order, or in ours where that was asked for. Feedback is what both name.

    https://www.rfc-editor.org/rfc/rfc9429#section-5.3.1
    """
    pairs = []
    taken: set[int] = set()
    for theirs in offered:
        for place, mine in enumerate(ours):
            if place not in taken and compatible(theirs, mine):
                taken.add(place)
                pairs.append((place, theirs, mine))
                break
    if ours_first:
        pairs.sort(key=lambda pair: pair[0])
    return tuple(
        replace(
            mine,
            mime_type=theirs.mime_type,
            payload_type=theirs.payload_type,
            rtx=theirs.rtx if mine.rtx is not None else None,
            feedback=tuple(one for one in mine.feedback if one in theirs.feedback),
        )
        for _, theirs, mine in pairs
    )


class Numbers:
    """Which payload types and extension ids mean what in this session; what was used once keeps its meaning."""

    def __init__(self) -> None:
        self._types: dict[int, Codec | int] = {}  # an int: repeats that payload type
        self._extensions: dict[str, int] = {}

    def learn(self, section: Section) -> None:
        """Take over the numbers of a description of the peer."""
        for codec in codecs_of(section):
            self._types.pop(codec.payload_type, None)  # the newest one is the last
            self._types[codec.payload_type] = codec
            if codec.rtx is not None:
                self._types.pop(codec.rtx, None)
                self._types[codec.rtx] = codec.payload_type
        for extension in section.extensions:
            self._extensions.setdefault(extension.uri, extension.id)

    def number(self, codecs: Iterable[Codec]) -> tuple[Codec, ...]:
        """Give codecs their numbers: those they had, else their usual ones, else free ones."""
        numbered = []
        for codec in codecs:
            main = self._known(codec)
            if main is None:
                main = self._free(codec.payload_type)
                self._types[main] = codec
            rtx = codec.rtx
            if rtx is not None:
                found = next((number for number, what in self._types.items() if what == main), None)
                rtx = self._free(rtx) if found is None else found
                self._types[rtx] = main
            numbered.append(replace(codec, payload_type=main, rtx=rtx))
        return tuple(numbered)

    def extensions(self, kind: Kind) -> tuple[Extension, ...]:
        """The header extensions to offer."""
        found = []
        for uri, usual in HEADER_EXTENSIONS[kind]:
            number = self._extensions.get(uri)
            if number is None:
                taken = set(self._extensions.values())
                number = next(one for one in (usual, *range(1, 15)) if one not in taken)
                self._extensions[uri] = number
            found.append(Extension(number, uri))
        return tuple(found)

    def _known(self, codec: Codec) -> int | None:
        for number, what in reversed(self._types.items()):
            if isinstance(what, Codec) and compatible(what, codec):
                return number
        return None

    def _free(self, wanted: int) -> int:
        if wanted not in self._types:
            return wanted
        free: int = next(number for number in _FREE if number not in self._types)
        return free
