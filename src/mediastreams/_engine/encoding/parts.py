"""`Parts`: the files of one recording, one after the other.

Not for: what goes into them (``session.py``), what they are called (the function that opens them).

Rules of the file: where one file ends (its *seam*) the next one begins, at the same instant for all tracks; each track
goes over when it reaches the seam, so that for a moment two files are open and nothing is lost of a track that is late.
Every file has encoders of its own: it begins with a key frame, and plays alone. Where pictures are copied, the seam is
at a key frame of theirs, and sound waits to hear when that is.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from mediastreams._engine.clock import wall_time
from mediastreams._engine.encoding.audio_encoder import AudioEncoder
from mediastreams._engine.encoding.codecs import KeyFrames, VideoPlan
from mediastreams._engine.encoding.copied_video import CopiedVideo
from mediastreams._engine.encoding.held_packets import HeldPackets
from mediastreams._engine.encoding.video_encoder import VideoEncoder
from mediastreams._engine.encoding.writer import Writer
from mediastreams._engine.frames import Chunk, Picture, Sound

if TYPE_CHECKING:
    from datetime import datetime

    from mediastreams._engine.encoding.copied_audio import CopiedAudio
    from mediastreams._engine.encoding.line import Line
    from mediastreams._engine.encoding.session import Plan
    from mediastreams._engine.encoding.target import Target

__all__ = ["SINGLE", "Part", "Parts", "Splitting", "Written"]

_HOLD_US: Final = 12_000_000  # how long sound waits for a key frame of copied pictures
_UNWRITTEN_US: Final = 750_000  # what encoder and fragment hold, about
_HOLD_KEYS: Final = KeyFrames(1_000_000)  # while nobody knows where the file will begin

_Track: TypeAlias = "VideoEncoder | CopiedVideo | AudioEncoder | CopiedAudio"


@dataclass(frozen=True, slots=True)
class Splitting:
    """How a recording is divided into files; times in µs. ``keep``: older files are removed again.

    ``hold``: no file is begun before `Parts.trigger`; the last so many µs, at most ``hold_bytes``, go into it then.
    """

    length: int | None = None
    bytes: int | None = None
    keep: int | None = None
    hold: int | None = None
    hold_bytes: int = 0


SINGLE: Final = Splitting()
"""One file."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file that is done. ``start``: µs after the recording's."""

    path: str
    start: int
    duration: int
    size: int
    frames: int


class Part:
    """One file on its way. ``seam``: where it ends and the next begins; ``due``: when it should."""

    def __init__(self, writer: Writer, start: int, number: int) -> None:
        self.writer = writer
        self.start = start
        self.number = number
        self.tracks: dict[Line, _Track] = {}
        self.seam: int | None = None
        self.due: int | None = None
        self.waiting = False
        self.next: Part | None = None

    @property
    def position(self) -> int:
        """How far it reaches, µs of the clock."""
        return self.start + self.writer.end_us


