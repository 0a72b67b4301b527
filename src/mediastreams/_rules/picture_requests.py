"""When to ask a sender for a key frame: once for any number of reasons, and again while none comes.

Not for: heeding such requests (that is the sender's), nor for sending them. Times in µs.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PictureRequests"]

_FIRST_US: Final = 300_000
_LONGEST_US: Final = 3_000_000


class PictureRequests:
    """The requests of one receiver. A key frame on its way takes a while: the next request waits twice as long."""

    __slots__ = ("_asked", "_wait", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._asked: int | None = None
        self._wait = _FIRST_US

    def want(self) -> None:
        """A key frame is needed. Idempotent."""
        self.wanted = True

    def came(self) -> None:
        """A key frame has come."""
        self.wanted = False
        self._wait = _FIRST_US

    def next_at(self) -> int | None:
        """When `ask` may say yes; ``None``: nothing is wanted. In the past: now."""
        if not self.wanted:
            return None
        return 0 if self._asked is None else self._asked + self._wait

    def ask(self, now: int) -> bool:
        """Whether to send a request now; takes it for sent."""
        due = self.next_at()
        if due is None or now < due:
            return False
        if self._asked is not None:
            self._wait = min(self._wait * 2, _LONGEST_US)
        self._asked = now
        return True
