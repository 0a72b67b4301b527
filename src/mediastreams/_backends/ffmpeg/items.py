"""What waits its turn in a lane: pictures, sounds, chunks with their media times; and sounds put together.

Not for: how they come to be (``lanes.py``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    import av
    import numpy.typing as npt

    from mediastreams._backends.ffmpeg.chunks import Coded

__all__ = ["LONGEST_SOUND_US", "Item", "Samples", "joined"]

LONGEST_SOUND_US: Final = 100_000
_Lane = TypeVar("_Lane")


@dataclass(frozen=True, slots=True)
class Samples:
    """A sound without its time."""

    data: npt.NDArray[np.float32]
    rate: int
    layout: str


@dataclass(slots=True)
class Item:
    """Something due at ``media`` µs; nothing but the passing of time when ``payload`` is ``None``."""

    media: int
    duration: int | None
    media_time: int  # of a picture that was shown before already: when that began
    payload: av.VideoFrame | Samples | Coded | None


def joined(found: deque[tuple[_Lane, Item]]) -> deque[tuple[_Lane, Item]]:
    """Put sounds together that follow one another, to 100 ms at most. Other items keep their order, and each lane's.

    FAST-PATH: a codec's frames are short (21 ms in AAC), and each costs its way to the consumer.
    """
    out: deque[tuple[_Lane, Item]] = deque()
    groups: dict[_Lane, list[Item]] = {}
    for lane, item in found:
        if not isinstance(item.payload, Samples):
            out.append((lane, item))
            continue
        group = groups.setdefault(lane, [])
        if group and not _follows(group, item):
            out.append((lane, _one_of(group)))
            group.clear()
        group.append(item)
    out.extend((lane, _one_of(group)) for lane, group in groups.items())
    return out


def _follows(group: list[Item], item: Item) -> bool:
    """Whether a sound goes on where a group ends, in the same form, and they are not too long together."""
    first, sound = group[0].payload, item.payload
    assert isinstance(first, Samples)
    assert isinstance(sound, Samples)
    if (sound.rate, sound.layout, sound.data.shape[0]) != (first.rate, first.layout, first.data.shape[0]):
        return False
    length = sum(one.payload.data.shape[1] for one in group if isinstance(one.payload, Samples))
    end = group[0].media + length * 1_000_000 / first.rate
    longest = first.rate * LONGEST_SOUND_US // 1_000_000
    return bool(abs(item.media - end) < 2) and length + sound.data.shape[1] <= longest


def _one_of(group: list[Item]) -> Item:
    """One item of those of a group."""
    first = group[0]
    if len(group) == 1:
        return first
    sounds = [one.payload for one in group if isinstance(one.payload, Samples)]
    data = np.concatenate([sound.data for sound in sounds], axis=1)
    data.flags.writeable = False
    return Item(first.media, None, first.media_time, Samples(data, sounds[0].rate, sounds[0].layout))
