"""`MediaStreamTrackEvent`: the event that carries a track."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["MediaStreamTrackEvent", "MediaStreamTrackEventInit"]


@public
class MediaStreamTrackEventInit(TypedDict, total=False):
    """What a `MediaStreamTrackEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    track: Required[MediaStreamTrack]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "MediaStreamTrackEventInit", Member("track", instance_of(MediaStreamTrack), required=True), inherits=EVENT_INIT
)


@public
class MediaStreamTrackEvent(Event):
    """``addtrack`` and ``removetrack`` of a stream. ``track`` is required.

    https://w3c.github.io/mediacapture-main/#mediastreamtrackevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: MediaStreamTrackEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: no track, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def track(self) -> MediaStreamTrack:
        """The track that was added or removed."""
        track: MediaStreamTrack = self._init["track"]
        return track
