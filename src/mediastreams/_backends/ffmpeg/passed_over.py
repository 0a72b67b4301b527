"""`PassedOver`: the packets that nobody wanted decoded, as far as who comes next needs them.

Not for: decoding them (``lanes.py``). On the movie's thread; `__bool__` from any.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["PassedOver"]

_MOST_BYTES: Final = 64_000_000  # beyond them the next key frame is waited for


class PassedOver:
    """Packets since the key frame of what is due next: the decoder lacks what the next ones refer to.

    ``lost``: they were too many, and nothing can be decoded before the next key frame. ``restart``: they begin at one.
    """

    def __init__(self) -> None:
        self.lost = False
        self.restart = False
        self.packets: deque[tuple[Packet[Stream], int | None]] = deque()  # with the time of key frames but the first
        self._keys: deque[int] = deque()  # those times
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self.packets)

    def add(self, packet: Packet[Stream], media: int, waiting: int | None) -> None:
        """Remember a packet of media time ``media``. ``waiting``: when the first of those is due that wait their turn.

        Whatever was before the latest key frame that is not later than that, nobody needs any more.
        """
        later: int | None = None
        if packet.is_keyframe:
            if self.lost:
                self.forget()
            if self.packets:
                later = media
                self._keys.append(media)
            else:
                self.restart = True
        elif self.lost:
            return
        self.packets.append((packet, later))
        self._size += packet.size
        while self._keys and (waiting is None or self._keys[0] <= waiting):
            self._drop_to_key()
        if self._size > _MOST_BYTES:
            self.forget()
            self.lost = True

    def _drop_to_key(self) -> None:
        self._keys.popleft()
        self._drop()
        while self.packets[0][1] is None:
            self._drop()
        self.packets[0] = self.packets[0][0], None
        self.restart = True

    def _drop(self) -> tuple[Packet[Stream], int | None]:
        packet, later = self.packets.popleft()
        self._size -= packet.size
        return packet, later

    def pop(self) -> Packet[Stream]:
        """Take the oldest."""
        packet, later = self._drop()
        if later is not None:
            self._keys.popleft()
        return packet

    def forget(self) -> None:
        """Begin anew, wherever that is."""
        self.packets.clear()
        self._keys.clear()
        self._size = 0
        self.lost = self.restart = False
