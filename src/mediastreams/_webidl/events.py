"""`EventTarget`, event handler attributes, and *fire an event*.

Not for: how a listener is run (``listeners.py``), events themselves (``event.py``).

Rules of the file: listener lists are tuples that are replaced under a lock, so that adding and removing are safe
from any thread and dispatching needs no lock. There is no tree: dispatching visits the target only.
"""

from __future__ import annotations

# ruff: noqa: SLF001 - an event, its target and its listeners are one machine
# ruff: noqa: FBT001 - the standard's options may be a boolean
import asyncio
import builtins
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypedDict, TypeVar

from mediastreams._webidl.conversions import boolean, dom_string, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.event import Event, EventInit
from mediastreams._webidl.handlers import event_handler
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.listeners import (
    EventListener,
    Listener,
    ListenerLike,
    Wait,
    mailbox_here,
    run_listener,
    same_callback,
)
from mediastreams._webidl.tasks import Owner
from mediastreams.errors import InvalidStateError, TimeoutError

__all__ = [
    "AddEventListenerOptions",
    "Event",
    "EventInit",
    "EventListener",
    "EventListenerOptions",
    "EventTarget",
    "event_handler",
    "fire_event",
]

_E = TypeVar("_E", bound=Event)
_F = TypeVar("_F", bound=Callable[..., object])


@public
class EventListenerOptions(TypedDict, total=False):
    """How to find a listener again."""

    capture: bool


@public
class AddEventListenerOptions(EventListenerOptions, total=False):
    """How to listen.

    NOT-HERE: ``signal``: there is no AbortSignal; keep the function and remove it.
    """

    once: bool
    passive: bool


_OPTIONS: Final[Schema[dict[str, bool]]] = Schema("EventListenerOptions", Member("capture", boolean, default=False))


def _no_signal(_value: object, where: str) -> object:
    raise TypeError(f"{where}: there is no AbortSignal here; use remove_event_listener() with the same function")


_ADD_OPTIONS: Final[Schema[dict[str, bool]]] = Schema(
    "AddEventListenerOptions",
    Member("once", boolean, default=False),
    Member("passive", boolean, default=False),
    Member("signal", _no_signal),
    inherits=_OPTIONS,
)


