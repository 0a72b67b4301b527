"""`Line`: one track on its way through a recording: its port, the item that waits, its encoder in the present file.

Not for: which item is taken when (``session.py``), which file is written when (``parts.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from av import Packet

    from mediastreams._engine.encoding.audio_encoder import AudioEncoder
    from mediastreams._engine.encoding.copied_audio import CopiedAudio
    from mediastreams._engine.encoding.copied_video import CopiedVideo
    from mediastreams._engine.encoding.intake import Intake
    from mediastreams._engine.encoding.parts import Part
    from mediastreams._engine.encoding.video_encoder import VideoEncoder
    from mediastreams._engine.frames import Chunk, Picture, Sound

__all__ = ["Line"]

_APART_US: Final = 1_000_000


class Line:
    """One track. Used by the recording's worker; the numbers may be read by any thread.

    ``frames``, ``dropped`` and ``began`` are of the files before the present one.
    """

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.head: Picture | Sound | Chunk | None = None
        self.video: VideoEncoder | CopiedVideo | None = None
        self.audio: AudioEncoder | CopiedAudio | None = None
        self.part: Part | None = None
        self.done = False
        self.black = False
        self.holding = False
        self.held: deque[Picture | Sound | Chunk] = deque()  # sound that waits to hear where its file ends
        self.frames = 0
        self.dropped = 0
        self.began: int | None = None

    def look(self) -> Picture | Sound | Chunk | None:
        """The item that waits, taken out of the port if need be."""
        if self.head is None:
            self.head = self.held.popleft() if self.held and not self.holding else self.intake.take()
        return self.head

    def hold(self, since: int) -> None:
        """Put aside what reaches beyond an instant, until it is known where the file ends."""
        self.holding = True
        while (item := self.look()) is not None and item.timestamp + (item.duration or 0) > since:
            self.held.append(item)
            self.head = None

    def let_go(self) -> None:
        """Go on with what was put aside."""
        if self.head is not None and self.holding and self.held:
            self.held.append(self.head)
            self.head = None
        self.holding = False

    def lags(self, other: Line, due: int) -> bool:
        """Whether what another line has for ``due`` waits until something comes here.

        Of two files that are read as fast as one likes one is faster: the recording's tracks are to stay together.
        """
        here, there = self.intake, other.intake
        apart = here.free and there.free and here.port.room is not there.port.room
        return apart and not self.finished and self.head is None and due - here.reach > _APART_US

    @property
    def finished(self) -> bool:
        """Whether nothing comes any more."""
        return self.done or (self.head is None and not self.held and self.intake.port.finished)

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to be written either: what waits in a port outlives it."""
        return self.finished and not len(self.intake.port)

    @property
    def span(self) -> int:
        """µs from the first picture to the last, over all files."""
        video = self.video
        if video is None or video.position is None:
            return 0
        return video.span if self.began is None else video.position - self.began

    @property
    def position(self) -> int:
        """How far it is written, µs of the clock."""
        track = self.video or self.audio
        position = None if track is None else track.position
        return position if position is not None else self.part.start if self.part is not None else 0

    def mux(self, packets: Iterable[Packet[Any]]) -> None:
        """Write packets to the present file."""
        assert self.part is not None
        self.part.writer.mux(packets)

    def enter(self, part: Part) -> None:
        """Write to that file from now on."""
        before, self.part = self.video, part
        if before is not None:
            self.frames += before.frames
            self.dropped += before.dropped
            if self.began is None and before.position is not None:
                self.began = before.position - before.span
        track = part.tracks[self]
        self.video = track if self.intake.kind == "video" else None  # type: ignore[assignment]
        self.audio = track if self.intake.kind == "audio" else None  # type: ignore[assignment]
