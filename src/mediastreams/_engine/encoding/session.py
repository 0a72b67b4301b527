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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mediastreams._engine.encoding.codecs import KeyFrames, VideoPlan
from mediastreams._engine.encoding.copied_audio import CopiedAudio
from mediastreams._engine.encoding.copied_video import CopiedVideo
from mediastreams._engine.encoding.writer import Writer
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams._engine.worker import Worker
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams._engine.encoding.audio_encoder import AudioEncoder
    from mediastreams._engine.encoding.codecs import EncoderModel
    from mediastreams._engine.encoding.intake import Intake
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


class _Line:
    """One track on its way: its port, the item that waits next, its encoder."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.head: Picture | Sound | Chunk | None = None
        self.video: VideoEncoder | CopiedVideo | None = None
        self.audio: AudioEncoder | CopiedAudio | None = None
        self.done = False
        self.black = False

    def look(self) -> Picture | Sound | Chunk | None:
        """The item that waits, taken out of the port if need be."""
        if self.head is None:
            self.head = self.intake.take()
        return self.head

    @property
    def finished(self) -> bool:
        return self.done or (self.head is None and self.intake.port.finished)


class Session:
    """One recording. Owns the target, the ports and the worker; ``done`` is called on the worker, last of all.

    ``attend`` is called on the worker, too, again and again: with ``None`` while the first frames are awaited, then
    with how far the file reaches, µs. What it does shall be quick.
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
    ) -> None:
        self.error: BaseException | None = None
        self._plan = plan
        self._lines = [_Line(intake) for intake in intakes]
        self._clock = clock
        self._wake = clock.wake()
        self._target = target
        self._writer: Writer | None = None
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
            self._stopped_at = self._clock.now_us()
            self._stopping = True
        self._target.hurry()
        self._wake.set()

    def wake(self) -> None:
        """Have the worker look, and ``attend`` called, soon."""
        self._wake.set()

    def abandon(self) -> None:
        """Give up before `start`: close what is open."""
        self._detach()
        self._target.close()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the worker's end."""
        return self._worker.join(seconds)

    def counts(self) -> Counts:
        """The numbers now."""
        lines = self._lines
        videos = [line.video for line in lines if line.video is not None]
        audios = [line.audio for line in lines if line.audio is not None]
        lost = sum(line.intake.port.dropped for line in lines if line.intake.kind == "video")
        rms = math.sqrt(self._energy / self._energy_samples) if self._energy_samples else 0.0
        return Counts(
            duration=self._writer.end_us if self._writer is not None else 0,
            span=videos[0].span if videos else 0,
            frames=videos[0].frames if videos else 0,
            dropped=lost + sum(video.dropped for video in videos),
            size=self._target.size,
            width=videos[0].width if videos else None,
            height=videos[0].height if videos else None,
            sample_rate=audios[0].sample_rate if audios else None,
            channels=audios[0].channels if audios else None,
            peak=_decibels(self._peak),
            rms=_decibels(rms),
        )

    # ── the worker ──────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            self._writer = Writer(self._plan.container, self._target, self._plan.options)
            try:
                self._wait_for_first()
                self._open_encoders()
                self._record()
                self._finish_lines()
            finally:
                self._detach()
                self._writer.close()
        except BaseException as error:  # noqa: BLE001 - the border: raised again where the recording is awaited
            self.error = error
            if self._writer is not None:
                self._writer.abort()
            else:
                self._target.close()
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

    def _open_encoders(self) -> None:
        plan, writer = self._plan, self._writer
        assert writer is not None
        assert self._start is not None
        for line in self._lines:
            intake, head = line.intake, line.head
            if intake.format is not None:
                if intake.kind == "video":
                    line.video = writer.copy_video(intake.format)
                else:
                    line.audio = writer.copy_audio(intake.format)
            elif intake.kind == "video":
                assert plan.video is not None
                first = head if isinstance(head, Picture) else None
                rate = intake.frame_rate or (1e6 / first.duration if first is not None and first.duration else 30.0)
                width = first.width if first is not None else intake.width or 0
                height = first.height if first is not None else intake.height or 0
                made = VideoPlan(
                    width,
                    height,
                    min(max(rate, 1.0), 240.0),
                    plan.video_bit_rate,
                    key_frames=plan.key_frames or KeyFrames(),
                    tag=plan.video_tag,
                )
                line.video = writer.add_video(plan.video, made, first)
            else:
                assert plan.audio is not None
                sound = head if isinstance(head, Sound) else None
                line.audio = writer.add_audio(
                    plan.audio,
                    sample_rate=sound.sample_rate if sound is not None else intake.sample_rate or 48_000,
                    layout=sound.layout if sound is not None else intake.layout,
                    bit_rate=plan.audio_bit_rate,
                )
        writer.start(self._start)

    # ── the middle ──────────────────────────────────────────────────────────────────────────────

    def _record(self) -> None:
        stopped = False
        self._next_progress = self._clock.now_us() + _PROGRESS_US
        assert self._writer is not None
        while True:
            self._wake.clear()
            if self._attend is not None:
                self._attend(self._writer.end_us)
            if self._stopping and not stopped:
                stopped = True
                self._stop_at(self._stopped_at)
            worked = self._take_some()
            now = self._clock.now_us()
            if not stopped:
                self._fill(now)
            if self._progress is not None and now >= self._next_progress:
                self._report(now)
            if not worked:
                if stopped or all(line.finished for line in self._lines) or self._overdue(now):
                    return
                self._clock.wait_until((now + _TICK_US) * 1000, self._wake)

    def _stop_at(self, now: int) -> None:
        """Take no more; what waits in the ports is still written."""
        self._detach()
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
            waiting = [(_due(item), line) for line in self._lines if not line.done and (item := line.look())]
            if not waiting:
                return count > 0
            line = min(waiting, key=lambda pair: pair[0])[1]
            item, line.head = line.head, None
            self._encode(line, item)
        return True

    def _encode(self, line: _Line, item: Picture | Sound | Chunk | None) -> None:
        assert self._writer is not None
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
            self._writer.mux(line.video.encode(item, self._end))
        elif isinstance(item, Sound) and line.audio is not None:
            if self._progress is not None:
                self._measure(item)
            self._writer.mux(line.audio.encode(item, self._end))
            if self._end is not None and item.timestamp + item.duration >= self._end:
                self._end_line(line)

    def _copy(self, line: _Line, chunk: Chunk) -> None:
        assert self._writer is not None
        assert self._start is not None
        middle = chunk.timestamp + chunk.duration // 2
        if self._end is not None and (chunk.timestamp if line.video is not None else middle) >= self._end:
            self._end_line(line)  # pictures that are decoded after it and shown before it are lost with it
        elif isinstance(line.video, CopiedVideo):
            line.black = False
            self._writer.mux(line.video.encode(chunk, self._end))
        elif isinstance(line.audio, CopiedAudio) and (chunk.lead or middle >= self._start):
            self._writer.mux(line.audio.encode(chunk, self._end))

    def _end_line(self, line: _Line) -> None:
        line.done = True
        line.intake.detach()

    def _fill(self, now: int) -> None:
        """Bring the live tracks that deliver nothing along."""
        assert self._writer is not None
        for line in self._lines:
            port = line.intake.port
            if line.intake.free or line.finished or line.head is not None or len(port):
                continue
            muted = port.muted
            limit = now if self._end is None else min(now, self._end)
            if line.audio is not None:
                until = limit - (_MUTED_LAG_US if muted else _SILENT_LAG_US)
                if until > line.audio.position:
                    self._writer.mux(line.audio.fill(until))
            elif line.video is not None:
                self._fill_pictures(line, line.video, limit, muted=muted)

    def _fill_pictures(self, line: _Line, video: VideoEncoder | CopiedVideo, limit: int, *, muted: bool) -> None:
        assert self._writer is not None
        assert self._start is not None
        last = video.position
        if muted and not line.black:
            line.black = True
            self._writer.mux(video.black(self._start if last is None else max(last + video.interval, limit)))
        elif last is None:
            if limit - self._start >= _SILENT_LAG_US:
                self._writer.mux(video.black(self._start))
        elif limit - last >= max(_REPEAT_US if muted else _SILENT_LAG_US, 3 * video.interval):
            self._writer.mux(video.repeat(limit if muted else last + _REPEAT_US))

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def _finish_lines(self) -> None:
        """Bring live tracks that lag up to the end: a file lasts as long as it was recorded."""
        assert self._writer is not None
        if self._end is None:
            return
        for line in self._lines:
            if line.intake.free or line.intake.port.ended:
                continue
            if line.audio is not None and self._end - line.audio.position > _LATE_US:
                self._writer.mux(line.audio.fill(self._end))
            elif line.video is not None:
                last = line.video.position
                if last is None or self._end - last > _LATE_US:
                    show = line.video.black if line.intake.port.muted else line.video.repeat
                    self._writer.mux(show(self._end - line.video.interval))

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
