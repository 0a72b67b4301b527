"""`Pacer`: a large frame's packets leave a few at a time, so that small links and small buffers take them.

Rules of the file: what is small leaves at once, without a timer. What has waited for too long is dropped whole, up to
the next key frame: a viewer that cannot follow gets fewer pictures, not older ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mediastreams.webrtc.sending.packet_writer import SentFrame

__all__ = ["Pacer"]

_BURST: Final = 10  # packets that leave together
_SLOT_S: Final = 0.005
_FASTER: Final = 2.5  # than the media's rate
_LEAST_RATE: Final = 300_000  # bits a second
_OLDEST_US: Final = 400_000


class Pacer:
    """The frames of one sender that wait. On one loop.

    ``send(frame, most)`` sends a frame's next packets and answers their bytes. ``rate`` is what the media, or the link
    if that takes less, has: bits a second.
    """

    def __init__(self, send: Callable[[SentFrame, int], int], *, on_dropped: Callable[[], None]) -> None:
        self._send = send
        self._on_dropped = on_dropped
        self._frames: deque[SentFrame] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.rate = 1_000_000

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: SentFrame, loop: asyncio.AbstractEventLoop, now: int) -> bool:
        """Send a frame, or its beginning. False: frames before it are too old, and it was dropped with them.

        Raises:
            ConnectionError: the transport cannot send.
        """
        frames = self._frames
        if frames:
            if now - frames[0].queued > _OLDEST_US:
                self.clear()
                self._on_dropped()
                return False
            frame.queued = now
            frames.append(frame)
            return True
        self._send(frame, _BURST)
        if frame.next < len(frame.payloads):
            frame.queued = now
            frames.append(frame)
            self._timer = loop.call_later(_SLOT_S, self._slot, loop)
        return True

    def _slot(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        budget = max(self.rate, _LEAST_RATE) * _FASTER * _SLOT_S / 8
        frames = self._frames
        try:
            while frames and budget > 0:
                frame = frames[0]
                budget -= self._send(frame, max(1, int(budget / 1200)))
                if frame.next >= len(frame.payloads):
                    frames.popleft()
        except ConnectionError:
            self.clear()
            self._on_dropped()
            return
        if frames:
            self._timer = loop.call_later(_SLOT_S, self._slot, loop)

    def clear(self) -> None:
        """Forget what waits."""
        self._frames.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
