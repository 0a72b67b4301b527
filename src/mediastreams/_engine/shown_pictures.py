"""`ShownPictures`: a track's pictures for a sink that shows them: at each instant the one that is due.

Not for: sound (``playout.py``), whose delay the pictures may follow.

Rules of the file: pictures wait in the track's port, at most half a second of them; of several that are due only the
newest is shown, so a slow window leaves pictures out and never lags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.frames import Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.port import Policy
    from mediastreams._rules.values import Mode

__all__ = ["ShownPictures"]

WAITING_US: Final = 500_000


class ShownPictures:
    """The supply of one video `Sink`, from its making to `close`.

    ``due`` answers which timestamp is to be seen at an instant of the clock: ``at - playout.latency`` goes with the
    sound. Without it a picture is shown as soon as it is there. ``shown`` and ``left_out`` count. ``on_end`` is called,
    on any thread, with the error (or ``None``: closed by a person) when the window is gone.
    """

    def __init__(
        self,
        feed: TrackFeed,
        *,
        due: Callable[[int], int] | None = None,
        on_end: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        self._feed = feed
        self._due = due
        self._on_end = on_end
        self._free = feed.hub.source.free_running
        policy: Policy = "wait" if self._free else "latest" if due is None else "drop-oldest"
        self._port = feed.attach(policy=policy, bound_us=WAITING_US, on_item=_nothing)
        if self._free:
            self._port.demand()
        self._next: Picture | None = None  # taken, and not due yet
        self.size: tuple[int, int] | None = None
        self.shown = 0
        self.left_out = 0

    def picture(self, at: int) -> Picture | None:
        """The newest picture that is due, once. The sink's thread."""
        limit = None if self._due is None else self._due(at)
        found: Picture | None = None
        while True:
            if self._next is None:
                item = self._port.take()
                self._next = item if isinstance(item, Picture) else None
            if self._next is None or (limit is not None and self._next.timestamp > limit):
                break
            self.left_out += found is not None
            found, self._next = self._next, None
            if limit is None and self._free:  # each in its turn
                break
        self.shown += found is not None
        return found

    @property
    def dropped(self) -> int:
        """Pictures that nobody saw: overtaken by newer ones, here or while they waited."""
        return self.left_out + self._port.dropped

    @property
    def finished(self) -> bool:
        """Whether the track has ended and its last picture was shown."""
        return self._port.finished and self._next is None

    def sound(self, length: int, at: int) -> npt.NDArray[np.float32]:  # noqa: ARG002 - pictures only
        """Silence, for a sink that asks for what it is not for."""
        return np.zeros((2, length), np.float32)

    def reconfigured(self, mode: Mode) -> None:
        """Take note of the window's size."""
        self.size = (getattr(mode, "width", 0), getattr(mode, "height", 0))

    def end(self, error: BaseException | None = None) -> None:
        """The window is gone."""
        self.close()
        if self._on_end is not None:
            self._on_end(error)

    def close(self) -> None:
        """Leave the track. Any thread; idempotent. The sink is the caller's to stop."""
        self._feed.detach(self._port)


def _nothing() -> None:
    """The sink looks by itself, at its own pace."""
