"""What our outputs let be heard, for those who have to take it out of a microphone again.

Not for: rendering (``playout.py``) or for cancelling (``processor.py``).

Rules of the file: outputs report each block on their own threads, listeners take them on theirs; nothing waits for
anybody. While nobody listens an output does nothing for it. A listener that takes nothing forgets the oldest.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mediastreams._engine.frames import Sound
    from mediastreams.abc import Clock

__all__ = ["MOST_BLOCKS", "Block", "Ears", "heard"]

MOST_BLOCKS: Final = 256  # two and a half seconds of an output, in blocks of 10 ms


class Block(NamedTuple):
    """What one output sounds: stamped by when it is heard. ``ahead``: µs from the report until then."""

    output: int
    sound: Sound
    ahead: int


class Ears:
    """One listener, on one clock. ``remote_only``: what comes from peers, nothing else.

    Listens from `Heard.listen` on until it is forgotten. `take` belongs to one thread.
    """

    __slots__ = ("__weakref__", "_blocks", "clock", "remote_only")

    def __init__(self, clock: Clock, *, remote_only: bool = False) -> None:
        self.clock = clock
        self.remote_only = remote_only
        self._blocks: deque[Block] = deque(maxlen=MOST_BLOCKS)

    def put(self, block: Block) -> None:
        """Note a block. An output's thread."""
        self._blocks.append(block)

    def take(self) -> Block | None:
        """The oldest block that was not taken yet."""
        try:
            return self._blocks.popleft()
        except IndexError:
            return None


class _Heard:
    """Who plays tells it, who cancels asks it. One for the process; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ears: tuple[weakref.ref[Ears], ...] = ()

    def listen(self, ears: Ears) -> None:
        """Let ``ears`` have what is reported from now on; held weakly."""
        with self._lock:
            self._ears = (*(ref for ref in self._ears if ref() is not None), weakref.ref(ears))

    def by(self, clock: Clock, *, remote_only: bool) -> list[Ears]:
        """Those who want to know what is heard: all of it, or what comes from peers. Cheap where there is nobody."""
        found = [ears for ref in self._ears if (ears := ref()) is not None]
        return [ears for ears in found if ears.clock is clock and ears.remote_only == remote_only]

    def after_fork(self) -> None:
        """In a child nothing is heard yet, and nobody listens."""
        self.__init__()  # type: ignore[misc]  # begin anew


heard: Final = _Heard()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=heard.after_fork)
