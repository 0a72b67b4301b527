"""`PictureAssembly`: packets of pictures, in whatever order they come, into whole frames in the order of decoding.

Not for: asking again for what is missing (``_rules/missing_packets.py``) or for decoding.

Rules of the file: a frame is handed on as soon as it is whole and all before it were. Where something is missing it is
waited for while it is sought; a key frame that is whole ends the wait. What comes after a loss is left out up to the
next key frame. At most so many packets wait, whatever comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams.webrtc.rtp.formats import format_of

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import Codec

__all__ = ["PictureAssembly", "Piece", "WholePicture"]

_MOST_PACKETS: Final = 4096
_MOST_BYTES: Final = 32_000_000
_MOST_KEYS: Final = 32
_MOST_KEYLESS: Final = 512  # while nothing can be begun with them


@dataclass(frozen=True, slots=True)
class Piece:
    """One packet's part of a picture. ``stamp`` without wrap-around, ``arrival`` in µs."""

    codec: Codec
    payload: bytes
    stamp: int
    marker: bool
    arrival: int

    def begins_key(self) -> bool:
        """Whether a key frame begins here. Malformed payloads begin nothing."""
        if not self.payload:
            return False
        try:
            info = format_of(self.codec.name).inspect(self.payload)
        except ValueError:
            return False
        return info.start and info.key


@dataclass(frozen=True, slots=True)
class WholePicture:
    """A frame as the decoder takes it. ``after_loss``: what it would refer to is missing, but it is a key frame."""

    codec: Codec
    data: bytes
    stamp: int
    arrival: int
    key: bool
    after_loss: bool


class PictureAssembly:
    """The packets of one source that wait. ``sought``: tells whether the packet at a place may still come.

    ``needs_key``: nothing can be handed on before a key frame. ``dropped`` counts frames that were begun and left out.
    """

    def __init__(self, sought: Callable[[int], bool]) -> None:
        self.needs_key = True
        self.dropped = 0
        self.sought = sought
        self._pieces: dict[int, Piece] = {}
        self._bytes = 0
        self._next: int | None = None  # where the next frame begins
        self._seen = 0  # up to here it is there, without its end
        self._key_starts: dict[int, int] = {}  # the stamp of what may be a key frame → its earliest packet

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def next_place(self) -> int | None:
        """What stands before is not needed any more."""
        return self._next

    def add(self, place: int, piece: Piece) -> None:
        """Take in a packet."""
        if place in self._pieces or (self._next is not None and place < self._next):
            return  # twice, or too late
        self._pieces[place] = piece
        self._bytes += len(piece.payload)
        if piece.begins_key():
            self._key_starts[piece.stamp] = min(place, self._key_starts.get(piece.stamp, place))
            if len(self._key_starts) > _MOST_KEYS:
                del self._key_starts[next(iter(self._key_starts))]
        if self.needs_key and not self._key_starts and len(self._pieces) > _MOST_KEYLESS:
            self._forget(before=sorted(self._pieces)[_MOST_KEYLESS // 2])
        if len(self._pieces) > _MOST_PACKETS or self._bytes > _MOST_BYTES:
            self.lose()

    def lose(self) -> None:
        """Forget everything that waits: it makes no sense any more."""
        self.dropped += len({piece.stamp for piece in self._pieces.values()})
        self._pieces.clear()
        self._key_starts.clear()
        self._bytes = 0
        self._next = None
        self.needs_key = True

    def take(self) -> Iterator[WholePicture]:
        """The frames that are whole now."""
        while True:
            if self.needs_key and not self._find_key():
                return
            found = self._whole_from(self._next)  # type: ignore[arg-type]  # set where no key frame is needed
            if found is None and not self._get_over_hole():
                return
            if found is not None and (picture := self._put_together(*found)) is not None:
                yield picture

    def _find_key(self) -> bool:
        """Begin at the oldest key frame that is there; what stands before it is of no use."""
        for place in sorted(self._key_starts.values()):
            if place == self._next:
                return True
            piece, before = self._pieces[place], self._pieces.get(place - 1)
            if before is not None and before.stamp == piece.stamp and not before.marker:
                continue  # a later part of what a key frame needs
            if before is None and self.sought(place - 1):
                return False
            self._begin_at(place)
            return True
        return False

    def _begin_at(self, place: int) -> None:
        self._leave_out(before=place)
        self._next = self._seen = place

    def _leave_out(self, before: int) -> None:
        self.dropped += len({one.stamp for at, one in self._pieces.items() if at < before})
        self._forget(before)

    def _forget(self, before: int) -> None:
        for place in [place for place in self._pieces if place < before]:
            piece = self._pieces.pop(place)
            self._bytes -= len(piece.payload)
            if self._key_starts.get(piece.stamp) == place:
                del self._key_starts[piece.stamp]

    def _whole_from(self, start: int) -> tuple[int, int] | None:
        """The places of the frame that begins there, the last one included; ``None``: it is not whole."""
        pieces = self._pieces
        while (first := pieces.get(start)) is not None and not first.payload and start == self._next:
            start += 1  # padding between frames
            self._next = self._seen = start
        if first is None:
            return None
        place = max(start, self._seen) if start == self._next else start
        while not pieces[place].marker:
            following = pieces.get(place + 1)
            if following is None:
                if start == self._next:
                    self._seen = place
                return None
            if following.stamp != first.stamp:
                break
            place += 1
        return start, place

    def _get_over_hole(self) -> bool:
        """Go on behind what is missing, if it does not come any more. Whether there is something to go on with."""
        assert self._next is not None
        hole = self._seen + 1 if self._next in self._pieces else self._next
        for place in sorted(start for start in self._key_starts.values() if start > hole):
            if self._whole_from_key(place):
                self._begin_at(place)
                self.needs_key = True  # told as such: nothing before it was handed on
                return True
        if self.sought(hole):
            return False
        self._leave_out(before=hole + 1)
        self._next = None
        self.needs_key = True
        return True

    def _whole_from_key(self, place: int) -> bool:
        before, piece = self._pieces.get(place - 1), self._pieces[place]
        if before is None or (before.stamp == piece.stamp and not before.marker):
            return False
        return self._whole_from(place) is not None

    def _put_together(self, start: int, end: int) -> WholePicture | None:
        pieces = [self._pieces[place] for place in range(start, end + 1)]
        first, after_loss = pieces[0], self.needs_key
        self._next = self._seen = end + 1
        self._forget(before=end + 1)
        payload_format = format_of(first.codec.name)
        try:
            data = payload_format.depacketize([piece.payload for piece in pieces if piece.payload])
        except ValueError:
            self.dropped += 1
            self.needs_key = True
            return None
        key = payload_format.is_key(data)
        if after_loss and not key:
            self.dropped += 1
            return None
        self.needs_key = False
        return WholePicture(first.codec, data, first.stamp, first.arrival, key, after_loss)