class Parts:
    """The files of a recording. Used by its worker; `size` and `written` may be read by any thread.

    ``open_target`` makes a target for the next file and ``open_file`` opens that when there is something to write;
    ``None``: there is one target only.
    """

    def __init__(
        self,
        plan: Plan,
        target: Target,
        *,
        splitting: Splitting,
        open_target: Callable[[], Target] | None,
        open_file: Callable[[Target, int, datetime], None] | None,
    ) -> None:
        self.written: deque[Written] = deque()
        self.began = 0
        self._end = 0
        self._plan = plan
        self._first_target: Target | None = target
        self._splitting = splitting
        self._open_target = open_target
        self._open_file = open_file
        self._open: list[Part] = []
        self._count = 0
        self._done_size = 0
        self._done_frames = 0
        self._done_us = 0
        self._free = False

    # ── any thread ──────────────────────────────────────────────────────────────────────────────

    @property
    def present(self) -> Part | None:
        """The newest file."""
        return self._open[-1] if self._open else None

    @property
    def several(self) -> bool:
        """Whether a file can follow another."""
        return self._open_target is not None

    @property
    def copies_video(self) -> bool:
        """Whether the present file's seam must be at a key frame that is not ours."""
        part = self.present
        return part is not None and any(isinstance(track, CopiedVideo) for track in part.tracks.values())

    @property
    def size(self) -> int:
        """Bytes written, to all files."""
        return self._done_size + sum(part.writer.target.size for part in tuple(self._open))

    @property
    def position(self) -> int:
        """How long the recording is, µs; where files wait for events, how long they are together."""
        if self._splitting.hold is not None:
            return self._done_us + sum(part.writer.end_us for part in tuple(self._open))
        return max((part.position for part in tuple(self._open)), default=self._end) - self.began

    @property
    def frames(self) -> int:
        """How many pictures of the first track are in the files."""
        return self._done_frames + sum(part.writer.pictures for part in tuple(self._open))

    def hurry(self) -> None:
        """The recording is to end: wait for no reader. Any thread."""
        for target in [self._first_target, *(part.writer.target for part in tuple(self._open))]:
            if target is not None:
                target.hurry()

    # ── the worker ──────────────────────────────────────────────────────────────────────────────

    def begin(self, lines: Sequence[Line], start: int) -> None:
        """Begin the first file. Raises as `Writer` does."""
        self.began = self._end = start
        self._free = any(line.intake.free for line in lines)
        part = self._begin(lines, start)
        for line in lines:
            line.enter(part)

    def _begin(self, lines: Sequence[Line], start: int) -> Part:
        target, self._first_target = self._first_target, None
        if target is None:
            assert self._open_target is not None
            target = self._open_target()
        try:
            writer = Writer(self._plan.container, target, self._plan.options)
        except BaseException:
            target.close()
            raise
        part = Part(writer, start, self._count)
        self._open.append(part)  # from here on `close` looks after it
        for line in lines:
            part.tracks[line] = _open_track(self._plan, writer, line, _HOLD_KEYS if self._splitting.hold else None)
        if self._splitting.hold is not None:
            part.waiting = True
            writer.hold(start, HeldPackets(self._splitting.hold, self._splitting.hold_bytes))
        else:
            self._open_at(part)
            writer.start(start)
        return part

    def _open_at(self, part: Part) -> None:
        """The file is written from now on: it has a name, and an end that is known or not."""
        made = wall_time(_now() if self._free else part.start)
        if self._open_file is not None:
            self._open_file(part.writer.target, part.number, made)
        self._count += 1
        part.writer.describe(made)
        if self._splitting.length is not None:
            part.due = part.start + self._splitting.length
            if not self.copies_video:
                part.seam = part.due

    def trigger(self, instant: int) -> Part | None:
        """Begin the file that is waited with, so long before that instant; ``None`` when none is."""
        part = self.present
        if part is None or not part.waiting or self._splitting.hold is None:
            return None
        part.waiting = False
        encoding_since = part.start
        since = max(0, instant - self._splitting.hold - part.start)
        # the name and the date are of the first instant, which the packets decide
        part.start = encoding_since + part.writer.entry(since)
        self._open_at(part)
        part.writer.release(since)
        if not self.written and len(self._open) == 1:
            self.began = part.start
        return part

    def look(self, lines: Sequence[Line]) -> None:
        """Decide where the present file ends, as far as that is to be seen now; close those that are left."""
        part = self.present
        if part is None:
            return
        if self._is_full(part):
            reached = max(line.position for line in lines) + 1
            part.due = reached if part.due is None else min(part.due, reached)
            if not self.copies_video:
                part.seam = part.due
        videos = [line for line in lines if line.video is not None]
        if part.due is not None and part.seam is None and all(line.finished for line in videos):
            shown = max((line.position for line in videos), default=part.due)  # no key frame comes any more
            part.seam = max(part.due, shown + (self._splitting.length or 0))
        for old in self._open[:-1]:
            if any(line.part is old and not line.finished for line in lines):
                return  # a track that is far behind goes through the files after it, too
            self._close(old)

    def _is_full(self, part: Part) -> bool:
        """Whether the file has as many bytes as one shall have, once it is ended: what was begun is still written."""
        limit = self._splitting.bytes
        if limit is None or part.waiting or part.next is not None:
            return False
        size, length = part.writer.target.size, part.writer.end_us
        return length > 0 and size + size * _UNWRITTEN_US / length >= limit

    def decide(self, line: Line, item: Picture | Sound | Chunk) -> bool:
        """Whether the item may be written now; sound waits while the end of its file is not known."""
        part = line.part
        assert part is not None
        if part.due is None or part.seam is not None:
            return True
        if isinstance(item, Chunk) and line.video is not None:
            if item.key and item.timestamp >= part.due and isinstance(line.video, CopiedVideo):
                part.seam = item.timestamp
            return True
        if line.audio is None or item.timestamp + (item.duration or 0) <= part.due:
            return True
        if item.timestamp > part.due + _HOLD_US:
            part.seam = item.timestamp
            return True
        return False

    def bring(self, line: Line, instant: int, lines: Sequence[Line]) -> None:
        """Have a track go over to the file that an instant belongs to."""
        while not line.done and line.part is not None and line.part.seam is not None and instant >= line.part.seam:
            self.go_over(line, lines)

    def go_over(self, line: Line, lines: Sequence[Line]) -> None:
        """Have a track go over to the next file, which is begun if it is not there."""
        part, audio, video = line.part, line.audio, line.video
        assert part is not None
        assert part.seam is not None
        if part.next is None:
            part.next = self._begin([one for one in lines if one is line or not one.over], part.seam)
        if line not in part.next.tracks:
            line.done = True
            return
        line.enter(part.next)
        if isinstance(line.audio, AudioEncoder) and isinstance(audio, AudioEncoder):
            line.audio.cut = part.next.seam
            line.mux(line.audio.go_on_from(audio))
        if isinstance(line.video, VideoEncoder) and isinstance(video, VideoEncoder):
            line.video.go_on_from(video)

    def _close(self, part: Part) -> None:
        try:
            part.writer.close()
        finally:
            self._open.remove(part)
            if part.writer.target.size:
                self._note(part)

    def _note(self, part: Part) -> None:
        target, duration, frames = part.writer.target, part.writer.end_us, part.writer.pictures
        self._end = max(self._end, part.position)
        self._done_us += duration
        self._done_frames += frames
        self._done_size += target.size
        self.written.append(Written(target.name, part.start - self.began, duration, target.size, frames))
        keep = self._splitting.keep
        while keep is not None and len(self.written) > keep:
            with contextlib.suppress(OSError):
                Path(self.written.popleft().path).unlink()

    def close(self) -> None:
        """End all files that are open.

        Raises: the first error; the others are ended nevertheless.
        """
        error: BaseException | None = None
        if self._first_target is not None:
            self._first_target.close()
            self._first_target = None
        while self._open:
            try:
                self._close(self._open[0])
            except BaseException as raised:  # noqa: BLE001 - raised below, when all are closed
                error = error or raised
        if error is not None:
            raise error


