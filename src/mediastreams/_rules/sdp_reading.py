"""Read a session description: text in, `Description` out, or the line where it makes no sense.

Not for: whether a connection can do with it (``webrtc/negotiation``).

Rules of the file: lines end with CR LF or LF. Attributes that nobody needs are skipped, as RFC 8866 asks; those that
are known must be well-formed. Sizes are bounded before anything is built.

https://www.rfc-editor.org/rfc/rfc8866 · https://www.rfc-editor.org/rfc/rfc9429#section-5.8
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from mediastreams._rules.sdp_values import DIRECTIONS, Description, Extension, Format, RtpDirection, Section, Ssrc

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_CHARACTERS", "MOST_SECTIONS", "SdpError", "read_description"]

MOST_CHARACTERS: Final = 2_000_000
MOST_SECTIONS: Final = 1000
_MOST_LINE: Final = 20_000
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]{1,256}")
_ICE_CHARS: Final = re.compile(
    r"[0-9A-Za-z+/\-_=#!]{1,256}"
)  # browsers have been seen to use more than RFC 8839 allows
_FINGERPRINT: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")
_MEDIA: Final = re.compile(r"(\S+) (\d{1,5})(?:/\d{1,5})? (\S+) (\S.*)")
_NUMBER: Final = re.compile(r"\d{1,20}")
_SETUPS: Final = frozenset({"active", "passive", "actpass", "holdconn"})
_STATIC: Final = {0: Format(0, "PCMU", 8000, 1), 8: Format(8, "PCMA", 8000, 1), 9: Format(9, "G722", 8000, 1)}


class SdpError(ValueError):
    """Text that is no session description; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass
class _Common:
    """What may stand for the whole session, and for each section."""

    ufrag: str = ""
    password: str = ""
    ice_options: tuple[str, ...] = ()
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    setup: str = ""
    direction: RtpDirection = "sendrecv"
    extensions: list[Extension] = field(default_factory=list)


@dataclass
class _Reading:
    """What has been read so far; ``section`` is ``None`` in the session part."""

    line: int = 0
    session_id: int = 0
    version: int = 0
    bundles: list[tuple[str, ...]] = field(default_factory=list)
    ice_lite: bool = False
    common: _Common = field(default_factory=_Common)
    sections: list[_SectionReading] = field(default_factory=list)
    section: _SectionReading | None = None

    def fail(self, message: str) -> NoReturn:
        raise SdpError(self.line, message)

    def number(self, text: str, most: int, what: str) -> int:
        if not _NUMBER.fullmatch(text) or not text.isascii() or int(text) > most:
            self.fail(f"{what} must be a number of 0 … {most}, not {text[:30]!r}")
        return int(text)

    def token(self, text: str, what: str) -> str:
        if not _TOKEN.fullmatch(text):
            self.fail(f"{what} is no token: {text[:30]!r}")
        return text


@dataclass
class _SectionReading:
    line: int
    kind: str
    port: int
    protocol: str
    format_ids: tuple[str, ...]
    common: _Common = field(default_factory=_Common)
    mid: str = ""
    direction: RtpDirection | None = None
    maps: dict[int, Format] = field(default_factory=dict)
    fmtp: dict[int, str] = field(default_factory=dict)
    feedback: list[tuple[str, str]] = field(default_factory=list)
    msids: list[tuple[str, str]] = field(default_factory=list)
    ssrcs: dict[int, dict[str, str]] = field(default_factory=dict)
    ssrc_groups: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)  # attributes that are the names of members

    def build(self, session: _Common) -> Section:
        common = self.common
        formats = []
        for name in self.format_ids if self.kind in {"audio", "video"} else ():
            number = int(name)
            known = self.maps.get(number) or _STATIC.get(number)
            if known is not None:
                found = tuple(value for target, value in self.feedback if target in {"*", name})
                formats.append(
                    Format(number, known.name, known.clock_rate, known.channels, self.fmtp.get(number, ""), found)
                )
        return Section(
            kind=self.kind,
            port=self.port,
            protocol=self.protocol,
            format_ids=self.format_ids,
            line=self.line,
            mid=self.mid,
            direction=self.direction or session.direction,
            formats=tuple(formats),
            extensions=(*session.extensions, *common.extensions),
            msids=tuple(self.msids),
            ssrcs=tuple(Ssrc(number, a.get("cname", ""), a.get("msid", "")) for number, a in self.ssrcs.items()),
            ssrc_groups=tuple(self.ssrc_groups),
            ufrag=common.ufrag or session.ufrag,
            password=common.password or session.password,
            ice_options=common.ice_options or session.ice_options,
            fingerprints=tuple(common.fingerprints or session.fingerprints),
            setup=common.setup or session.setup,
            candidates=tuple(self.candidates),
            **self.others,
        )


