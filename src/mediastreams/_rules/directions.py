"""Arithmetic with the directions of a transceiver: sending and receiving are two bits.

https://w3c.github.io/webrtc-pc/#rtcrtptransceiverdirection
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import RtpDirection

__all__ = ["answered", "direction_of", "receives", "reversed_direction", "sends"]

_OF_BITS: Final[dict[tuple[bool, bool], RtpDirection]] = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}


def sends(direction: str | None) -> bool:
    """Whether it has sending in it."""
    return direction in {"sendrecv", "sendonly"}


def receives(direction: str | None) -> bool:
    """Whether it has receiving in it."""
    return direction in {"sendrecv", "recvonly"}


def direction_of(*, send: bool, receive: bool) -> RtpDirection:
    """Put it together."""
    return _OF_BITS[send, receive]


def reversed_direction(direction: str) -> RtpDirection:
    """See it from the other side."""
    return _OF_BITS[receives(direction), sends(direction)]


def answered(wanted: str, offered: str) -> RtpDirection:
    """What we answer: what we want, as far as the offer (in the offerer's view) takes part.

    https://www.rfc-editor.org/rfc/rfc9429#section-5.3.1
    """
    return _OF_BITS[sends(wanted) and receives(offered), receives(wanted) and sends(offered)]
