"""`RTCTrackEvent`: a remote track is there."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of, sequence_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["RTCTrackEvent", "RTCTrackEventInit"]


@public
class RTCTrackEventInit(TypedDict, total=False):
    """What an `RTCTrackEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    receiver: Required[RTCRtpReceiver]
    track: Required[MediaStreamTrack]
    streams: list[MediaStream]
    transceiver: Required[RTCRtpTransceiver]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCTrackEventInit",
    Member("receiver", instance_of(RTCRtpReceiver), required=True),
    Member("track", instance_of(MediaStreamTrack), required=True),
    Member("streams", sequence_of(instance_of(MediaStream)), default=()),
    Member("transceiver", instance_of(RTCRtpTransceiver), required=True),
    inherits=EVENT_INIT,
)


@public
class RTCTrackEvent(Event):
    """``track`` of a connection: ``streams`` are those that the peer put the track in.

    https://w3c.github.io/webrtc-pc/#rtctrackevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: RTCTrackEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: a required member is missing, or one has the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def receiver(self) -> RTCRtpReceiver:
        """Who receives it."""
        receiver: RTCRtpReceiver = self._init["receiver"]
        return receiver

    @property
    def track(self) -> MediaStreamTrack:
        """The track."""
        track: MediaStreamTrack = self._init["track"]
        return track

    @property
    def streams(self) -> tuple[MediaStream, ...]:
        """The streams it is in."""
        return tuple(self._init["streams"])

    @property
    def transceiver(self) -> RTCRtpTransceiver:
        """Its transceiver."""
        transceiver: RTCRtpTransceiver = self._init["transceiver"]
        return transceiver
