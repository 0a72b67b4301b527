"""A session description as values: `Description`, its `Section`s, and what stands in them.

Not for: the text (``sdp_reading.py``, ``sdp_writing.py``), nor for what a description means to a connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

__all__ = ["DIRECTIONS", "Description", "Extension", "Format", "RtpDirection", "Section", "Ssrc"]

RtpDirection: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

DIRECTIONS: Final[tuple[RtpDirection, ...]] = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type of a section: ``a=rtpmap``, ``a=fmtp`` and ``a=rtcp-fb``."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int | None = None
    fmtp: str = ""
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """A header extension: ``a=extmap``."""

    id: int
    uri: str


@dataclass(frozen=True, slots=True)
class Ssrc:
    """A source: ``a=ssrc``."""

    ssrc: int
    cname: str = ""
    msid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An m= section. ``port`` 0 without ``bundle_only`` means that it is rejected."""

    kind: str
    port: int = 9
    protocol: str = "UDP/TLS/RTP/SAVPF"
    format_ids: tuple[str, ...] = ()
    line: int = 0
    mid: str = ""
    direction: RtpDirection = "sendrecv"
    formats: tuple[Format, ...] = ()
    extensions: tuple[Extension, ...] = ()
    msids: tuple[tuple[str, str], ...] = ()
    ssrcs: tuple[Ssrc, ...] = ()
    ssrc_groups: tuple[tuple[str, tuple[int, ...]], ...] = ()
    ufrag: str = ""
    password: str = ""
    ice_options: tuple[str, ...] = ()
    fingerprints: tuple[tuple[str, str], ...] = ()
    setup: str = ""
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    bundle_only: bool = False
    candidates: tuple[str, ...] = ()
    end_of_candidates: bool = False
    sctp_port: int | None = None
    max_message_size: int | None = None

    @property
    def rejected(self) -> bool:
        """Whether it is switched off for good."""
        return self.port == 0 and not self.bundle_only

    @property
    def is_rtp(self) -> bool:
        """Whether it carries sound or pictures."""
        return self.kind in {"audio", "video"}

    @property
    def is_data(self) -> bool:
        """Whether it carries data channels."""
        return self.kind == "application" and "SCTP" in self.protocol.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """All of it. ``bundles`` are the mids of each ``a=group:BUNDLE``."""

    session_id: int = 0
    version: int = 0
    bundles: tuple[tuple[str, ...], ...] = ()
    ice_lite: bool = False
    sections: tuple[Section, ...] = field(default=())

    def find(self, mid: str) -> Section | None:
        """The section of that mid."""
        return next((section for section in self.sections if section.mid == mid), None)
