"""Event handler attributes: ``track.onended = f``.

Not for: listeners in general (``events.py``).
"""

from __future__ import annotations

# ruff: noqa: SLF001 - the descriptor is a part of its target
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

from mediastreams._webidl.event import Event
from mediastreams._webidl.listeners import Listener, mailbox_here

if TYPE_CHECKING:
    from mediastreams._webidl.events import EventTarget

__all__ = ["event_handler"]

_E = TypeVar("_E", bound=Event)


class _Handler(Generic[_E]):
    """The callback of an event handler attribute: its function can be replaced in place."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[_E], object]) -> None:
        self.function = function

    def __call__(self, event: _E) -> object:
        """*The event handler processing algorithm*: False prevents the default.

        https://html.spec.whatwg.org/multipage/webappapis.html#the-event-handler-processing-algorithm
        """
        result = self.function(event)
        if result is False:
            event.prevent_default()
        return result


class event_handler(Generic[_E]):  # noqa: N801 - reads as what it declares
    """Declare an event handler attribute: ``onended = event_handler("ended")``.

    The function keeps the place among the listeners that the attribute had when it was first set; ``None`` or
    anything that cannot be called takes it away, and the place with it. It runs on the loop where it was last set.

    https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes
    """

    __slots__ = ("_type",)

    @overload
    def __init__(self: event_handler[Event], type: str) -> None: ...
    @overload
    def __init__(self, type: str, event_class: type[_E]) -> None: ...
    def __init__(self, type: str, event_class: type[Event] = Event) -> None:  # noqa: ARG002 - the function's type
        self._type = type

    @overload
    def __get__(self, instance: None, owner: type) -> event_handler[_E]: ...
    @overload
    def __get__(self, instance: EventTarget, owner: type) -> Callable[[_E], object] | None: ...
    def __get__(self, instance: EventTarget | None, owner: type) -> event_handler[_E] | Callable[[_E], object] | None:
        if instance is None:
            return self
        listener = instance._handlers.get(self._type)
        return None if listener is None else cast("Callable[[_E], object]", listener.callback.function)

    def __set__(self, instance: EventTarget, value: Callable[[_E], object] | None) -> None:
        listener = instance._handlers.get(self._type)
        if not callable(value):
            if listener is not None:
                del instance._handlers[self._type]
                instance._forget(listener)
        elif listener is not None and not listener.lost:
            listener.callback.function = value
            listener.mailbox = mailbox_here()
        else:
            listener = Listener(self._type, _Handler(value), capture=False, once=False, passive=False)
            instance._handlers[self._type] = listener
            instance._listen(listener)
