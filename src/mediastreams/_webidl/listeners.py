"""One registered listener, and how it is run: on its loop, awaited if it is asynchronous, harmless if it raises.

Not for: who has which listeners (``events.py``).
"""

from __future__ import annotations

# ruff: noqa: SLF001 - an event, its target and its listeners are one machine
import asyncio
import copy
import logging
from collections.abc import Callable, Coroutine
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from mediastreams._webidl.event import Event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import Mailbox, mailbox_of, report, start_task

if TYPE_CHECKING:
    from mediastreams._webidl.events import EventTarget

__all__ = ["EventListener", "Listener", "ListenerLike", "Wait", "mailbox_here", "run_listener", "same_callback"]

_logger = logging.getLogger(__name__)
_E_contra = TypeVar("_E_contra", bound=Event, contravariant=True)
_E = TypeVar("_E", bound=Event)


@public
class EventListener(Protocol[_E_contra]):
    """An object that listens by its method; it is looked up at every event."""

    def handle_event(self, event: _E_contra, /) -> object: ...


ListenerLike: TypeAlias = Callable[[_E], object] | EventListener[_E]
"""A function, plain or ``async``, or an object with ``handle_event``."""


class Listener:
    """An entry of a target's event listener list; ``mailbox`` is of the loop it was added on, if any ran.

    https://dom.spec.whatwg.org/#concept-event-listener
    """

    __slots__ = ("callback", "capture", "mailbox", "once", "passive", "removed", "type")

    def __init__(self, type: str, callback: Any, *, capture: bool, once: bool, passive: bool) -> None:
        self.type = type
        self.callback = callback
        self.capture = capture
        self.once = once
        self.passive = passive
        self.removed = False
        self.mailbox = mailbox_here()

    @property
    def lost(self) -> bool:
        """Whether it can never run again: its loop is closed."""
        return self.mailbox is not None and self.mailbox.loop is None


def mailbox_here() -> Mailbox | None:
    """The mailbox of the running loop, or ``None`` where none runs."""
    loop = _loop_here()
    return None if loop is None else mailbox_of(loop)


def _loop_here() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def same_callback(one: object, other: object) -> bool:
    """Whether two callbacks are the same: by identity, and bound methods by function and object."""
    if one is other:
        return True
    return isinstance(one, (MethodType, BuiltinMethodType)) and type(one) is type(other) and one == other


def run_listener(listener: Listener, target: EventTarget, event: Event) -> None:
    """Run a listener for an event that is being dispatched: now, or soon on the loop where it was added.

    One that was added where no loop ran has no wishes: it runs wherever the event is dispatched.
    """
    box = listener.mailbox
    if box is None or box.loop is _loop_here():
        event._in_passive_listener = listener.passive
        try:
            _call(listener.callback, target, event)
        finally:
            event._in_passive_listener = False
    else:
        twin = copy.copy(event)  # this dispatch will be over when the other loop comes to it
        twin._in_passive_listener = True  # too late to prevent anything
        box.post(_run_elsewhere, listener, target, twin)


def _run_elsewhere(listener: Listener, target: EventTarget, event: Event) -> None:
    if listener.removed and not listener.once:
        return
    try:
        _call(listener.callback, target, event)
    finally:
        event._dispatching = False
        event._current_target = None
        event._phase = Event.NONE


def _call(callback: Any, target: EventTarget, event: Event) -> None:
    """*Call a user object's operation*; what it raises is reported, a coroutine it returns becomes a task.

    https://dom.spec.whatwg.org/#concept-event-listener-inner-invoke
    """
    what = f"A listener for {event.type!r}"
    try:
        result = callback(event) if callable(callback) else callback.handle_event(event)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - a listener that raises (CancelledError too) breaks nothing
        _report(error, what)
        return
    if isinstance(result, Coroutine):
        if _loop_here() is None:
            target._owner.post(start_task, result, what)  # dispatched where no loop runs
        else:
            start_task(result, what)


def _report(error: BaseException, what: str) -> None:
    loop = _loop_here()
    if loop is not None:
        report(loop, error, what)
    else:
        _logger.error("%s raised %s", what, type(error).__name__, exc_info=error)


class Wait:
    """The listener behind `EventTarget.wait_for`."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def __call__(self, event: Event) -> None:
        if not self.future.done():
            self.future.set_result(event)

    def give_up(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
