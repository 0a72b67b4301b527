"""`MessagePort`: messages between a node and its processor, which runs on the engine's thread.

Not for: talking between processes.

Rules of the file: a message is copied when it is posted, so that nothing is shared between threads. At the node's end
it is an event on its loop; at the processor's end ``onmessage`` is called before the next quantum, on the engine's
thread.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.message_event import MessageEvent
from mediastreams._webidl.tasks import queue_task

if TYPE_CHECKING:
    from mediastreams._webidl.tasks import Owner

__all__ = ["MessagePort", "ProcessorPort", "ports"]


@public
class MessagePort(EventTarget):
    """A node's end: ``node.port.post_message(…)``, and ``message`` events.

    https://html.spec.whatwg.org/multipage/web-messaging.html#message-ports
    """

    __init__ = illegal_constructor("It belongs to an AudioWorkletNode: node.port.")

    onmessage = event_handler("message", MessageEvent)

    _other: ProcessorPort

    def post_message(self, message: object) -> None:
        """Send a copy of anything that can be copied; it comes before the processor's next quantum.

        Raises:
            TypeError: it cannot be copied.

        https://html.spec.whatwg.org/multipage/web-messaging.html#dom-messageport-postmessage
        """
        self._other._waiting.append(_copied(message))

    def _come(self, data: object) -> None:
        fire_event(self, "message", MessageEvent, data=data)


class ProcessorPort:
    """A processor's end. ``onmessage``: a function that is called with a `MessageEvent`, on the engine's thread."""

    def __init__(self) -> None:
        self.onmessage: Callable[[MessageEvent], object] | None = None
        self._other: MessagePort | None = None
        self._waiting: deque[object] = deque()

    def post_message(self, message: object) -> None:
        """Send a copy of anything that can be copied.

        Raises:
            TypeError: it cannot be copied.
        """
        if self._other is not None:
            queue_task(self._other._owner, self._other._come, _copied(message))

    def _deliver(self) -> None:
        """Hand over what has come. The engine's thread."""
        while self._waiting:
            data = self._waiting.popleft()
            if self.onmessage is not None:
                self.onmessage(MessageEvent("message", data=data))


def ports(owner: Owner) -> tuple[MessagePort, ProcessorPort]:
    """Make two ends: the first of which belongs to a loop."""
    near, far = MessagePort.__new__(MessagePort), ProcessorPort()
    EventTarget.__init__(near)
    near._owner = owner
    near._other, far._other = far, near
    return near, far


def _copied(message: object) -> Any:
    try:
        return copy.deepcopy(message)
    except Exception as error:  # noqa: BLE001 - whatever a copy may raise
        raise TypeError(f"post_message: {type(message).__name__} cannot be copied: {error}") from None