def _now() -> int:
    from mediastreams._engine.clock import get_clock

    return get_clock().now_us()


def _open_track(plan: Plan, writer: Writer, line: Line, keys: KeyFrames | None) -> _Track:
    """Open what writes one track, as its first item or the former file's track says."""
    intake, head = line.intake, line.head
    if intake.format is not None:
        if intake.kind == "video":
            return writer.copy_video(intake.format, intake.label)
        return writer.copy_audio(intake.format, intake.label)
    if intake.kind == "video":
        assert plan.video is not None
        first = head if isinstance(head, Picture) else line.video.last if isinstance(line.video, VideoEncoder) else None
        rate = intake.frame_rate or (1e6 / first.duration if first is not None and first.duration else 30.0)
        made = VideoPlan(
            first.width if first is not None else intake.width or 0,
            first.height if first is not None else intake.height or 0,
            min(max(rate, 1.0), 240.0),
            plan.video_bit_rate,
            key_frames=plan.key_frames or keys or KeyFrames(),
            tag=plan.video_tag,
        )
        return writer.add_video(plan.video, made, first, intake.label)
    assert plan.audio is not None
    rate, layout = intake.sample_rate or 48_000, intake.layout
    if isinstance(line.audio, AudioEncoder):
        rate, layout = line.audio.source
    elif isinstance(head, Sound):
        rate, layout = head.sample_rate, head.layout
    return writer.add_audio(
        plan.audio, sample_rate=rate, layout=layout, bit_rate=plan.audio_bit_rate, label=intake.label
    )
