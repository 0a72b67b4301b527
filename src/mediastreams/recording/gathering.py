"""`Gathering`: one recording of a `MediaRecorder`, from ``start()`` to its last event.

Not for: the recorder's attributes and states (``media_recorder.py``).

Rules of the file: made and told on the owner loop; encoders are tried and opened, blobs are cut on threads. What
happens reaches the recorder as tasks, in order; the recorder is held weakly: a worker that runs must not keep it.
"""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mediastreams._engine.worker import Worker, after_fork_in_child, reaper
from mediastreams._rules.mime_types import ContainerType, mime_type_of, parse_mime_type
from mediastreams._rules.recorder_rates import BitRates, encoder_rate
from mediastreams._webidl.tasks import queue_task
from mediastreams.errors import DOMException, InvalidStateError, NotSupportedError, UnknownError

if TYPE_CHECKING:
    from mediastreams._engine.encoding.codecs import EncoderModel
    from mediastreams._engine.encoding.session import Session
    from mediastreams._rules.recorder_state import Ending
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.files.blob import Blob
    from mediastreams.recording.blob_target import BlobTarget
    from mediastreams.recording.media_recorder import MediaRecorder

__all__ = ["Gathering", "Order"]

_logger = logging.getLogger(__name__)

_PATIENCE_US: Final = 200_000  # then ``start`` is fired, though no track has shown anything yet
_PROFILED: Final = frozenset({"libx264", "h264_nvenc", "h264_qsv", "h264_videotoolbox"})
_CONSTANT: Final[Mapping[str, Mapping[str, str]]] = {"libopus": {"vbr": "off"}}


@dataclass(frozen=True, slots=True)
class Order:
    """What to record how. ``video`` and ``audio`` are the codecs to try, the best first.

    ``mime_type`` is as it was asked for, ``profile`` and ``tag`` are of the codec it names. ``key_interval`` is µs.
    """

    container: ContainerType
    mime_type: str
    video: tuple[str, ...]
    audio: tuple[str, ...]
    rates: BitRates
    constant_audio: bool = False
    key_interval: int | None = None
    key_count: int | None = None
    profile: str | None = None
    tag: str | None = None