def read_description(text: str) -> Description:
    """Read a description.

    Raises:
        SdpError: it is none; with the line.
    """
    if len(text) > MOST_CHARACTERS:
        raise SdpError(1, f"a description of {len(text)} characters is too long")
    reading = _Reading()
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    reading.line = 1
    for number, raw in enumerate(lines, 1):
        reading.line = number
        _read_line(reading, raw.removesuffix("\r"))
    if reading.line < 4:
        reading.fail("a description begins with v=, o=, s= and t=")
    return Description(
        session_id=reading.session_id,
        version=reading.version,
        bundles=tuple(reading.bundles),
        ice_lite=reading.ice_lite,
        sections=tuple(section.build(reading.common) for section in reading.sections),
    )


def _read_line(reading: _Reading, line: str) -> None:
    if len(line) < 2 or line[1] != "=" or not ("a" <= line[0] <= "z"):
        reading.fail(f"not of the form x=…: {line[:30]!r}")
    if len(line) > _MOST_LINE:
        reading.fail("the line is too long")
    key, value = line[0], line[2:]
    first = {1: "v", 2: "o", 3: "s"}.get(reading.line)
    if first is not None and key != first:
        reading.fail(f"{first}= is missing")
    if key == "v" and value != "0":
        reading.fail("the version is not 0")
    elif key == "o":
        _origin(reading, value)
    elif key == "m":
        _media(reading, value)
    elif key == "a":
        name, colon, rest = value.partition(":")
        known = _ATTRIBUTES.get(name)
        if known is not None:
            known(reading, rest if colon else "")


def _origin(reading: _Reading, value: str) -> None:
    parts = value.split()
    if len(parts) != 6:
        reading.fail("o= has six parts")
    reading.session_id = reading.number(parts[1], 2**64, "the session's id")
    reading.version = reading.number(parts[2], 2**64, "the session's version")


def _media(reading: _Reading, value: str) -> None:
    match = _MEDIA.fullmatch(value)
    if match is None:
        reading.fail("m= has a kind, a port, a protocol and formats")
    if len(reading.sections) >= MOST_SECTIONS:
        reading.fail(f"more than {MOST_SECTIONS} m= sections")
    kind, port, protocol, formats = match.groups()
    ids = tuple(formats.split())
    if kind in {"audio", "video"}:
        for one in ids:
            reading.number(one, 127, "a payload type")
        ids = tuple(str(int(one)) for one in ids)
    reading.section = _SectionReading(
        reading.line, reading.token(kind, "the kind"), reading.number(port, 65535, "a port"), protocol, ids
    )
    reading.sections.append(reading.section)


# --- attributes of both ----------------------------------------------------------------------------------------------


def _common(reading: _Reading) -> _Common:
    return reading.common if reading.section is None else reading.section.common


def _ufrag(reading: _Reading, value: str) -> None:
    if not _ICE_CHARS.fullmatch(value) or len(value) < 4:
        reading.fail("ice-ufrag has 4 to 256 characters")
    _common(reading).ufrag = value


def _password(reading: _Reading, value: str) -> None:
    if not _ICE_CHARS.fullmatch(value) or len(value) < 22:
        reading.fail("ice-pwd has 22 to 256 characters")
    _common(reading).password = value


def _ice_options(reading: _Reading, value: str) -> None:
    _common(reading).ice_options = tuple(value.split())


def _fingerprint(reading: _Reading, value: str) -> None:
    algorithm, _, digest = value.partition(" ")
    if not _FINGERPRINT.fullmatch(digest.strip()):
        reading.fail("a fingerprint is an algorithm and bytes with colons between them")
    _common(reading).fingerprints.append((reading.token(algorithm, "the algorithm").lower(), digest.strip().upper()))


def _setup(reading: _Reading, value: str) -> None:
    if value not in _SETUPS:
        reading.fail(f"setup is active, passive or actpass, not {value[:30]!r}")
    _common(reading).setup = value


def _direction(name: str) -> Callable[[_Reading, str], None]:
    direction = cast("RtpDirection", name)

    def take(reading: _Reading, _value: str) -> None:
        if reading.section is None:
            reading.common.direction = direction
        else:
            reading.section.direction = direction

    return take


def _extmap(reading: _Reading, value: str) -> None:
    parts = value.split()
    if len(parts) < 2:
        reading.fail("extmap has a number and a URI")
    number, _, direction = parts[0].partition("/")
    if direction and direction not in DIRECTIONS:
        reading.fail("extmap names no direction")
    _common(reading).extensions.append(Extension(reading.number(number, 65535, "an extension's id"), parts[1]))


