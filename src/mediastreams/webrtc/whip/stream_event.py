"""`StreamEvent`: a camera is being sent to a server of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams.capture.media_stream import MediaStream

__all__ = ["StreamEvent"]

_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "StreamEventInit", Member("stream", instance_of(MediaStream), required=True), inherits=EVENT_INIT
)


class StreamEvent(Event):
    """``stream`` of a `Server`: somebody began to send. ``stream`` is required."""

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(self, type: str, event_init_dict: Mapping[str, Any] | None = None, **event_init: Any) -> None:
        """Make one.

        Raises:
            TypeError: no stream, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def stream(self) -> MediaStream:
        """Its tracks end when the sender goes."""
        stream: MediaStream = self._init["stream"]
        return stream
