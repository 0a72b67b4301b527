"""`OfficialPosition`: the time that a program sees, which stands still while the program runs.

Not for: where a playback really is (``Playback.position``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams._webidl.tasks import Owner

__all__ = ["OfficialPosition"]


class OfficialPosition:
    """*The official playback position*: what was read once on the owner loop stays until that loop goes round.

    Read it twice between two awaits, and both are equal. Another thread, which has no such turns, reads what is.

    https://html.spec.whatwg.org/multipage/media.html#official-playback-position
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._seconds: float | None = None

    def read(self, present: Callable[[], float]) -> float:
        """The official position; ``present`` tells where it is now."""
        loop = self._owner.loop if self._owner.here else None
        if loop is None:
            return present()
        if self._seconds is None:
            self._seconds = present()
            loop.call_soon(self.forget)  # *provide a stable state*
        return self._seconds

    def forget(self) -> None:
        """Take it anew at the next look: the program itself has moved or stopped the time."""
        self._seconds = None
