"""`Session`: the worker of one recording, from the tracks' ports to the file.

Not for: what the user sees (``recording/``), encoding and muxing (``writer.py``).

Rules of the file: one thread a recording; frames of all tracks are taken oldest first. Nothing is written before
every track has shown its first frame, or has had time to. The recording's 0 is the earliest first timestamp.
A live track that is muted or silent is filled: black, silence, or the last picture again, so that the file goes
on for all tracks. `stop` ends it with what has been delivered by then.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mediastreams._engine.encoding.audio_encoder import AudioEncoder
from mediastreams._engine.encoding.copied_audio import CopiedAudio
from mediastreams._engine.encoding.copied_video import CopiedVideo
from mediastreams._engine.encoding.line import Line
from mediastreams._engine.encoding.parts import SINGLE, Parts
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams._engine.worker import Worker
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from datetime import datetime

    from av import Packet

    from mediastreams._engine.encoding.codecs import EncoderModel, KeyFrames
    from mediastreams._engine.encoding.intake import Intake
    from mediastreams._engine.encoding.parts import Part, Splitting
    from mediastreams._engine.encoding.target import Target
    from mediastreams._engine.encoding.video_encoder import VideoEncoder
    from mediastreams._engine.encoding.writer import Options
    from mediastreams.abc import Clock

__all__ = ["Counts", "Plan", "Session"]

_logger = logging.getLogger(__name__)

_FIRST_US: Final = 750_000  # how long a track may take to show its first frame before the others go on
_LATEST_US: Final = 5_000_000  # the same for a track whose size or rate nobody knows
_KEY_US: Final = 12_000_000  # the same for one whose chunks begin at a key frame
_TICK_US: Final = 100_000
_MUTED_LAG_US: Final = 200_000  # how far behind the clock a muted track is filled
_SILENT_LAG_US: Final = 1_000_000  # the same for one that should deliver and does not
_REPEAT_US: Final = 500_000
_LATE_US: Final = 250_000  # after the planned end: what was captured before it has arrived by then
_PROGRESS_US: Final = 250_000
_BATCH: Final = 16
_NO_LEVEL: Final = -math.inf


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. ``video`` and ``audio`` are the chosen encoders; a kind without one is not recorded."""

    container: str
    video: EncoderModel | None
    audio: EncoderModel | None
    options: Options
    video_bit_rate: int | None = None
    audio_bit_rate: int | None = None
    duration: int | None = None
    key_frames: KeyFrames | None = None
    video_tag: str | None = None
    splitting: Splitting = SINGLE


@dataclass(frozen=True, slots=True)
class Counts:
    """A recording's numbers, while it runs and at its end. Times in µs, levels in dBFS.

    ``span`` is from the first picture to the last.
    """

    duration: int
    span: int
    frames: int
    dropped: int
    size: int
    width: int | None
    height: int | None
    sample_rate: int | None
    channels: int | None
    peak: float
    rms: float
    path: str = ""
    waiting: bool = False
    held: int = 0


