"""`RTCSessionDescription`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

from mediastreams._webidl.conversions import dom_string, enumeration
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import default_to_json, public
from mediastreams.webrtc.enums import RTCSdpType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams.webrtc.dictionaries import RTCSessionDescriptionInit

__all__ = ["DESCRIPTION", "LOCAL_DESCRIPTION", "RTCLocalSessionDescriptionInit", "RTCSessionDescription", "as_mapping"]


@public
class RTCLocalSessionDescriptionInit(TypedDict, total=False):
    """A description of this side; without a type the one that fits now.

    https://w3c.github.io/webrtc-pc/#dom-rtclocalsessiondescriptioninit
    """

    type: RTCSdpType | str
    sdp: str


DESCRIPTION: Final[Schema[dict[str, Any]]] = Schema(
    "RTCSessionDescriptionInit",
    Member("type", enumeration(RTCSdpType), required=True),
    Member("sdp", dom_string, default=""),
)
LOCAL_DESCRIPTION: Final[Schema[dict[str, Any]]] = Schema(
    "RTCLocalSessionDescriptionInit", Member("type", enumeration(RTCSdpType)), Member("sdp", dom_string, default="")
)


@public
class RTCSessionDescription:
    """A description: what kind, and its text. Its `to_json` goes to the peer, by whatever way the program has.

    https://w3c.github.io/webrtc-pc/#rtcsessiondescription-class
    """

    __slots__ = ("__weakref__", "_sdp", "_type")

    def __init__(
        self,
        description_init_dict: RTCSessionDescriptionInit | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            TypeError: no type, or a member of the wrong type.
        """
        where = "RTCSessionDescription"
        init = DESCRIPTION.convert(merge_arguments(description_init_dict, members, where), where)
        self._type: RTCSdpType = init["type"]
        self._sdp: str = init["sdp"]

    @property
    def type(self) -> RTCSdpType:
        """What it is for."""
        return self._type

    @property
    def sdp(self) -> str:
        """The text."""
        return self._sdp

    def to_json(self) -> dict[str, object]:
        """Return the wire form."""
        return default_to_json(self, "type", "sdp")

    def __repr__(self) -> str:
        return f"<RTCSessionDescription {self._type} of {len(self._sdp)} characters>"


def as_mapping(value: object) -> object:
    """Let an `RTCSessionDescription` go in where its dictionary does, as in a page."""
    return {"type": value.type, "sdp": value.sdp} if isinstance(value, RTCSessionDescription) else value
