"""`Record`: a description that was made or set, as text and as values.

Not for: what it does to a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams.webrtc.dictionaries import RTCSessionDescriptionInit
from mediastreams.webrtc.session_description import RTCSessionDescription

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams._rules.sdp_values import Description, Section
    from mediastreams.webrtc.enums import RTCSdpType
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["Record"]


class Record:
    """A description; candidates are added to its text as they come."""

    __slots__ = ("_public", "assigned", "parsed", "text", "type")

    def __init__(
        self,
        type: RTCSdpType,
        text: str,
        parsed: Description,
        assigned: Mapping[str, RTCRtpTransceiver] | None = None,
    ) -> None:
        self.type = type
        self.assigned = assigned or {}  # mids that it gives to transceivers that have none
        self.text = text
        self.parsed = parsed
        self._public: RTCSessionDescription | None = None

    @property
    def public(self) -> RTCSessionDescription:
        """As the program sees it: the same object until it changes."""
        if self._public is None:
            self._public = RTCSessionDescription(type=self.type, sdp=self.text)
        return self._public

    @property
    def init(self) -> RTCSessionDescriptionInit:
        """As plain data."""
        return RTCSessionDescriptionInit(type=self.type, sdp=self.text)

    def add_line(self, index: int, line: str) -> None:
        """Add an attribute at the end of a section of the text."""
        lines = self.text.splitlines(keepends=True)
        starts = [number for number, text in enumerate(lines) if text.startswith("m=")]
        if index < len(starts):
            at = starts[index + 1] if index + 1 < len(starts) else len(lines)
            if not lines[at - 1].endswith("\n"):
                lines[at - 1] += "\r\n"
            lines.insert(at, f"{line}\r\n")
            self.text = "".join(lines)
            self._public = None

    def find(self, mid: str | None) -> tuple[int, Section] | None:
        """The section of a mid, and where it stands."""
        for index, section in enumerate(self.parsed.sections):
            if mid is not None and section.mid == mid:
                return index, section
        return None
