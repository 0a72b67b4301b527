"""`ChunkPort`: the queue of a consumer that takes encoded chunks where it can have them, and frames where not.

Not for: deciding when that is (``_rules/chunk_mode.py``) or what the track is like (``feed.py``).

Rules of the file: what is shown once is not shown again: a frame that lies before the end of what was passed is left
out. A chunk whose predecessors were dropped is dropped, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mediastreams._engine.frames import Chunk
from mediastreams._engine.port import Policy, SinkPort
from mediastreams._rules.chunk_mode import ChunkInput, ChunkMode, chunk_input, next_chunk_mode

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture, Sound
    from mediastreams._engine.room import Room

__all__ = ["ChunkPort"]


class ChunkPort(SinkPort):
    """A `SinkPort` for chunks, pictures and sounds. ``mode`` changes on the producer's side only.

    ``skipped`` counts the chunks that came before its first key frame.
    """

    __slots__ = ("_entry", "_until", "mode", "skipped")

    def __init__(self, policy: Policy, *, bound_us: int, on_item: Callable[[], None], room: Room | None = None) -> None:
        if policy == "latest":
            raise ValueError("chunks depend on each other: policy must be 'drop-oldest' or 'wait'")
        super().__init__(policy, bound_us=bound_us, on_item=on_item, room=room)
        self.mode = ChunkMode.WAITING
        self.skipped = 0
        self._until: int | None = None  # when the latest of what was handed on is over
        self._entry: int | None = None  # the timestamp of a key frame that was entered at, with others before it

    def put(self, item: Picture | Sound) -> None:
        """Take a frame, unless chunks tell the same. The producer's thread."""
        if self.mode is ChunkMode.DECODED and (self._until is None or item.timestamp >= self._until):
            self._until = item.timestamp + (item.duration or 1)
            super().put(item)

    def put_chunk(self, chunk: Chunk, *, plain: bool) -> None:
        """Take a chunk, or leave it out. The producer's thread."""
        before = self.mode
        with self._lock:
            self.mode = next_chunk_mode(before, chunk_input(key=chunk.key, plain=plain))
        if self.mode is not ChunkMode.PASSING:
            self.skipped += before is ChunkMode.WAITING
            return
        if before is not ChunkMode.PASSING and (self._until is not None or self.skipped):
            self._entry = chunk.timestamp
        if self._entry is not None and chunk.timestamp < self._entry:
            return  # it leads to the key frame from what is missing
        if chunk.key and chunk.timestamp != self._entry:
            self._entry = None
        end = chunk.timestamp + chunk.duration
        self._until = end if self._until is None else max(self._until, end)
        super().put(chunk)  # type: ignore[arg-type]  # its consumer takes chunks

    def take_any(self) -> Picture | Sound | Chunk | None:
        """`take`, of whatever kind."""
        return self.take()

    def set_muted(self, *, muted: bool) -> None:
        if muted:
            with self._lock:
                self.mode = next_chunk_mode(self.mode, ChunkInput.MUTED)
        super().set_muted(muted=muted)

    def _span(self) -> int:
        if not self.items:
            return 0
        return _when(self.items[-1]) - _when(self.items[0]) + (self.items[-1].duration or 0)

    def _drop_first(self) -> None:
        items = self.items
        dropped = items[0]
        super()._drop_first()
        if not isinstance(dropped, Chunk):
            return
        while items and isinstance(items[0], Chunk) and not items[0].key:
            super()._drop_first()
        if not items:
            self.mode = next_chunk_mode(self.mode, ChunkInput.DROPPED)


def _when(item: Picture | Sound | Chunk) -> int:
    return item.decode_timestamp if isinstance(item, Chunk) else item.timestamp
