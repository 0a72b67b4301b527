"""`Event`: something that happened, on its way to one target.

Not for: targets and listeners (``events.py``).

NOT-HERE: ``srcElement``, ``cancelBubble``, ``returnValue``, ``initEvent``: history, kept by pages only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict

from mediastreams._webidl.conversions import boolean, dom_string
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public

if TYPE_CHECKING:
    from mediastreams._webidl.events import EventTarget

__all__ = ["EVENT_INIT", "Event", "EventInit"]


@public
class EventInit(TypedDict, total=False):
    """How an event is.

    https://dom.spec.whatwg.org/#dictdef-eventinit
    """

    bubbles: bool
    cancelable: bool
    composed: bool


EVENT_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "EventInit",
    Member("bubbles", boolean, default=False),
    Member("cancelable", boolean, default=False),
    Member("composed", boolean, default=False),
)


@public
class Event:
    """Something that happened.

    One built by the program is not trusted; one the library fires is. There is no tree here: an event visits
    its target only, whatever ``bubbles`` says. Belongs to the loop it is dispatched on. A listener that was
    added on another loop gets a copy, and cannot prevent the default any more.

    A subclass names its dictionary in ``_schema`` and reads its members from ``self._init``.

    https://dom.spec.whatwg.org/#interface-event
    """

    NONE: Final = 0
    CAPTURING_PHASE: Final = 1
    AT_TARGET: Final = 2
    BUBBLING_PHASE: Final = 3

    _schema: ClassVar[Schema[dict[str, Any]]] = EVENT_INIT

    def __init__(
        self, type: str, event_init_dict: EventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make an event of a type; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            TypeError: a member has the wrong type, or a required one is missing.
        """
        where = self.__class__.__name__
        self._type = dom_string(type, f"{where}: type")
        self._init = self._schema.convert(merge_arguments(event_init_dict, event_init, where), where)
        self._time_stamp = time.perf_counter_ns() / 1e6
        self._target: EventTarget | None = None
        self._current_target: EventTarget | None = None
        self._phase = self.NONE
        self._trusted = False
        # The flags of https://dom.spec.whatwg.org/#stop-propagation-flag and after.
        self._dispatching = False
        self._stopped = False
        self._stopped_immediately = False
        self._canceled = False
        self._in_passive_listener = False

    def __repr__(self) -> str:
        target = "" if self._target is None else f" at {type(self._target).__name__}"
        return f"<{self.__class__.__name__} {self._type!r}{target}>"

    @property
    def type(self) -> str:
        """What happened, ``"ended"`` for instance."""
        return self._type

    @property
    def target(self) -> EventTarget | None:
        """The object it happened to."""
        return self._target

    @property
    def current_target(self) -> EventTarget | None:
        """The object whose listeners run at this moment; ``None`` when none do."""
        return self._current_target

    @property
    def event_phase(self) -> int:
        """``AT_TARGET`` while listeners run, else ``NONE``."""
        return self._phase

    @property
    def bubbles(self) -> bool:
        """As it was built; without a tree there is nothing to bubble to."""
        return bool(self._init["bubbles"])

    @property
    def cancelable(self) -> bool:
        """Whether ``prevent_default()`` has an effect."""
        return bool(self._init["cancelable"])

    @property
    def composed(self) -> bool:
        """As it was built; without a tree it means nothing."""
        return bool(self._init["composed"])

    @property
    def default_prevented(self) -> bool:
        """Whether a listener prevented the default."""
        return self._canceled

    @property
    def is_trusted(self) -> bool:
        """Whether the library fired it."""
        return self._trusted

    @property
    def time_stamp(self) -> float:
        """Milliseconds on the process's monotonic clock (``time.perf_counter``) when it was made."""
        return self._time_stamp

    def composed_path(self) -> list[EventTarget]:
        """List the objects whose listeners are being run: the target, or nothing when none are."""
        return [] if self._current_target is None else [self._current_target]

    def prevent_default(self) -> None:
        """Cancel what would follow, if the event is cancelable and the listener is not passive.

        https://dom.spec.whatwg.org/#set-the-canceled-flag
        """
        if self._init["cancelable"] and not self._in_passive_listener:
            self._canceled = True

    def stop_propagation(self) -> None:
        """Do not go on to the listeners of the next phase: those without ``capture``."""
        self._stopped = True

    def stop_immediate_propagation(self) -> None:
        """Run no further listener at all."""
        self._stopped = self._stopped_immediately = True