# --- attributes of the session ---------------------------------------------------------------------------------------


def _group(reading: _Reading, value: str) -> None:
    if reading.section is None and (parts := value.split()) and parts[0] == "BUNDLE":
        reading.bundles.append(tuple(parts[1:]))


def _ice_lite(reading: _Reading, _value: str) -> None:
    reading.ice_lite = True


# --- attributes of a section -----------------------------------------------------------------------------------------


def _of_section(take: Callable[[_Reading, _SectionReading, str], None]) -> Callable[[_Reading, str], None]:
    def take_if_in_one(reading: _Reading, value: str) -> None:
        if reading.section is not None:
            take(reading, reading.section, value)

    return take_if_in_one


def _flag(member: str) -> Callable[[_Reading, str], None]:
    def take(_reading: _Reading, section: _SectionReading, _value: str) -> None:
        section.others[member] = True

    return _of_section(take)


def _amount(member: str, most: int) -> Callable[[_Reading, str], None]:
    def take(reading: _Reading, section: _SectionReading, value: str) -> None:
        section.others[member] = reading.number(value.strip(), most, member.replace("_", "-"))

    return _of_section(take)


def _mid(reading: _Reading, section: _SectionReading, value: str) -> None:
    section.mid = reading.token(value.strip(), "the mid")


def _rtpmap(reading: _Reading, section: _SectionReading, value: str) -> None:
    number, _, rest = value.partition(" ")
    payload_type = reading.number(number, 127, "a payload type")
    name, *numbers = rest.strip().split("/")
    if len(numbers) not in {1, 2} or not name:
        reading.fail("rtpmap has a name and a clock rate")
    rate = reading.number(numbers[0], 2**32 - 1, "a clock rate")
    channels = reading.number(numbers[1], 65535, "channels") if len(numbers) == 2 else None
    if section.kind == "audio":
        channels = channels or 1
    if rate == 0:
        reading.fail("a clock rate of 0")
    section.maps[payload_type] = Format(payload_type, reading.token(name, "a codec's name"), rate, channels)


def _fmtp(reading: _Reading, section: _SectionReading, value: str) -> None:
    number, _, rest = value.partition(" ")
    if section.kind in {"audio", "video"}:
        section.fmtp[reading.number(number, 127, "a payload type")] = rest.strip()


def _rtcp_fb(reading: _Reading, section: _SectionReading, value: str) -> None:
    target, _, rest = value.partition(" ")
    if target != "*":
        target = str(reading.number(target, 127, "a payload type"))
    section.feedback.append((target, rest.strip()))


def _msid(reading: _Reading, section: _SectionReading, value: str) -> None:
    parts = value.split()
    if not 1 <= len(parts) <= 2:
        reading.fail("msid has a stream and a track")
    section.msids.append((parts[0], parts[1] if len(parts) == 2 else ""))


def _ssrc(reading: _Reading, section: _SectionReading, value: str) -> None:
    number, _, rest = value.partition(" ")
    attributes = section.ssrcs.setdefault(reading.number(number, 2**32 - 1, "an SSRC"), {})
    name, _, content = rest.partition(":")
    attributes[name] = content


def _ssrc_group(reading: _Reading, section: _SectionReading, value: str) -> None:
    semantics, *numbers = value.split() or [""]
    section.ssrc_groups.append((semantics, tuple(reading.number(one, 2**32 - 1, "an SSRC") for one in numbers)))


def _candidate(_reading: _Reading, section: _SectionReading, value: str) -> None:
    section.candidates.append(value.strip())  # what it says is looked at where it is used


_ATTRIBUTES: Final[dict[str, Callable[[_Reading, str], None]]] = {
    "ice-ufrag": _ufrag,
    "ice-pwd": _password,
    "ice-options": _ice_options,
    "ice-lite": _ice_lite,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "extmap": _extmap,
    "group": _group,
    "mid": _of_section(_mid),
    "rtpmap": _of_section(_rtpmap),
    "fmtp": _of_section(_fmtp),
    "rtcp-fb": _of_section(_rtcp_fb),
    "msid": _of_section(_msid),
    "ssrc": _of_section(_ssrc),
    "ssrc-group": _of_section(_ssrc_group),
    "candidate": _of_section(_candidate),
    "rtcp-mux": _flag("rtcp_mux"),
    "rtcp-rsize": _flag("rtcp_rsize"),
    "bundle-only": _flag("bundle_only"),
    "end-of-candidates": _flag("end_of_candidates"),
    "sctp-port": _amount("sctp_port", 65535),
    "max-message-size": _amount("max_message_size", 2**63),
    **{name: _direction(name) for name in DIRECTIONS},
}