class Session:
    """One recording. Owns the target, the ports and the worker; ``done`` is called on the worker, last of all.

    ``attend`` is called on the worker, too, again and again: with ``None`` while the first frames are awaited, then
    with how far the file reaches, µs. What it does shall be quick. ``open_target``, ``open_file``: see `Parts`.
    """

    def __init__(
        self,
        plan: Plan,
        intakes: Sequence[Intake],
        target: Target,
        clock: Clock,
        *,
        done: Callable[[], None],
        progress: Callable[[Counts], None] | None = None,
        attend: Callable[[int | None], None] | None = None,
        open_target: Callable[[], Target] | None = None,
        open_file: Callable[[Target, int, datetime], None] | None = None,
    ) -> None:
        self.error: BaseException | None = None
        self._plan = plan
        self._lines = [Line(intake) for intake in intakes]
        self._clock = clock
        self._wake = clock.wake()
        self.parts = Parts(plan, target, splitting=plan.splitting, open_target=open_target, open_file=open_file)
        self._all = tuple(self._lines)
        self._orders: deque[tuple[int, float | None]] = deque()
        self._done = done
        self._progress = progress
        self._attend = attend
        self._next_progress = 0
        self._start: int | None = None
        self._end: int | None = None
        self._stopping = False
        self._stopped_at = 0
        self._peak = 0.0
        self._energy = 0.0
        self._energy_samples = 0
        self._worker = Worker("recorder", self._run, finish=self.stop)

    # ── any thread ──────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin; the ports' wake-ups come here from now on."""
        for line in self._lines:
            line.intake.wake = self._wake.set
            line.intake.port.demand()
        self._worker.start()

    def stop(self) -> None:
        """End with what has been captured by now. Idempotent; does not wait."""
        if not self._stopping:
            # What has come is in the file, though a program may have made it for times that are still to come.
            self._stopped_at = max([self._clock.now_us(), *(line.intake.reach for line in self._lines)])
            self._stopping = True
        self.parts.hurry()
        self._wake.set()

    def trigger(self, seconds: float | None) -> None:
        """Begin the file that is waited with, or go on with it, for so long; 0 ends it. Any thread."""
        self._orders.append((self._clock.now_us(), seconds))
        self._wake.set()

    def wake(self) -> None:
        """Have the worker look, and ``attend`` called, soon."""
        self._wake.set()

    def abandon(self) -> None:
        """Give up before `start`: close what is open."""
        self._detach()
        self.parts.close()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the worker's end."""
        return self._worker.join(seconds)

    def counts(self) -> Counts:
        """The numbers now."""
        lines, parts = self._all, self.parts
        videos = [line for line in lines if line.video is not None]
        audios = [line.audio for line in lines if line.audio is not None]
        lost = sum(line.intake.port.dropped for line in lines if line.intake.kind == "video")
        rms = math.sqrt(self._energy / self._energy_samples) if self._energy_samples else 0.0
        first = videos[0] if videos else None
        shown = first.video if first is not None else None
        present = parts.present
        frames, span = 0, 0
        if self._plan.splitting.hold is not None:  # what was encoded and forgotten is not in a file
            frames = parts.frames
        elif first is not None and shown is not None:
            frames, span = first.frames + shown.frames, first.span
        return Counts(
            duration=parts.position,
            span=span,
            frames=frames,
            dropped=lost + sum(line.dropped + (line.video.dropped if line.video else 0) for line in videos),
            size=parts.size,
            width=shown.width if shown is not None else None,
            height=shown.height if shown is not None else None,
            sample_rate=audios[0].sample_rate if audios else None,
            channels=audios[0].channels if audios else None,
            peak=_decibels(self._peak),
            rms=_decibels(rms),
            path=present.writer.target.name if present is not None and not present.waiting else "",
            waiting=present is not None and present.waiting,
            held=present.writer.held if present is not None else 0,
        )

    # ── the worker ──────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            try:
                self._wait_for_first()
                assert self._start is not None
                self.parts.begin(self._lines, self._start)
                self._record()
                self._finish_lines()
            finally:
                self._detach()
                self.parts.close()
        except BaseException as error:  # noqa: BLE001 - the border: raised again where the recording is awaited
            self.error = error
        finally:
            self._detach()
            if self._progress is not None and self.error is None:
                self._progress(self.counts())
            self._done()

    def _detach(self) -> None:
        for line in self._lines:
            line.intake.detach()

    # ── the beginning ────────────────────────────────────────────────────────────────────────────

    def _wait_for_first(self) -> None:
        """Wait for every track's first item; leave out those of which nothing is known after a while."""
        began = self._clock.now_us()
        limit = None if self._plan.duration is None else began + self._plan.duration + _SILENT_LAG_US
        while True:
            self._wake.clear()
            if self._attend is not None:
                self._attend(None)
            missing = [line for line in self._lines if line.look() is None and not line.finished]
            now = self._clock.now_us()
            waited = now - began
            if not missing or self._stopping or (limit is not None and now >= limit):
                break
            live = [line for line in missing if not line.intake.free]
            something = len(missing) < len(self._lines) or any(line.intake.port.muted for line in live)
            patience = _FIRST_US if all(line.intake.known for line in live) else _LATEST_US
            if any(line.intake.late for line in live):
                patience = _KEY_US
            if len(live) == len(missing) and something and waited >= patience:
                break
            self._clock.wait_until((now + _TICK_US) * 1000, self._wake)
        for line in self._lines:
            if line.head is None and (line.finished or self._stopping or not line.intake.known):
                if not line.finished:
                    _logger.warning("a %s track is left out of the recording: nothing came from it", line.intake.kind)
                line.done = True
        self._lines = [line for line in self._lines if not line.done]
        if not any(line.head is not None or line.intake.port.muted for line in self._lines):
            raise InvalidStateError(
                "nothing was recorded: no track delivered a frame; look at track.muted and ready_state"
            )
        firsts = [_begin(line.head) for line in self._lines if line.head is not None]
        entered = [line.head.timestamp for line in self._lines if line.head is not None and line.intake.late]
        if firsts:  # a file that begins with sound without its picture, for want of a key frame, is of no use
            self._start = max(entered) if entered else min(firsts)
        else:
            self._start = self._clock.now_us()
        if self._plan.duration is not None:
            self._end = self._start + self._plan.duration

    # ── the middle ──────────────────────────────────────────────────────────────────────────────

    def _record(self) -> None:
        stopped = False
        self._next_progress = self._clock.now_us() + _PROGRESS_US
        while True:
            self._wake.clear()
            if self._attend is not None:
                self._attend(self.parts.position)
            self._follow_orders()
            if self._stopping and not stopped:
                stopped = True
                self._stop_at(self._stopped_at)
            worked = self._take_some()
            now = self._clock.now_us()
            if not stopped:
                self._fill(now)
            self.parts.look(self._lines)
            if self._progress is not None and now >= self._next_progress:
                self._report(now)
            if not worked:
                if stopped or all(line.finished for line in self._lines) or self._overdue(now):
                    return
                self._clock.wait_until((now + _TICK_US) * 1000, self._wake)

    def _follow_orders(self) -> None:
        """Begin and end the file of an event, as `trigger` was told."""
        while self._orders:
            instant, seconds = self._orders.popleft()
            part = self.parts.present
            if part is None or (part.waiting and seconds == 0):
                continue
            if part.waiting:
                self.parts.trigger(instant)
            if seconds is not None and part.next is None:
                self._end_event(part, instant + round(seconds * 1_000_000))

    def _end_event(self, part: Part, instant: int) -> None:
        instant = max(instant, part.start + 1)
        if not self.parts.several:
            self._end = instant
        elif self.parts.copies_video:
            part.due = instant
        else:
            part.seam = max(instant, *(line.position + 1 for line in self._lines))

    def _stop_at(self, now: int) -> None:
        """Take no more; what waits in the ports is still written."""
        self._detach()
        if (part := self.parts.present) is not None and part.seam is None:
            part.due = None
        if all(not line.intake.free for line in self._lines):
            assert self._start is not None
            now = max(now, self._start + 1)  # what came first is in the file
            self._end = now if self._end is None else min(self._end, now)

    def _overdue(self, now: int) -> bool:
        live = all(line.finished or not line.intake.free for line in self._lines)
        return live and self._end is not None and now >= self._end + _LATE_US

    def _take_some(self) -> bool:
        """Encode some of what waits, oldest first. Whether there was anything."""
        for count in range(_BATCH):
            waiting = [(_due(item), line) for line in self._lines if not line.done and (item := self._next(line))]
            if not waiting:
                return count > 0
            due, line = min(waiting, key=lambda pair: pair[0])
            if any(other.lags(line, due) for other in self._lines):
                return count > 0
            item, line.head = line.head, None
            self._encode(line, item)
        return True

    def _next(self, line: Line) -> Picture | Sound | Chunk | None:
        """The item that waits, if it may be written: sound may have to hear first where its file ends."""
        if line.holding and (line.part is None or line.part.seam is not None or line.part.due is None):
            line.let_go()
        item = line.look()
        if item is not None and not self.parts.decide(line, item):
            assert line.part is not None
            assert line.part.due is not None
            line.hold(line.part.due)
            return None
        return item

    def _encode(self, line: Line, item: Picture | Sound | Chunk | None) -> None:
        assert self._start is not None
        if isinstance(item, Chunk):
            self._copy(line, item)
        elif isinstance(item, Picture) and line.video is not None:
            if self._end is not None and item.timestamp >= self._end:
                self._end_line(line)
                return
            if item.timestamp < self._start:
                return
            line.black = False
            line.head = item  # the next file's encoder is made for it
            self.parts.bring(line, item.timestamp, self._lines)
            line.head = None
            line.mux(line.video.encode(item, self._end))
        elif isinstance(item, Sound) and line.audio is not None:
            if self._progress is not None:
                self._measure(item)
            self._sound(line, lambda audio: audio.encode(item, self._end))
            if self._end is not None and item.timestamp + item.duration >= self._end:
                self._end_line(line)

    def _sound(self, line: Line, make: Callable[[AudioEncoder | CopiedAudio], Iterable[Packet[Any]]]) -> None:
        """Write what ``make`` makes of an encoder, up to the seam; what is beyond goes into the next file."""
        assert line.part is not None
        assert line.audio is not None
        if isinstance(line.audio, AudioEncoder):
            line.audio.cut = line.part.seam
        line.mux(make(line.audio))
        while isinstance(line.audio, AudioEncoder) and line.audio.rest is not None and not line.done:
            self.parts.go_over(line, self._lines)

    def _copy(self, line: Line, chunk: Chunk) -> None:
        assert self._start is not None
        middle = chunk.timestamp + chunk.duration // 2
        if self._end is not None and (chunk.timestamp if line.video is not None else middle) >= self._end:
            self._end_line(line)  # pictures that are decoded after it and shown before it are lost with it
        elif isinstance(line.video, CopiedVideo):
            line.black = False
            if chunk.key:
                self.parts.bring(line, chunk.timestamp, self._lines)
            line.mux(line.video.encode(chunk, self._end))
        elif isinstance(line.audio, CopiedAudio) and (chunk.lead or middle >= self._start):
            self.parts.bring(line, middle, self._lines)
            line.mux(line.audio.encode(chunk, self._end))

    def _end_line(self, line: Line) -> None:
        line.done = True
        line.intake.detach()

    def _fill(self, now: int) -> None:
        """Bring the live tracks that deliver nothing along."""
        for line in self._lines:
            port = line.intake.port
            if line.intake.free or line.finished or line.head is not None or len(port):
                continue
            muted = port.muted
            limit = now if self._end is None else min(now, self._end)
            if line.audio is not None:
                until = limit - (_MUTED_LAG_US if muted else _SILENT_LAG_US)
                if until > line.audio.position:
                    self._fill_sound(line, until)
            elif line.video is not None:
                self.parts.bring(line, limit - _SILENT_LAG_US, self._lines)
                self._fill_pictures(line, line.video, limit, muted=muted)

    def _fill_sound(self, line: Line, until: int) -> None:
        assert line.part is not None
        seam = line.part.seam
        if isinstance(line.audio, CopiedAudio) and seam is not None and seam < until:
            line.mux(line.audio.fill(seam))
            self.parts.bring(line, seam, self._lines)
        if line.audio is not None and not line.done:
            self._sound(line, lambda audio: audio.fill(until))

    def _fill_pictures(self, line: Line, video: VideoEncoder | CopiedVideo, limit: int, *, muted: bool) -> None:
        assert line.part is not None
        start, seam = line.part.start, line.part.seam
        limit = limit if seam is None else min(limit, seam - 1)
        last = video.position
        if muted and not line.black:
            line.black = True
            line.mux(video.black(start if last is None else max(last + video.interval, limit)))
        elif last is None:
            if limit - start >= _SILENT_LAG_US:
                line.mux(video.black(start))
        elif limit - last >= max(_REPEAT_US if muted else _SILENT_LAG_US, 3 * video.interval):
            line.mux(video.repeat(limit if muted else last + _REPEAT_US))

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def _finish_lines(self) -> None:
        """Bring live tracks that lag up to the end: a file lasts as long as it was recorded."""
        if self._end is None:
            return
        for line in self._lines:
            if line.intake.free or line.intake.port.ended:
                continue
            if line.audio is not None and self._end - line.audio.position > _LATE_US:
                self._fill_sound(line, self._end)
            elif line.video is not None:
                self.parts.bring(line, self._end - line.video.interval, self._lines)
                last = line.video.position
                if last is None or self._end - last > _LATE_US:
                    show = line.video.black if line.intake.port.muted else line.video.repeat
                    line.mux(show(self._end - line.video.interval))

    # ── progress ─────────────────────────────────────────────────────────────────────────────────

    def _measure(self, sound: Sound) -> None:
        flat = sound.samples.reshape(-1)
        if flat.size:
            self._peak = max(self._peak, float(flat.max()), -float(flat.min()))
            self._energy += float(np.dot(flat, flat))
            self._energy_samples += flat.size

    def _report(self, now: int) -> None:
        assert self._progress is not None
        self._progress(self.counts())
        self._next_progress = now + _PROGRESS_US
        self._peak = self._energy = 0.0
        self._energy_samples = 0


def _begin(item: Picture | Sound | Chunk) -> int:
    """When an item is first seen or heard."""
    return item.timestamp + item.lead if isinstance(item, Chunk) else item.timestamp


def _due(item: Picture | Sound | Chunk) -> int:
    """When an item is to be written."""
    return item.decode_timestamp if isinstance(item, Chunk) else item.timestamp


def _decibels(level: float) -> float:
    return 20 * math.log10(level) if level > 0 else _NO_LEVEL
