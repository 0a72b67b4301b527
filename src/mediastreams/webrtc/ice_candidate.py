"""`RTCIceCandidate`, and `RTCIceCandidatePair`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, TypedDict

from mediastreams._rules.candidate_lines import read_candidate
from mediastreams._webidl.conversions import dom_string, enumeration, unsigned_short, usv_string
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.webrtc.enums import (
    RTCIceCandidateType,
    RTCIceComponent,
    RTCIceProtocol,
    RTCIceServerTransportProtocol,
    RTCIceTcpCandidateType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams.webrtc.dictionaries import RTCIceCandidateInit

__all__ = ["CANDIDATE", "RTCIceCandidate", "RTCIceCandidatePair", "RTCLocalIceCandidateInit"]


@public
class RTCLocalIceCandidateInit(TypedDict, total=False):
    """A candidate of this side as plain data.

    https://w3c.github.io/webrtc-pc/#dom-rtclocalicecandidateinit
    """

    candidate: str
    sdp_mid: str | None
    sdp_m_line_index: int | None
    username_fragment: str | None
    relay_protocol: RTCIceServerTransportProtocol | str | None
    url: str | None


CANDIDATE: Final[Schema[dict[str, Any]]] = Schema(
    "RTCIceCandidateInit",
    Member("candidate", dom_string, default=""),
    Member("sdp_mid", dom_string, default=None),
    Member("sdp_m_line_index", unsigned_short, default=None),
    Member("username_fragment", dom_string, default=None),
)
_LOCAL: Final[Schema[dict[str, Any]]] = Schema(
    "RTCLocalIceCandidateInit",
    Member("relay_protocol", enumeration(RTCIceServerTransportProtocol), default=None),
    Member("url", usv_string, default=None),
    inherits=CANDIDATE,
)


@public
class RTCIceCandidate:
    """An address at which a peer may be reached. Its `to_json` goes to the peer. An empty one ends a list.

    https://w3c.github.io/webrtc-pc/#rtcicecandidate-interface
    """

    __slots__ = ("__weakref__", "_init", "_line")

    def __init__(
        self,
        candidate_init_dict: RTCIceCandidateInit | RTCLocalIceCandidateInit | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one. Text that is no candidate is kept, its parts are ``None`` then.

        Raises:
            TypeError: neither ``sdp_mid`` nor ``sdp_m_line_index``, or a member of the wrong type.

        https://w3c.github.io/webrtc-pc/#dom-rtcicecandidate-constructor
        """
        where = "RTCIceCandidate"
        self._init = _LOCAL.convert(merge_arguments(candidate_init_dict, members, where), where)
        if self._init["sdp_mid"] is None and self._init["sdp_m_line_index"] is None:
            raise TypeError(f"{where}: give sdp_mid or sdp_m_line_index")
        self._line = read_candidate(self._init["candidate"])

    @property
    def candidate(self) -> str:
        """The text."""
        return str(self._init["candidate"])

    @property
    def sdp_mid(self) -> str | None:
        """The mid of the m= section it belongs to."""
        return self._init["sdp_mid"]  # type: ignore[no-any-return]  # by the schema

    @property
    def sdp_m_line_index(self) -> int | None:
        """The index of that section."""
        return self._init["sdp_m_line_index"]  # type: ignore[no-any-return]  # by the schema

    @property
    def foundation(self) -> str | None:
        """Equal for candidates that share a fate."""
        return None if self._line is None else self._line.foundation

    @property
    def component(self) -> RTCIceComponent | None:
        """RTP or RTCP."""
        if self._line is None or self._line.component > 2:
            return None
        return RTCIceComponent.RTP if self._line.component == 1 else RTCIceComponent.RTCP

    @property
    def priority(self) -> int | None:
        """The higher, the better."""
        return None if self._line is None else self._line.priority

    @property
    def address(self) -> str | None:
        """The IP address, or a name that hides it."""
        return None if self._line is None else self._line.address

    @property
    def protocol(self) -> RTCIceProtocol | None:
        """UDP or TCP."""
        return None if self._line is None else _member(RTCIceProtocol, self._line.transport)

    @property
    def port(self) -> int | None:
        """The port."""
        return None if self._line is None else self._line.port

    @property
    def type(self) -> RTCIceCandidateType | None:
        """Where it comes from."""
        return None if self._line is None else RTCIceCandidateType(self._line.type)

    @property
    def tcp_type(self) -> RTCIceTcpCandidateType | None:
        """Who opens the connection, of a TCP candidate."""
        return None if self._line is None else _member(RTCIceTcpCandidateType, self._line.tcp_type)

    @property
    def related_address(self) -> str | None:
        """The address that it was made from."""
        return None if self._line is None else self._line.related_address

    @property
    def related_port(self) -> int | None:
        """The port that it was made from."""
        return None if self._line is None else self._line.related_port

    @property
    def username_fragment(self) -> str | None:
        """The ufrag of the generation it belongs to."""
        given = self._init["username_fragment"]
        if given is None and self._line is not None:
            return self._line.ufrag
        return given  # type: ignore[no-any-return]  # by the schema

    @property
    def relay_protocol(self) -> RTCIceServerTransportProtocol | None:
        """How its TURN server is reached."""
        return self._init["relay_protocol"]  # type: ignore[no-any-return]  # by the schema

    @property
    def url(self) -> str | None:
        """The server that it was got from."""
        return self._init["url"]  # type: ignore[no-any-return]  # by the schema

    def to_json(self) -> dict[str, object]:
        """Return the wire form."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdp_mid,
            "sdpMLineIndex": self.sdp_m_line_index,
            "usernameFragment": self.username_fragment,
        }

    def __repr__(self) -> str:
        return f"<RTCIceCandidate {self.candidate!r} of {self.sdp_mid or self.sdp_m_line_index!r}>"


@public
class RTCIceCandidatePair:
    """Two candidates, one of each side.

    https://w3c.github.io/webrtc-pc/#rtcicecandidatepair
    """

    __slots__ = ("__weakref__", "_local", "_remote")
    __init__ = illegal_constructor("Read RTCIceTransport.get_selected_candidate_pair().")

    _local: RTCIceCandidate
    _remote: RTCIceCandidate

    @classmethod
    def _of(cls, local: RTCIceCandidate, remote: RTCIceCandidate) -> Self:
        pair = cls.__new__(cls)
        pair._local, pair._remote = local, remote
        return pair

    @property
    def local(self) -> RTCIceCandidate:
        """Ours."""
        return self._local

    @property
    def remote(self) -> RTCIceCandidate:
        """The peer's."""
        return self._remote

    def __repr__(self) -> str:
        return f"<RTCIceCandidatePair {self._local.candidate!r} - {self._remote.candidate!r}>"


def _member(cls: Any, value: str | None) -> Any:
    return cls(value) if value in set(cls) else None
