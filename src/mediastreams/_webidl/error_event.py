"""`ErrorEvent`: an event that brings an exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypedDict

from mediastreams._webidl.conversions import anything, dom_string, unsigned_long
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public

__all__ = ["ErrorEvent", "ErrorEventInit"]


@public
class ErrorEventInit(TypedDict, total=False):
    """What an `ErrorEvent` is made of.

    https://html.spec.whatwg.org/multipage/webappapis.html#erroreventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool
    message: str
    filename: str
    lineno: int
    colno: int
    error: object


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "ErrorEventInit",
    Member("message", dom_string, default=""),
    Member("filename", dom_string, default=""),
    Member("lineno", unsigned_long, default=0),
    Member("colno", unsigned_long, default=0),
    Member("error", anything),
    inherits=EVENT_INIT,
)


@public
class ErrorEvent(Event):
    """Something failed: `error` says what. An exception it has is not raised anywhere else.

    https://html.spec.whatwg.org/multipage/webappapis.html#errorevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: ErrorEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: a member has the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)

    @property
    def message(self) -> str:
        """What happened."""
        return str(self._init["message"])

    @property
    def filename(self) -> str:
        """The program file it happened in, ``""`` when that means nothing."""
        return str(self._init["filename"])

    @property
    def lineno(self) -> int:
        """The line, 0 when that means nothing."""
        return int(self._init["lineno"])

    @property
    def colno(self) -> int:
        """The column, 0 when that means nothing."""
        return int(self._init["colno"])

    @property
    def error(self) -> Any:
        """The exception, usually a `DOMException`; ``None`` when there is none. The same object every time."""
        return self._init.get("error")
