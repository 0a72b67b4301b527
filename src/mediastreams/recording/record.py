"""`record` and `Recording`: a stream into a file, as an awaitable or as a context.

Not for: the standard's `MediaRecorder` (``media_recorder.py``), which stands on the same session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import warnings
from collections.abc import Callable, Coroutine, Generator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from mediastreams._engine.worker import reaper
from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import in_parallel, mailbox_of
from mediastreams.capture.media_stream import MediaStream
from mediastreams.errors import InvalidStateError
from mediastreams.recording.choose_copies import choose_copies
from mediastreams.recording.plan_recording import choose_tracks, open_session, request_recording
from mediastreams.recording.summary import RecordedFile, RecordingProgress, RecordingSummary

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._engine.encoding.session import Counts, Session
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.recording.choose_copies import Copy
    from mediastreams.recording.plan_recording import EncoderOptions, RecordingTarget, Request

__all__ = ["Recording", "record"]

_logger = logging.getLogger(__name__)


def record(
    stream: MediaStream,
    target: RecordingTarget,
    *,
    mime_type: str | None = None,
    video_bits_per_second: int | None = None,
    audio_bits_per_second: int | None = None,
    encoder_options: EncoderOptions | None = None,
    duration: float | None = None,
    copy: Copy = None,
    progress: Callable[[RecordingProgress], object] | None = None,
    metadata: Mapping[str, str] | None = None,
    segment_seconds: float | None = None,
    segment_bytes: int | None = None,
    keep_segments: int | None = None,
    preroll: float | None = None,
) -> Recording:
    """Record a stream to a file, written as it goes: a killed process loses at most the last second.

    ``summary = await record(stream, "x.webm", duration=5)`` ends after that time, or when all tracks have ended;
    cancelling it ends the file properly. ``async with record(stream, "x.webm") as recording:`` records
    while the block runs. All tracks that are live when it begins are recorded, from their first frames on. One that is
    muted or disabled is black or silent, one that ends leaves the others going; another size is scaled into the first
    one, until the next file. A track that is added later is not recorded, which a warning of the log says.

    ``record(stream, "out-%03d.mp4", segment_seconds=60)`` writes a file a minute, and no frame is lost between them.
    ``async with record(stream, "bird-%03d.mp4", preroll=30) as recording:`` writes nothing until
    ``recording.trigger(20)``: then a file that begins 30 seconds before, and ends 20 seconds after.

    Args:
        target: a path, whose suffix names the format unless ``mime_type`` does, or a binary file object. An existing
            file is overwritten. A path that ends in ``.wav``, ``.flac``, ``.ogg``, ``.m4a``, ``.mka`` takes sound only.
        mime_type: ``video/webm``, ``video/mp4;codecs="avc1,mp4a.40.2"`` …; a codec that it does not name is chosen.
        video_bits_per_second: without it H.264 has constant quality, the others a tenth of a bit per pixel.
        audio_bits_per_second: without it 64 000 a channel, for Opus and AAC.
        encoder_options: FFmpeg's options of the encoder, ``{"preset": "fast", "crf": 20}``; of both encoders
            ``{"video": {…}, "audio": {…}}``. An option that the encoder does not have is an error.
        duration: seconds of media.
        copy: ``True`` writes the tracks as they are encoded already, without decoding (files, network streams);
            ``"video"``, ``"audio"``: those of that kind; ``False``: none. By default what was opened with
            ``clock="free"`` is copied where the format takes its codec and nothing was asked of the encoder. A copy
            begins at a key frame. What must be encoded (black, while a track is disabled) gets the same codec.
        progress: called on this loop about four times a second, and once at the end.
        metadata: ``{"title": "Nest box", "comment": …}``. When it was recorded (``creation_time``, UTC) and what the
            devices are called is written by itself, as far as the format has a place for it.
        segment_seconds: begin another file after so many seconds. The path is a pattern: ``%03d`` is the file's number,
            from 0; letters of `time.strftime` say when it begins, ``"%Y-%m-%d_%H-%M-%S.mkv"``. All files begin at 0;
            together they hold every frame and every sample. What is copied is divided at its next key frame.
        segment_bytes: begin another file when one has become about so large.
        keep_segments: remove older files of this recording, so that so many that are complete remain.
        preroll: seconds to keep, encoded, in memory, until `Recording.trigger` begins a file with them (and with up
            to a second more: it begins with a key frame). With a pattern for a path every event gets a file.

    Raises:
        TypeError: wrong type of an argument.
        ValueError: the format cannot be told from the path; a number that is not positive; segments without a
            pattern; a file object that was not opened for writing.
        NotSupportedError: a media type, codec, option or combination that cannot be written; ``copy`` of what cannot be
            copied.
        InvalidStateError: no track is live, or none delivered anything until the end.
        OSError: the target cannot be written; its subclass and ``errno`` tell why. What was recorded until then
            is playable.
    """
    if not isinstance(stream, MediaStream):
        raise wrong_type("record: stream", "a MediaStream", stream)
    if progress is not None and not callable(progress):
        raise wrong_type("record: progress", "a function", progress)
    request = request_recording(
        target,
        mime_type=mime_type,
        video_bits_per_second=video_bits_per_second,
        audio_bits_per_second=audio_bits_per_second,
        encoder_options=encoder_options,
        duration=duration,
        copy=copy,
        metadata=metadata,
        segment_seconds=segment_seconds,
        segment_bytes=segment_bytes,
        keep_segments=keep_segments,
        preroll=preroll,
    )
    return Recording(stream, request, progress)


class _Outcome:
    """Where the worker reports to. It must not hold the recording, whose end it would never see."""

    def __init__(self, loop: asyncio.AbstractEventLoop, progress: Callable[[RecordingProgress], object] | None) -> None:
        self.future: asyncio.Future[None] = loop.create_future()
        self._box = mailbox_of(loop)
        self._progress = progress

    def report(self, counts: Counts) -> None:
        """Pass the progress on. The worker's thread."""
        if self._progress is not None:
            self._box.post(self._progress, _progress_of(counts))

    def done(self) -> None:
        """Pass the end on. The worker's thread; the last thing it does."""
        reaper.stand_down()
        self._box.post(self._settle)

    def _settle(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class _Newcomers:
    """Says of each track that is added to a stream while it is recorded that it is not recorded."""

    def __init__(self, stream: MediaStream) -> None:
        self._stream = stream
        self._known = set(stream.get_tracks())
        stream._watch(self._look)

    def _look(self) -> None:
        for track in set(self._stream.get_tracks()) - self._known:
            self._known.add(track)
            _logger.warning("%r was added while its stream is recorded: it is not in the file; record it anew", track)

    def close(self) -> None:
        self._stream._unwatch(self._look)


@public
class Recording(Coroutine[Any, Any, RecordingSummary]):
    """One recording: await it for its `summary`, or use it as an async context manager. Made by `record`.

    Owns its file and one worker thread, from the first await to the end. `stop` and `stats` work from any thread.
    """

    _session: Session | None = None
    _begun = False

    def __init__(
        self, stream: MediaStream, request: Request, progress: Callable[[RecordingProgress], object] | None
    ) -> None:
        self._stream: MediaStream | None = stream
        self._request = request
        self._progress = progress
        self._tracks: tuple[MediaStreamTrack, ...] = ()  # held while it runs: a track that nobody holds is stopped
        self._newcomers: _Newcomers | None = None
        self._outcome: _Outcome | None = None
        self._stop_asked = False
        self._orders: list[float | None] = []  # what `trigger` was told before it began
        self._names: tuple[str, str | None, str | None] = ("", None, None)
        self._summary: RecordingSummary | None = None
        self._task_form: Coroutine[Any, Any, RecordingSummary] | None = None

    # ── while it runs ────────────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """End the recording with what has been delivered. Idempotent; any thread. Awaiting it waits for the file."""
        self._stop_asked = True
        if self._session is not None:
            self._session.stop()

    def trigger(self, seconds: float | None = None) -> None:
        """Keep what was held: begin the file, with the last ``preroll`` seconds. Any thread.

        It goes on for so many seconds, or until `rearm` or `stop`; called again while it goes on, from then on. After
        that the next event is waited for, if the path is a pattern; else the recording ends.

        Raises:
            InvalidStateError: the recording has no preroll.
            TypeError, ValueError: ``seconds`` is not a number above 0.
        """
        if self._request.preroll is None:
            raise InvalidStateError("trigger() is for recordings that wait: record(stream, target, preroll=30)")
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, Real)):
            raise wrong_type("trigger: seconds", "a number", seconds)
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"trigger: seconds must be more than 0, not {seconds!r}")
        self._order(seconds)

    def rearm(self) -> None:
        """End the file of this event now, and wait for the next `trigger`. Any thread; nothing while it waits already.

        Raises:
            InvalidStateError: the recording has no preroll.
        """
        if self._request.preroll is None:
            raise InvalidStateError("rearm() is for recordings that wait: record(stream, target, preroll=30)")
        self._order(0)

    def _order(self, seconds: float | None) -> None:
        if self._session is None:
            self._orders.append(seconds)
        else:
            self._session.trigger(seconds)

    @property
    def stats(self) -> RecordingProgress:
        """How far it is, now."""
        if self._session is None:
            return RecordingProgress(0.0, 0, 0.0, 0, float("-inf"), float("-inf"), 0)
        return _progress_of(self._session.counts())

    @property
    def summary(self) -> RecordingSummary | None:
        """What was written; ``None`` until the recording is done."""
        return self._summary

    # ── awaiting ─────────────────────────────────────────────────────────────────────────────────

    def __await__(self) -> Generator[Any, Any, RecordingSummary]:
        return self._wait().__await__()

    def send(self, value: Any) -> Any:
        """Drive the recording as a coroutine, so that ``create_task`` takes it."""
        return self._coroutine().send(value)

    def throw(self, *args: Any) -> Any:
        """Throw into the recording as a coroutine."""
        return self._coroutine().throw(*args)

    def close(self) -> None:
        """Drop the recording as a coroutine."""
        if self._task_form is not None:
            self._task_form.close()

    def _coroutine(self) -> Coroutine[Any, Any, RecordingSummary]:
        if self._task_form is None:
            self._task_form = self._wait()
        return self._task_form

    async def _wait(self) -> RecordingSummary:
        if self._outcome is not None:  # begun by a context manager, which also ends it
            await asyncio.shield(self._outcome.future)
            return self._result()
        await self._begin()
        await self._end(stop=False)
        return self._result()

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end(stop=True)
        if error is None:
            self._result()
        elif self._session is not None and self._session.error is not None:
            _logger.warning("the recording had failed, too: %s", self._session.error)

    async def _begin(self) -> None:
        """Attach to the tracks, at once; then open file and encoders in a worker, and start."""
        if self._begun or self._stream is None:
            raise InvalidStateError("a recording begins once; call record() again")
        self._begun = True
        from mediastreams._engine.clock import get_clock
        from mediastreams._engine.encoding.intake import Intake

        stream, self._stream = self._stream, None
        tracks = choose_tracks(stream, self._request)
        formats = choose_copies(self._request, tracks)
        clock = tracks[0]._feed.clock
        if tracks[0]._feed.hub.source.free_running:
            clock = get_clock()
        self._tracks = tuple(tracks)
        self._newcomers = _Newcomers(stream)
        intakes = [
            Intake(track._feed, track.get_settings(), format=format)
            for track, format in zip(tracks, formats, strict=True)
        ]
        for intake, track in zip(intakes, tracks, strict=True):
            intake.label = track.label
        outcome = _Outcome(asyncio.get_running_loop(), self._progress)
        report = outcome.report if self._progress is not None else None
        try:
            opened = await in_parallel(
                open_session, self._request, intakes, clock, outcome.done, report, abandoned=lambda it: it[0].abandon()
            )
        except BaseException:
            self._let_go()
            for intake in intakes:
                intake.detach()
            raise
        self._session, *names = opened
        self._names = (names[0] or "", names[1], names[2])
        self._outcome = outcome
        reaper.stand_by()
        while self._orders:
            self._session.trigger(self._orders.pop(0))
        self._session.start()
        if self._stop_asked:
            self._session.stop()

    async def _end(self, *, stop: bool) -> None:
        """Wait for the end, which cancellation brings about; a second cancellation does not wait for it."""
        outcome, session = self._outcome, self._session
        if outcome is None or session is None:
            return
        if stop:
            session.stop()
        try:
            await asyncio.shield(outcome.future)
        except asyncio.CancelledError:
            session.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(outcome.future)
            raise
        finally:
            if outcome.future.done():
                self._settle(session)

    def _let_go(self) -> None:
        """Hold the stream and its tracks no longer: what nobody else holds is stopped."""
        self._tracks = ()
        newcomers, self._newcomers = self._newcomers, None
        if newcomers is not None:
            newcomers.close()

    def _settle(self, session: Session) -> None:
        self._let_go()
        if self._summary is None:
            self._summary = self._summary_of(session.counts())

    def _result(self) -> RecordingSummary:
        session = self._session
        assert session is not None
        if session.error is not None:
            raise session.error
        if self._summary is None:
            self._settle(session)
        assert self._summary is not None
        return self._summary

    def _summary_of(self, counts: Counts) -> RecordingSummary:
        mime_type, video_codec, audio_codec = self._names
        return RecordingSummary(
            path=self._request.path,
            container=self._request.container.name,
            mime_type=mime_type,
            video_codec=video_codec,
            audio_codec=audio_codec,
            size=counts.size,
            duration=counts.duration / 1_000_000,
            frames=counts.frames,
            fps=_fps(counts),
            dropped=counts.dropped,
            width=counts.width,
            height=counts.height,
            sample_rate=counts.sample_rate,
            channels=counts.channels,
            files=self._files(),
        )

    def _files(self) -> tuple[RecordedFile, ...]:
        path = self._request.path
        return tuple(
            RecordedFile(None if path is None else one.path, one.start / 1e6, one.duration / 1e6, one.size, one.frames)
            for one in (self._session.parts.written if self._session is not None else ())
        )

    def __repr__(self) -> str:
        state = "done" if self._summary is not None else "running" if self._session is not None else "not begun"
        return f"<Recording to {self._request.path or 'a file object'}, {state}>"

    def __del__(self) -> None:
        session = getattr(self, "_session", None)
        if not self._begun and self.__dict__:  # made whole
            warnings.warn(f"{self!r} was never awaited: nothing was recorded", RuntimeWarning, stacklevel=2)
        elif session is not None and self._summary is None:
            warnings.warn(f"{self!r} was dropped while it ran; its file is ended now", ResourceWarning, stacklevel=2)
            reaper.put(session.stop)


def _fps(counts: Counts) -> float:
    """The average rate of the pictures; they may begin later than the sound, and end earlier."""
    steps, span = (counts.frames - 1, counts.span) if counts.span else (counts.frames, counts.duration)
    return round(steps * 1_000_000 / span, 3) if span else 0.0


def _progress_of(counts: Counts) -> RecordingProgress:
    return RecordingProgress(
        elapsed=counts.duration / 1_000_000,
        frames=counts.frames,
        fps=_fps(counts),
        dropped=counts.dropped,
        peak=counts.peak,
        level=counts.rms,
        size=counts.size,
        path=counts.path or None,
        waiting=counts.waiting,
        held=counts.held,
    )
