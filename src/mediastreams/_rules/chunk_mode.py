"""When a track hands its source's encoded chunks to a consumer, and when it must decode: one transition table.

Not for: queues and frames (``_engine/chunk_port.py``).

A track passes chunks only while it is *plain*: enabled, unmuted and unadapted. A chunk refers to those before it, so
they are passed from a key frame on; whoever has left that mode, or has lost one, comes back at the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

__all__ = ["ChunkInput", "ChunkMode", "chunk_input", "next_chunk_mode"]


class ChunkMode(Enum):
    """What one consumer gets."""

    WAITING = auto()  # nothing, until a key frame
    PASSING = auto()  # chunks
    DECODED = auto()  # frames, or black and silence, until a key frame


class ChunkInput(Enum):
    """What happens: a chunk comes, the track is muted, the consumer's queue has dropped chunks."""

    KEY = auto()
    DEPENDENT = auto()
    NOT_PLAIN = auto()
    MUTED = auto()
    DROPPED = auto()


_TABLE: Final[Mapping[ChunkMode, Mapping[ChunkInput, ChunkMode]]] = MappingProxyType(
    {
        ChunkMode.WAITING: {
            ChunkInput.KEY: ChunkMode.PASSING,
            ChunkInput.DEPENDENT: ChunkMode.WAITING,
            ChunkInput.NOT_PLAIN: ChunkMode.DECODED,
            ChunkInput.MUTED: ChunkMode.WAITING,
            ChunkInput.DROPPED: ChunkMode.WAITING,
        },
        ChunkMode.PASSING: {
            ChunkInput.KEY: ChunkMode.PASSING,
            ChunkInput.DEPENDENT: ChunkMode.PASSING,
            ChunkInput.NOT_PLAIN: ChunkMode.DECODED,
            ChunkInput.MUTED: ChunkMode.DECODED,
            ChunkInput.DROPPED: ChunkMode.WAITING,
        },
        ChunkMode.DECODED: {
            ChunkInput.KEY: ChunkMode.PASSING,
            ChunkInput.DEPENDENT: ChunkMode.DECODED,
            ChunkInput.NOT_PLAIN: ChunkMode.DECODED,
            ChunkInput.MUTED: ChunkMode.DECODED,
            ChunkInput.DROPPED: ChunkMode.DECODED,
        },
    }
)


def chunk_input(*, key: bool, plain: bool) -> ChunkInput:
    """Name what a chunk is to a track that is or is not plain."""
    if not plain:
        return ChunkInput.NOT_PLAIN
    return ChunkInput.KEY if key else ChunkInput.DEPENDENT


def next_chunk_mode(mode: ChunkMode, happens: ChunkInput) -> ChunkMode:
    """Look up the mode that follows; a chunk is passed when that is `ChunkMode.PASSING`."""
    return _TABLE[mode][happens]
