"""`BlobEvent`: recorded data."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import double, instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.files.blob import Blob

__all__ = ["BlobEvent", "BlobEventInit"]


@public
class BlobEventInit(TypedDict, total=False):
    """What a `BlobEvent` is made of; ``data`` is required.

    https://w3c.github.io/mediacapture-record/#blobeventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool
    data: Required[Blob]
    timecode: float


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "BlobEventInit",
    Member("data", instance_of(Blob), required=True),
    Member("timecode", double, default=0.0),
    inherits=EVENT_INIT,
)


@public
class BlobEvent(Event):
    """``dataavailable`` of a `MediaRecorder`.

    https://w3c.github.io/mediacapture-record/#blobevent-section
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: BlobEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: no ``data``, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def data(self) -> Blob:
        """The next piece of the recording; all pieces in a row are one file. The same object every time."""
        data: Blob = self._init["data"]
        return data

    @property
    def timecode(self) -> float:
        """Milliseconds between the first bytes of the recording and the first of this piece."""
        return float(self._init["timecode"])