@public
class EventTarget:
    """Something that events happen to.

    Owns its listeners. A listener runs on the loop where it was added; one that raises reports to that loop's
    exception handler and disturbs nobody; an ``async`` one becomes a task. Adding and removing are safe from any
    thread.

    For subclasses: `_can_still_fire` says which events are still to be waited for, `_listeners_changed` is called
    when the list has changed, and `_recheck_waits` is to be called when `_can_still_fire` begins to answer False
    without an event.

    https://dom.spec.whatwg.org/#interface-eventtarget
    """

    def __init__(self) -> None:
        self._owner = Owner()
        self._listeners: tuple[Listener, ...] = ()
        self._listener_lock = threading.Lock()
        self._handlers: dict[str, Listener] = {}

    # --- the standard ------------------------------------------------------------------------------------------

    def add_event_listener(
        self,
        type: str,
        callback: ListenerLike[_E] | None,
        options: AddEventListenerOptions | Mapping[str, object] | bool | None = None,
        **keywords: object,
    ) -> None:
        """Call ``callback`` with every event of that type, on the loop that runs here now.

        ``options`` (a bool means ``capture``): ``capture`` runs before the others, ``once``, ``passive``. The same
        function with the same ``capture`` is added only once.

        Raises:
            TypeError: ``callback`` can be no listener, or an option has the wrong type.

        https://dom.spec.whatwg.org/#dom-eventtarget-addeventlistener
        """
        where = "add_event_listener"
        listening = _ADD_OPTIONS.convert(_flatten(options, keywords, where), where)
        name = dom_string(type, f"{where}: type")
        if callback is None:
            return
        if not callable(callback) and not hasattr(callback, "handle_event"):
            raise wrong_type(f"{where}: callback", "a function or an object with handle_event()", callback)
        self._listen(Listener(name, callback, **listening))

    def remove_event_listener(
        self,
        type: str,
        callback: ListenerLike[_E] | None,
        options: EventListenerOptions | Mapping[str, object] | bool | None = None,
        **keywords: object,
    ) -> None:
        """Take a listener back; one that is not there is no error.

        https://dom.spec.whatwg.org/#dom-eventtarget-removeeventlistener
        """
        where = "remove_event_listener"
        capture = _OPTIONS.convert(_flatten(options, keywords, where), where)["capture"]
        name = dom_string(type, f"{where}: type")
        for listener in self._listeners:
            if listener.type == name and listener.capture is capture and same_callback(listener.callback, callback):
                self._forget(listener)

    def dispatch_event(self, event: Event) -> bool:
        """Run the listeners of an event that the program made; whether nobody prevented the default.

        Raises:
            TypeError: ``event`` is no event.
            InvalidStateError: it is being dispatched already.

        https://dom.spec.whatwg.org/#dom-eventtarget-dispatchevent
        """
        if not isinstance(event, Event):
            raise wrong_type("dispatch_event", "an Event", event)
        if event._dispatching:
            raise InvalidStateError("This event is being dispatched already; make a new one.")
        event._trusted = False
        return self._dispatch(event)

    # --- Python's additions ------------------------------------------------------------------------------------

    def on(
        self,
        type: str,
        options: AddEventListenerOptions | Mapping[str, object] | bool | None = None,
        **keywords: object,
    ) -> Callable[[_F], _F]:
        """Decorate a function, plain or ``async``, as a listener: ``@track.on("ended")``."""

        def decorate(function: _F) -> _F:
            self.add_event_listener(type, function, options, **keywords)
            return function

        return decorate

    async def wait_for(self, type: str, *, timeout: float | None = None) -> Event:  # noqa: ASYNC109 - the API's name
        """Wait for the next event of that type and return it. ``timeout`` in seconds.

        Raises:
            InvalidStateError: such an event can no longer come; at once, or as soon as that is so.
            TimeoutError: none came in time (the builtin's subclass).
        """
        name = dom_string(type, "wait_for: type")
        wait = Wait()
        listener = Listener(name, wait, capture=False, once=True, passive=True)
        self._listen(listener)
        try:
            if not self._can_still_fire(name):  # asked after listening: another thread may end it meanwhile
                raise self._never(name)
            async with asyncio.timeout(timeout):
                return await wait.future
        except builtins.TimeoutError:
            raise TimeoutError(f"No {name!r} came within {timeout} s.") from None
        finally:
            self._forget(listener)

    # --- for subclasses ----------------------------------------------------------------------------------------

    def _can_still_fire(self, _type: str) -> bool:
        """Whether an event of that type can still come. Overridden where something ends."""
        return True

    def _listeners_changed(self) -> None:
        """Take note that listeners came or went. Any thread; no lock is held."""

    def _has_listeners(self, type: str | None = None) -> bool:
        """Whether anybody listens (to that type)."""
        return any(not one.lost and (type is None or one.type == type) for one in self._listeners)

    def _recheck_waits(self) -> None:
        """Let those raise who wait for what can no longer come. Any thread."""
        for listener in self._listeners:
            wait = listener.callback
            box = listener.mailbox
            if not isinstance(wait, Wait) or box is None or self._can_still_fire(listener.type):
                continue
            if box is mailbox_here():
                wait.give_up(self._never(listener.type))
            else:  # behind events that are on their way there
                box.post(wait.give_up, self._never(listener.type))

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled: it has listeners of its own")

    # --- inside ------------------------------------------------------------------------------------------------

    def _never(self, type: str) -> Exception:
        return InvalidStateError(f"{type!r} can no longer come from this {self.__class__.__name__}: {self!r}.")

    def _listen(self, new: Listener) -> None:
        """*Add an event listener*.

        https://dom.spec.whatwg.org/#add-an-event-listener
        """
        self._owner.bind()
        with self._listener_lock:
            for old in self._listeners:
                if (
                    old.type == new.type
                    and old.capture is new.capture
                    and not old.lost
                    and same_callback(old.callback, new.callback)
                ):
                    return
            self._listeners = (*(one for one in self._listeners if not one.lost), new)
        self._listeners_changed()

    def _forget(self, listener: Listener) -> None:
        """*Remove an event listener*.

        https://dom.spec.whatwg.org/#remove-an-event-listener
        """
        listener.removed = True
        with self._listener_lock:
            before = self._listeners
            self._listeners = tuple(one for one in before if one is not listener)
            changed = len(before) != len(self._listeners)
        if changed:
            self._listeners_changed()

    def _dispatch(self, event: Event) -> bool:
        """*Dispatch* without a tree; whether the default was not prevented.

        https://dom.spec.whatwg.org/#concept-event-dispatch
        """
        event._dispatching = True
        event._target = event._current_target = self
        event._phase = Event.AT_TARGET
        try:
            for capture in (True, False):  # at the target, listeners that capture come first
                if not event._stopped:
                    self._invoke(event, capture=capture)
        finally:
            event._phase = Event.NONE
            event._current_target = None
            event._dispatching = event._stopped = event._stopped_immediately = False
            self._recheck_waits()
        return not event._canceled

    def _invoke(self, event: Event, *, capture: bool) -> None:
        """*Inner invoke*: those run who are in the list now and are not removed meanwhile.

        https://dom.spec.whatwg.org/#concept-event-listener-inner-invoke
        """
        for listener in self._listeners:
            if listener.type != event.type or listener.capture is not capture or listener.removed:
                continue
            if listener.once or listener.lost:
                self._forget(listener)
            if not listener.lost:
                run_listener(listener, self, event)
            if event._stopped_immediately:
                return


def _flatten(
    options: Mapping[str, object] | bool | None,
    keywords: Mapping[str, object],
    where: str,
) -> dict[str, object]:
    """*Flatten*: a bool means ``capture``.

    https://dom.spec.whatwg.org/#event-flatten
    """
    return merge_arguments({"capture": options} if isinstance(options, bool) else options, keywords, where)


def fire_event(
    target: EventTarget,
    event: str | Event,
    event_class: type[Event] = Event,
    /,
    **event_init: Any,
) -> bool:
    """*Fire an event*: dispatch a trusted one, now. Runs on the target's owner loop; whether not prevented.

    ``event`` is a type, made into an ``event_class`` with the members given, or an event made before.

    https://dom.spec.whatwg.org/#concept-event-fire
    """
    made = event_class(event, **event_init) if isinstance(event, str) else event
    made._trusted = True
    return target._dispatch(made)
