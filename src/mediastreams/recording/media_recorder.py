"""`MediaRecorder`.

Not for: gathering the data (``gathering.py``), what a media type means (``_rules/mime_types.py``), recording to a file
that is written as it grows (``record.py``).

Rules of the file: the state changes in the call, events follow as tasks. Runs follow one another: the events of one
are all fired before the first of the next.

NOT-HERE: a stream's isolation properties: no track comes from a page of somebody else, so nothing is a SecurityError.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from mediastreams._engine.worker import reaper
from mediastreams._rules.codec_strings import form_of
from mediastreams._rules.mime_types import (
    CONTAINERS,
    codec_of,
    container_of_type,
    parse_mime_type,
    select_codec,
    type_problem,
)
from mediastreams._rules.recorder_rates import VideoShape, reasonable_rates, share_bit_rate
from mediastreams._rules.recorder_state import LAST_EVENTS, RecorderInput, advance
from mediastreams._webidl.conversions import dom_string, unsigned_long, wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.error_event import ErrorEvent
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.capture.media_stream import MediaStream
from mediastreams.errors import DOMException, NotSupportedError
from mediastreams.recording.blob_event import BlobEvent
from mediastreams.recording.enums import BitrateMode, RecordingState
from mediastreams.recording.gathering import Gathering, Order
from mediastreams.recording.media_recorder_options import RECORDER_OPTIONS, MediaRecorderOptions

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._rules.mime_types import ContainerType
    from mediastreams._rules.recorder_rates import BitRates
    from mediastreams._rules.recorder_state import Ending, RecorderState
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.files.blob import Blob

__all__ = ["MediaRecorder"]

_ONE_TRACK: Final = frozenset({"wav", "flac", "ogg"})
_NEVER_CONSTANT: Final = frozenset({"flac"})
_kept: Final[set[MediaRecorder]] = set()  # those that record and have listeners: nobody else need hold them


@public
class MediaRecorder(EventTarget):
    """Records a stream into blobs: one at the end, or one every ``timeslice`` milliseconds.

    All blobs in a row are one file. Of a recording that comes in a single blob the head has duration and index, like
    any film's; slices are given out before these are known, so players learn the duration of sliced WebM at its end. A
    large recording is kept in temporary files, which go with the last blob on them.

    Belongs to one event loop; `stop` and the getters work from any thread. One that records and has listeners stays
    alive though nobody holds it; any other is stopped when it is dropped. Leaving it as a context manager stops it, as
    an asynchronous one waits for the last blob, too.

    https://w3c.github.io/mediacapture-record/#mediarecorder-api
    """

    onstart = event_handler("start")
    onstop = event_handler("stop")
    ondataavailable = event_handler("dataavailable", BlobEvent)
    onpause = event_handler("pause")
    onresume = event_handler("resume")
    onerror = event_handler("error", ErrorEvent)

    _state: RecorderState = "inactive"

    def __init__(
        self,
        stream: MediaStream,
        options: MediaRecorderOptions | Mapping[str, Any] | None = None,
        **keywords: Any,
    ) -> None:
        """*The MediaRecorder constructor*.

        Raises:
            TypeError: no stream, or an option of the wrong type.
            NotSupportedError: the media type cannot be recorded, or both key-frame intervals are given.

        https://w3c.github.io/mediacapture-record/#mediarecorder-constructor
        """
        # 1-3. The arguments.
        where = "MediaRecorder"
        if not isinstance(stream, MediaStream):
            raise wrong_type(f"{where}: stream", "a MediaStream", stream)
        given = RECORDER_OPTIONS.convert(merge_arguments(options, keywords, where), where)
        mime_type: str = given["mime_type"]
        # 4. What is not supported is refused.
        problem = _problem_of(mime_type)
        if problem is not None:
            raise NotSupportedError(f"{where}: {problem}")
        # SPEC-ISSUE: the draft refuses two key-frame intervals in start(); the web-platform-tests in the constructor.
        interval = given.get("video_key_frame_interval_duration")
        count = given.get("video_key_frame_interval_count")
        if interval is not None and count is not None:
            raise NotSupportedError(f"{where}: give one of the two key-frame intervals, milliseconds or frames")
        # 5-9. The object and its slots.
        super().__init__()
        self._constrained_mime_type = mime_type  # [[ConstrainedMimeType]]
        self._constrained_rate: int | None = given.get("bits_per_second")  # [[ConstrainedBitsPerSecond]]
        self._key_interval: float | None = interval  # [[VideoKeyFrameIntervalDuration]]
        self._key_count: int | None = count  # [[VideoKeyFrameIntervalCount]]
        # 10-12. Stream, media type; the state is inactive.
        self._stream = stream
        self._mime_type = mime_type
        # 13-15. The bit rates.
        usual = _reasonable(stream)
        video, audio = given.get("video_bits_per_second"), given.get("audio_bits_per_second")
        self._rates = usual._replace(
            video=usual.video if video is None else video, audio=usual.audio if audio is None else audio
        )
        if self._constrained_rate is not None:
            self._rates = share_bit_rate(self._constrained_rate)
        # 16. How steady the sound's rate is.
        mode: BitrateMode = given["audio_bitrate_mode"]
        self._audio_bitrate_mode = mode if _can_be(mode, mime_type) else BitrateMode.VARIABLE
        self._turn = threading.RLock()  # reentrant: the collector may run somebody's finaliser in here
        self._runs: deque[Gathering] = deque()  # the first is being told of; others were started since
        self._run: Gathering | None = None  # the one that `state` is about
        self._idle: list[asyncio.Future[None]] = []

    # ── attributes ───────────────────────────────────────────────────────────────────────────────

    @property
    def stream(self) -> MediaStream:
        """The stream to record."""
        return self._stream

    @property
    def mime_type(self) -> str:
        """The media type as asked for, ``""`` for the recorder's choice; from ``start`` to the end the real one."""
        return self._mime_type

    @property
    def state(self) -> RecordingState:
        """``"inactive"``, ``"recording"`` or ``"paused"``."""
        return RecordingState(self._state)

    @property
    def video_bits_per_second(self) -> int:
        """The target for all video tracks together."""
        return self._rates.video

    @property
    def audio_bits_per_second(self) -> int:
        """The target for all audio tracks together."""
        return self._rates.audio

    @property
    def audio_bitrate_mode(self) -> BitrateMode:
        """``"constant"`` or ``"variable"``."""
        return self._audio_bitrate_mode

    # ── methods ──────────────────────────────────────────────────────────────────────────────────

    def start(self, timeslice: int | None = None) -> None:
        """Begin to record all live tracks of the stream; ``timeslice`` in milliseconds.

        Raises:
            InvalidStateError: it records already.
            NotSupportedError: no track is live, or the media type does not hold these tracks.
            TypeError: ``timeslice`` is no integer of 0 … 2³² − 1.
            RuntimeError: called outside the loop that owns the recorder.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-start
        """
        where = "MediaRecorder.start"
        # 1-4. The arguments and the live tracks.
        slice_ms = None if timeslice is None else unsigned_long(timeslice, f"{where}: timeslice")
        self._owner.check(where)
        tracks = [track for track in self._stream.get_tracks() if track.ready_state == "live"]
        with self._turn:
            # 5. Not twice.
            state, _ = advance(self._state, "start")
            # 6. No isolation here. 7. Not without a live track.
            if not tracks:
                raise NotSupportedError(f"{where}: no track of the stream is live, so there is nothing to record")
            # 8-13, 15. The configuration, and whether it can hold the tracks.
            kinds = {track.kind for track in tracks}
            rates = self._rates
            if self._constrained_rate is not None:
                rates = share_bit_rate(self._constrained_rate, video="video" in kinds, audio="audio" in kinds)
            order = self._configure(tracks, rates)
            # 14. From here on it records; the rest is done in parallel.
            run = Gathering(self, order, tracks, slice_ms)
            self._rates = rates
            self._state = state
            self._run = run
            self._runs.append(run)
        self._keep()

    def stop(self) -> None:
        """End the recording; ``dataavailable`` and ``stop`` follow. Any thread; nothing happens when inactive.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-stop
        """
        with self._turn:
            run = self._run
            if "finish" in self._advance("stop") and run is not None:
                run.stop()

    def pause(self) -> None:
        """Leave out what comes from now on; ``pause`` follows.

        Raises:
            InvalidStateError: it does not record.
            RuntimeError: called outside the loop that owns the recorder.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-pause
        """
        self._owner.check("MediaRecorder.pause")
        with self._turn:
            if "hold" in self._advance("pause") and self._run is not None:
                self._run.pause()

    def resume(self) -> None:
        """Go on after `pause`; ``resume`` follows.

        Raises:
            InvalidStateError: it does not record.
            RuntimeError: called outside the loop that owns the recorder.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-resume
        """
        self._owner.check("MediaRecorder.resume")
        with self._turn:
            if "go on" in self._advance("resume") and self._run is not None:
                self._run.resume()

    def request_data(self) -> None:
        """Ask for what was gathered so far; ``dataavailable`` follows, with an empty blob when there is nothing.

        Raises:
            InvalidStateError: it does not record.
            RuntimeError: called outside the loop that owns the recorder.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-requestdata
        """
        self._owner.check("MediaRecorder.request_data")
        with self._turn:
            if "hand over" in self._advance("request data") and self._run is not None:
                self._run.request()

    @staticmethod
    def is_type_supported(type: str) -> bool:
        """Whether a media type can be recorded here, by any encoder that really opens. Tried once per process.

        Raises:
            TypeError: not a string.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-istypesupported
        """
        return _problem_of(dom_string(type, "MediaRecorder.is_type_supported: type")) is None

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _advance(self, what: RecorderInput) -> tuple[str, ...]:
        """Take one input of the table in ``_rules/recorder_state.py``. Holding the lock."""
        self._state, effects = advance(self._state, what)
        if "inactivate" in effects:
            self._inactivate()
        return effects

    def _inactivate(self) -> None:
        """*Inactivate the recorder*.

        https://w3c.github.io/mediacapture-record/#abstract-opdef-inactivate-the-recorder
        """
        self._mime_type = self._constrained_mime_type
        self._run = None
        if self._constrained_rate is not None:
            self._rates = share_bit_rate(self._constrained_rate)

    def _configure(self, tracks: list[MediaStreamTrack], rates: BitRates) -> Order:
        """Find the configuration for these tracks.

        Raises: NotSupportedError.
        """
        media_type = parse_mime_type(self._constrained_mime_type) if self._constrained_mime_type else None
        container = CONTAINERS["webm"] if media_type is None else _container(self._constrained_mime_type)
        asked = None if media_type is None else media_type.codecs
        if media_type is not None and media_type.kind == "audio" and any(track.kind == "video" for track in tracks):
            raise NotSupportedError(f"MediaRecorder.start: {media_type.essence} holds no pictures; take a video/ type")
        if container.name in _ONE_TRACK and len(tracks) > 1:
            raise NotSupportedError(f"MediaRecorder.start: {container.name} holds one track, not {len(tracks)}")
        form = next((form_of(name) for name in asked or () if codec_of(name) in container.video), None)
        return Order(
            container=container,
            mime_type=self._constrained_mime_type,
            video=select_codec(container, "video", asked),
            audio=select_codec(container, "audio", asked),
            rates=rates,
            constant_audio=self._audio_bitrate_mode is BitrateMode.CONSTANT,
            key_interval=None if self._key_interval is None else max(0, round(self._key_interval * 1000)),
            key_count=self._key_count,
            profile=None if form is None else form.profile,
            tag=None if form is None else form.tag,
        )

    # ── what a run has to tell, each a task on the owner loop ────────────────────────────────────────

    def _run_next(self) -> None:
        """Run the next task of the first run. One that comes from a later run waits until that is the first."""
        with self._turn:  # held while a run is made
            task = self._runs[0].waiting.popleft() if self._runs and self._runs[0].waiting else None
        if task is not None:
            task(self)

    def _fire(self, type: str) -> None:
        fire_event(self, type)

    def _fire_start(self, run: Gathering, mime_type: str) -> None:
        with self._turn:
            if self._run is run:
                self._mime_type = mime_type
        fire_event(self, "start")

    def _fire_blob(self, blob: Blob, timecode: float) -> None:
        """*Fire a blob event*.

        https://w3c.github.io/mediacapture-record/#fire-a-blob-event
        """
        fire_event(self, "dataavailable", BlobEvent, data=blob, timecode=timecode)

    def _conclude(
        self, run: Gathering, ending: Ending, error: DOMException | None, blob: Blob | None, timecode: float
    ) -> None:
        """End a run: *inactivate the recorder*, and fire the last events.

        https://w3c.github.io/mediacapture-record/#dom-mediarecorder-start
        """
        with self._turn:
            if self._run is run:
                self._advance("over")
            elif ending == "track set changed":  # the application has stopped it since
                ending = "stopped"
        run.let_go()
        if ending == "track set changed":
            error = _modified()
        for event in LAST_EVENTS[ending]:
            if event == "error":
                fire_event(self, "error", ErrorEvent, error=error, message="" if error is None else error.message)
            elif event == "dataavailable":
                for _ in range(run.unanswered):
                    self._fire_blob(run.nothing(), timecode)
                if blob is not None:
                    self._fire_blob(blob, timecode)
            else:
                self._fire(event)
        with self._turn:
            if self._runs and self._runs[0] is run:
                self._runs.popleft()
            following = len(self._runs[0].waiting) if self._runs else 0
        for _ in range(following):
            queue_task(self._owner, self._run_next)
        self._keep()
        if not self._runs:
            for future in self._idle:
                if not future.done():
                    future.set_result(None)
            self._idle.clear()

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    def _keep(self) -> None:
        """Keep it alive while it has something to tell, and somebody to tell it to."""
        if self._runs and self._has_listeners():
            _kept.add(self)
        else:
            _kept.discard(self)

    def _listeners_changed(self) -> None:
        self._keep()

    def _forget_after_fork(self) -> None:
        self._turn = threading.RLock()
        self._runs.clear()
        self._state = "inactive"
        self._inactivate()
        _kept.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._runs:
            future = asyncio.get_running_loop().create_future()
            self._idle.append(future)
            await future

    def __repr__(self) -> str:
        named = f" {self._mime_type}" if self._mime_type else ""
        return f"<MediaRecorder {self._state}{named} of {self._stream!r}>"

    def __del__(self) -> None:
        runs = getattr(self, "_runs", None)
        if not runs:
            return
        if self._state != "inactive":
            message = f"{self!r} was dropped while it recorded: stop() it, or listen to it"
            warnings.warn(message, ResourceWarning, stacklevel=1, source=self)
        for run in runs:
            reaper.put(run.give_up)