class Gathering:
    """The run of a recorder. Holds its tracks, owns worker and spool until the end."""

    def __init__(
        self, recorder: MediaRecorder, order: Order, tracks: Sequence[MediaStreamTrack], timeslice: int | None
    ) -> None:
        from mediastreams._engine.clock import get_clock
        from mediastreams._engine.encoding.pauses import PausableIntake, Pauses, RecordedClock

        self.waiting: deque[Callable[[MediaRecorder], object]] = deque()  # tasks that the recorder has to run, in order
        self.started = False  # ``start`` was fired
        self._recorder = weakref.ref(recorder)
        self._owner = recorder._owner
        self._had_loop = self._owner.loop is not None
        self._order = order
        self._tracks = tuple(tracks)  # held while it runs: a track that nobody holds is stopped
        self._stream = recorder.stream
        self._slice = None if timeslice is None else timeslice * 1000
        self._held: list[Callable[[MediaRecorder], object]] = []  # for after ``start``
        feeds = [track._feed for track in tracks]
        self._clock = get_clock() if feeds[0].hub.source.free_running else feeds[0].clock
        self._pauses = Pauses(self._clock)
        self._recorded = RecordedClock(self._clock, self._pauses)
        self._intakes = [PausableIntake(track._feed, track.get_settings(), self._pauses) for track in tracks]
        self._session: Session | None = None
        self._target: BlobTarget | None = None
        self._mime_type = ""
        self._ending: Ending = "stopped"
        self._stop_asked = False
        self._asked: deque[None] = deque()  # one for each blob that was asked for
        self._announced = False  # ``start`` is on its way
        self._began = self._clock.now_us()
        self._cut_at = 0  # µs of the recording: where the present slice began
        reaper.stand_by()
        self._stream._watch(self._track_set_changed)
        after_fork_in_child(self)
        try:
            Worker("recorder-open", self._open, finish=self.stop).start()
        except RuntimeError as error:  # the interpreter is ending, or the system is out of threads
            self._end(error)

    # ── the owner loop ───────────────────────────────────────────────────────────────────────────

    def pause(self) -> None:
        """Leave out what is captured from now on."""
        self._pauses.pause()
        self._after_start(lambda recorder: recorder._fire("pause"))

    def resume(self) -> None:
        """Go on."""
        self._pauses.resume()
        if self._session is not None:
            self._session.wake()
        self._after_start(lambda recorder: recorder._fire("resume"))

    def request(self) -> None:
        """Ask for what was gathered so far."""
        if self.started and self._session is not None:
            self._asked.append(None)
            self._session.wake()
        else:
            self._tell(lambda recorder: recorder._fire_blob(self.nothing(), 0.0))

    def nothing(self) -> Blob:
        """What there is for those who ask too early, or too late."""
        from mediastreams.files.blob import Blob

        return Blob([], type=self._mime_type or self._order.mime_type)

    @property
    def unanswered(self) -> int:
        """How often data was asked for after the worker had handed over the last of it."""
        return len(self._asked)

    def stop(self) -> None:
        """End with what has been captured. Any thread; idempotent."""
        self._stop_asked = True
        if self._session is not None:
            self._session.stop()

    def give_up(self) -> None:
        """End, because nobody is there any more who could take the data. The reaper's thread."""
        self.stop()

    def _track_set_changed(self) -> None:
        """Tracks that leave because all have ended, as those of an element do, are no change: that end counts."""
        if not self._stop_asked and any(track.ready_state == "live" for track in self._tracks):
            self._ending = "track set changed"
            self.stop()

    def _after_start(self, task: Callable[[MediaRecorder], object]) -> None:
        if self.started:
            self._tell(task)
        else:
            self._held.append(task)

    def _start(self, recorder: MediaRecorder) -> None:
        self.started = True
        recorder._fire_start(self, self._mime_type)
        self.waiting.extendleft(reversed(self._held))  # before blobs that the worker may have ready
        for _ in self._held:
            queue_task(self._owner, _run_next, self._recorder)
        self._held.clear()

    def _tell(self, task: Callable[[MediaRecorder], object]) -> None:
        """Queue a task of the recorder's. Any thread."""
        self.waiting.append(task)
        queue_task(self._owner, _run_next, self._recorder)

    # ── the thread that opens ────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        """Choose the encoders, which may have to be tried, and begin."""
        try:
            session = self._make_session()
        except BaseException as error:  # noqa: BLE001 - the border: it becomes an event
            for intake in self._intakes:
                intake.detach()
            self._end(error)
            return
        self._session = session
        session.start()
        if self._stop_asked:
            session.stop()

    def _make_session(self) -> Session:
        from mediastreams._engine.encoding.codecs import KeyFrames, choose_encoder
        from mediastreams._engine.encoding.containers import sliced
        from mediastreams._engine.encoding.session import Plan, Session
        from mediastreams._engine.encoding.writer import Options
        from mediastreams.recording.blob_target import BlobTarget

        order, container = self._order, self._order.container
        counts = {kind: [one for one in self._intakes if one.kind == kind] for kind in ("video", "audio")}
        video_codec, video = choose_encoder(order.video, hardware=True) if counts["video"] else (None, None)
        audio_codec, audio = choose_encoder(order.audio) if counts["audio"] else (None, None)
        if video is not None and order.profile is not None and video.name not in _PROFILED:
            video = choose_encoder(order.video)[1]  # hardware that may not keep to the profile that was asked for
        names = mime_type_of(container, video_codec, audio_codec)
        codecs = names.partition(";")[2]
        asked = order.mime_type
        self._mime_type = (
            names if not asked else asked if parse_mime_type(asked).codecs is not None else f"{asked};{codecs}"
        )
        keys = None
        if order.key_interval is not None or order.key_count is not None:
            keys = KeyFrames(order.key_interval, order.key_count)
        channels = min(
            (track.get_settings().channel_count or 1 for track in self._tracks if track.kind == "audio"), default=1
        )
        plan = Plan(
            container=container.name,
            video=video,
            audio=audio,
            options=Options(
                _video_options(order, video),
                _CONSTANT.get(audio.name, {}) if audio is not None and order.constant_audio else {},
                {} if self._slice is None else sliced(container.name, self._slice),
            ),
            video_bit_rate=encoder_rate(video_codec or "", order.rates.video, len(counts["video"])),
            audio_bit_rate=encoder_rate(audio_codec or "", order.rates.audio, len(counts["audio"]), channels),
            key_frames=keys,
            video_tag=order.tag if container.name == "mp4" else None,
        )
        self._target = BlobTarget(self._clock, container=container.name, rewindable=self._slice is None)
        return Session(plan, self._intakes, self._target, self._recorded, done=self._done, attend=self._attend)

    # ── the worker ───────────────────────────────────────────────────────────────────────────────

    def _attend(self, reached: int | None) -> None:
        """Look after things, often: announce the start, hand over what was asked for or is due."""
        session, target = self._session, self._target
        assert session is not None
        assert target is not None
        if self._had_loop and self._owner.loop is None:  # closed: nobody will ever take the data
            session.stop()
        if not self._announced and (reached is not None or self._clock.now_us() - self._began > _PATIENCE_US):
            self._announce()
        while self._asked:
            self._asked.popleft()
            self._cut(reached)
        if self._slice is not None and reached is not None and target.pending and reached - self._cut_at >= self._slice:
            self._cut(reached)

    def _announce(self) -> None:
        self._announced = True
        self._tell(self._start)

    def _cut(self, reached: int | None) -> None:
        assert self._target is not None
        blob, timecode = self._target.hand_over(self._mime_type)
        self._cut_at = reached or 0
        self._tell(lambda recorder: recorder._fire_blob(blob, timecode))

    def _done(self) -> None:
        """The last thing that the worker does."""
        assert self._session is not None
        assert self._target is not None
        error = self._session.error
        if isinstance(error, InvalidStateError) and not self._target.size:  # nothing came until it was stopped
            error = None
        while self._asked:
            self._asked.popleft()
            self._cut(None)
        if not self._announced and not isinstance(error, NotSupportedError):
            self._announce()
        self._end(error, *self._target.hand_over(self._mime_type))

    def _end(self, error: BaseException | None, blob: Blob | None = None, timecode: float = 0.0) -> None:
        ending, named = self._ending, None
        if error is not None:
            ending, named = ("failed", _named(error)) if self._announced else ("not supported", _unsupported(error))
            _logger.warning("a recording has failed: %s", error)
        reaper.stand_down()
        self._tell(lambda recorder: recorder._conclude(self, ending, named, blob, timecode))
        self._intakes = []
        if self._recorder() is None:  # nobody is there who would run the task
            self.let_go()
        else:
            queue_task(self._owner, self._let_go_if_alone)

    def _let_go_if_alone(self) -> None:
        """The recorder may have gone before its last task came: it is not there to let this go."""
        if self._recorder() is None:
            self.let_go()

    def let_go(self) -> None:
        """Forget tracks and stream: this is over."""
        self._stream._unwatch(self._track_set_changed)
        self._tracks = ()

    def after_fork(self) -> None:
        """In a forked child the worker is not there: nothing is recorded, and nothing will be told."""
        recorder = self._recorder()
        if recorder is not None:
            recorder._forget_after_fork()


def _run_next(reference: weakref.ref[MediaRecorder]) -> None:
    recorder = reference()
    if recorder is not None:
        recorder._run_next()


def _video_options(order: Order, model: EncoderModel | None) -> Mapping[str, str]:
    if model is None or order.profile is None or model.name not in _PROFILED:
        return {}
    return {"profile": order.profile}


def _named(error: BaseException) -> DOMException:
    """Name what the standard calls an unknown error; the cause has the details."""
    named = UnknownError(f"the recording cannot go on: {error}")
    named.__cause__ = error
    return named


def _unsupported(error: BaseException) -> DOMException:
    return error if isinstance(error, NotSupportedError) else _named(error)
