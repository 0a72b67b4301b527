"""`PictureInPictureEvent`: a video element has got a window of its own, or has it no more."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Required, TypedDict

from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.elements.picture_in_picture_window import PictureInPictureWindow

__all__ = ["PictureInPictureEvent", "PictureInPictureEventInit"]


@public
class PictureInPictureEventInit(TypedDict, total=False):
    """What a `PictureInPictureEvent` is made of; ``picture_in_picture_window`` is required.

    https://w3c.github.io/picture-in-picture/#dictdef-pictureinpictureeventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool
    picture_in_picture_window: Required[PictureInPictureWindow]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "PictureInPictureEventInit",
    Member("picture_in_picture_window", instance_of(PictureInPictureWindow), required=True),
    inherits=EVENT_INIT,
)


@public
class PictureInPictureEvent(Event):
    """``enterpictureinpicture`` and ``leavepictureinpicture`` of a `VideoElement`.

    https://w3c.github.io/picture-in-picture/#pictureinpictureevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self,
        type: str,
        event_init_dict: PictureInPictureEventInit | Mapping[str, Any] | None = None,
        **event_init: Any,
    ) -> None:
        """Make one.

        Raises:
            TypeError: no ``picture_in_picture_window``, or a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def picture_in_picture_window(self) -> PictureInPictureWindow:
        """The window that was entered or left. The same object every time."""
        window: PictureInPictureWindow = self._init["picture_in_picture_window"]
        return window
