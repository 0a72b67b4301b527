"""`MessageEvent`: something came through a data channel, or a port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict

from mediastreams._webidl.conversions import anything, dom_string, usv_string
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MessageEvent", "MessageEventInit"]


@public
class MessageEventInit(TypedDict, total=False):
    """What a `MessageEvent` is made of.

    NOT-HERE: ``source`` and ``ports``: nobody posts messages between windows.

    https://html.spec.whatwg.org/multipage/comms.html#messageeventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool
    data: object
    origin: str
    last_event_id: str


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "MessageEventInit",
    Member("data", anything),
    Member("origin", usv_string, default=""),
    Member("last_event_id", dom_string, default=""),
    inherits=EVENT_INIT,
)


@public
class MessageEvent(Event):
    """A message. Of a data channel ``data`` is a `str`, `bytes`, or a `Blob` where its ``binary_type`` says so.

    https://html.spec.whatwg.org/multipage/comms.html#messageevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: MessageEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: a member of the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def data(self) -> Any:
        """What came."""
        return self._init.get("data")

    @property
    def origin(self) -> str:
        """Where it came from; ``""`` in a data channel."""
        return str(self._init["origin"])

    @property
    def last_event_id(self) -> str:
        """Means nothing in a data channel."""
        return str(self._init["last_event_id"])
