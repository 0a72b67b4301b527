"""`SinkPort`: the bounded queue between a track's feed and one consumer.

Not for: knowing who consumes. The producer's thread puts, the consumer's thread takes, anyone closes.

Rules of the file: the bound is media time; every drop is counted; `ended` and `muted` travel beside the
frames and never take a frame's place; ``close`` takes no lock, since finalisers call it. The lock is
reentrant, because the collector may run somebody's finaliser, which may stop the track, while it is held.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mediastreams._engine.frames import Sound

if TYPE_CHECKING:
    from mediastreams._engine.frames import Chunk, Picture
    from mediastreams._engine.room import Room

__all__ = ["DEFAULT_BOUND_US", "Policy", "SinkPort"]

Policy: TypeAlias = Literal["latest", "drop-oldest", "wait"]

DEFAULT_BOUND_US: Final = 1_000_000
"""One second: the default bound of ``drop-oldest`` and ``wait``."""
_MOST_ITEMS: Final = 4096  # when timestamps stand still or jump back, media time bounds nothing: this does
_MANY_ITEMS: Final = 64  # pictures are large, however close their times are


class SinkPort:
    """One consumer's queue. Lives from `TrackFeed.attach` until `close`.

    ``latest``: one frame waits, the newest wins. ``drop-oldest``: at most ``bound_us`` of media wait, and at most
    ``most_items``; the next `Sound` after a drop carries the size of the gap. ``wait``: nothing is dropped; the source,
    which must have a free clock, is held back. ``pictures``: nothing else comes. ``on_item`` is called on the
    producer's thread after every change: it must be tiny.
    """

    __slots__ = (
        "__weakref__",
        "_gap",
        "_lock",
        "_newest_picture",
        "_on_item",
        "bound_us",
        "closed",
        "cut",
        "delivered",
        "demanded",
        "drain",
        "dropped",
        "ended",
        "items",
        "lossless",
        "most_items",
        "muted",
        "policy",
        "reach",
        "room",
    )

    def __init__(
        self,
        policy: Policy,
        *,
        bound_us: int,
        on_item: Callable[[], None],
        room: Room | None = None,
        pictures: bool = False,
    ) -> None:
        self.policy: Policy = policy
        self._newest_picture = pictures and policy == "latest" and room is None
        self.bound_us = bound_us
        self.closed = False
        self.ended = False
        self.cut = False  # stopped: what waited is gone, and what a consumer holds ready is not to be handed out
        self.muted = False
        self.demanded = False
        self.drain = False
        self.most_items = _MOST_ITEMS
        self.lossless = False  # a recording's: a program that makes the frames waits while it is `far_behind`
        self.delivered = 0
        self.dropped = 0
        self.reach = 0  # µs: how far what has come reaches; of a picture, its beginning; but for ``latest``
        self._gap = 0
        self.items: deque[Picture | Sound | Chunk] = deque()  # a chunk only where it was asked for: `ChunkPort`
        self._lock = threading.RLock()
        self._on_item = on_item
        self.room = room

    def __len__(self) -> int:
        return len(self.items)

    @property
    def finished(self) -> bool:
        """Ended (or closed), and everything was taken."""
        return self.closed or (self.ended and not self.items)

    @property
    def full(self) -> bool:
        """Whether the bound is reached; only ``wait`` asks."""
        with self._lock:
            return self._span() >= self.bound_us or len(self.items) >= self.most_items

    @property
    def far_behind(self) -> bool:
        """Whether so much waits that its consumer loses some if it goes on like that. For ``drop-oldest``."""
        with self._lock:
            return 2 * self._span() >= self.bound_us or len(self.items) >= _MANY_ITEMS

    def _span(self) -> int:
        if not self.items:
            return 0
        first, last = self.items[0], self.items[-1]
        return last.timestamp - first.timestamp + (last.duration or 0)

    def put(self, item: Picture | Sound) -> None:
        """Add one item; drop what the policy says. The producer's thread."""
        with self._lock:  # `stop` holds it, too: after that nothing gets in
            if self.closed or self.ended:
                return
            items = self.items
            if self.policy == "latest":
                if items:
                    self._drop_first()
                items.append(item)
            else:
                self.reach = item.timestamp + (item.duration if isinstance(item, Sound) else 1)
                items.append(item)
                if self.policy == "drop-oldest":
                    while len(items) > 1 and (self._span() > self.bound_us or len(items) > self.most_items):
                        self._drop_first()
        if self.room is not None and self.room.news is not None:
            self.room.news.append(self)
        else:
            self._on_item()

    def announce(self) -> None:
        """Tell the consumer that it should look: for `Room.together`."""
        self._on_item()

    def _drop_first(self) -> None:
        item = self.items.popleft()
        self.dropped += 1
        if isinstance(item, Sound):
            self._gap += item.gap + item.length

    def take(self) -> Picture | Sound | None:
        """The oldest waiting item, or ``None``. Never blocks. The consumer's thread."""
        if not self.items:  # most looks find nothing, and need no lock to see it
            return None
        if self._newest_picture:  # FAST-PATH: nothing but a count goes with it, so no lock
            try:
                newest = self.items.popleft()
            except IndexError:
                return None
            self.delivered += 1
            return newest  # type: ignore[return-value]  # see `ChunkPort.take_any`
        with self._lock:
            item = self.items.popleft() if self.items else None
            gap = 0
            if item is not None:
                self.delivered += 1
                gap, self._gap = self._gap, 0
        if self.room is not None and item is not None:
            self.room.changed()
        if gap and isinstance(item, Sound):
            return Sound(item.samples, item.sample_rate, item.timestamp, item.layout, item.gap + gap, item.metadata)
        return item  # type: ignore[return-value]  # see `ChunkPort.take_any`

    def overtaken(self, count: int) -> None:
        """Take note that so many items were taken, and then overtaken by newer ones after all."""
        with self._lock:
            self.delivered -= count
            self.dropped += count

    def demand(self) -> None:
        """Say that the consumer waits for its first frame: a source with a free clock begins then, and not before."""
        self.demanded = True
        if self.room is not None:
            self.room.changed()

    def set_muted(self, *, muted: bool) -> None:
        """Tell the consumer that nothing (or something again) comes. The producer's side."""
        if self.muted != muted:
            self.muted = muted
            self._on_item()

    def end(self) -> None:
        """Tell the consumer that nothing follows what already waits. Idempotent."""
        if not self.ended:
            self.ended = True
            self._on_item()

    def stop(self) -> None:
        """End at once: the track was stopped, and nothing more is delivered. Any thread; idempotent."""
        with self._lock:
            self.ended = self.cut = True
            self.items.clear()
        self._on_item()

    def discard(self) -> None:
        """Throw away what waits: its consumer has closed it."""
        with self._lock:
            self.items.clear()

    def close(self) -> None:
        """Detach. Idempotent, from any thread, takes no lock; the feed forgets the port at its next turn."""
        self.closed = True

    def after_fork(self) -> None:
        """In a child nothing comes any more, and the lock may be held by a thread that is not there."""
        self._lock = threading.RLock()
        self.items = deque()
        self.ended = self.cut = True
        self.closed = True
