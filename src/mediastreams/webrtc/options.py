"""What offers, answers and transceivers may be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict

from mediastreams._webidl.conversions import anything, boolean, enumeration, sequence_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import public
from mediastreams.webrtc.dictionaries import ENCODING, RTCRtpEncodingParameters
from mediastreams.webrtc.enums import RTCRtpTransceiverDirection

if TYPE_CHECKING:
    from mediastreams.capture.media_stream import MediaStream

__all__ = [
    "ANSWER_OPTIONS",
    "OFFER_OPTIONS",
    "TRANSCEIVER_INIT",
    "RTCAnswerOptions",
    "RTCOfferAnswerOptions",
    "RTCOfferOptions",
    "RTCRtpTransceiverInit",
]


@public
class RTCOfferAnswerOptions(TypedDict, total=False):
    """Empty in the standard.

    https://w3c.github.io/webrtc-pc/#dom-rtcofferansweroptions
    """


@public
class RTCOfferOptions(RTCOfferAnswerOptions, total=False):
    """How an offer is made.

    https://w3c.github.io/webrtc-pc/#dom-rtcofferoptions
    """

    ice_restart: bool
    offer_to_receive_audio: bool
    offer_to_receive_video: bool


@public
class RTCAnswerOptions(RTCOfferAnswerOptions, total=False):
    """Empty in the standard.

    https://w3c.github.io/webrtc-pc/#dom-rtcansweroptions
    """


@public
class RTCRtpTransceiverInit(TypedDict, total=False):
    """How a transceiver begins.

    https://w3c.github.io/webrtc-pc/#dom-rtcrtptransceiverinit
    """

    direction: RTCRtpTransceiverDirection | str
    streams: list[MediaStream]
    send_encodings: list[RTCRtpEncodingParameters | Mapping[str, Any]]


OFFER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema(
    "RTCOfferOptions",
    Member("ice_restart", boolean, default=False),
    Member("offer_to_receive_audio", boolean),
    Member("offer_to_receive_video", boolean),
)
ANSWER_OPTIONS: Final[Schema[dict[str, Any]]] = Schema("RTCAnswerOptions")
TRANSCEIVER_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCRtpTransceiverInit",
    Member("direction", enumeration(RTCRtpTransceiverDirection), default=RTCRtpTransceiverDirection.SENDRECV),
    Member("streams", sequence_of(anything), default=()),
    Member("send_encodings", sequence_of(ENCODING), default=()),
)