def _problem_of(mime_type: str) -> str | None:
    """*Is type supported*: why not."""
    if not mime_type:
        return None
    return type_problem(mime_type, _can_encode)


def _can_encode(codec: str) -> bool:
    from mediastreams._engine.encoding.codecs import available_encoder

    return available_encoder(codec) is not None


def _container(mime_type: str) -> ContainerType:
    found = container_of_type(parse_mime_type(mime_type))
    assert found is not None  # the constructor has seen to that
    return found


def _can_be(mode: BitrateMode, mime_type: str) -> bool:
    """Whether the sound of that type can have that kind of rate."""
    if mode is BitrateMode.VARIABLE or not mime_type:
        return True
    codec = select_codec(_container(mime_type), "audio", parse_mime_type(mime_type).codecs)
    return bool(codec) and codec[0] not in _NEVER_CONSTANT


def _reasonable(stream: MediaStream) -> BitRates:
    """Targets for a stream as it is now."""
    videos = [track.get_settings() for track in stream.get_video_tracks()]
    audios = [track.get_settings() for track in stream.get_audio_tracks()]
    return reasonable_rates(
        [VideoShape(one.width or 0, one.height or 0, one.frame_rate or 0) for one in videos],
        [one.channel_count or 1 for one in audios],
    )


def _modified() -> DOMException:
    from mediastreams.errors import InvalidModificationError

    return InvalidModificationError(
        "a track was added to the stream or removed from it while it was recorded; start() records the new set"
    )
