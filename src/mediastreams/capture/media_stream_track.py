"""`MediaStreamTrack`.

Not for: constraints (``apply_constraints.py``), frames (``track_frames.py``), the way of a frame (``_engine``).

Rules of the file: the slots change on the owner loop, in the task that fires the event; `stop`, `enabled` and the
getters work from any thread. What the source's thread says arrives in the four ``source_…`` methods, which only
queue tasks.
"""

from __future__ import annotations

import asyncio
import copy
import sys
import threading
import uuid
import warnings
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, cast

from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.worker import reaper
from mediastreams._rules.capabilities import capabilities_of, inherent_settings
from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.track_state import TrackInput, TrackState, advance
from mediastreams._webidl.conversions import boolean, dom_string
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task
from mediastreams.capture.apply_constraints import apply_constraints, follow_source
from mediastreams.capture.content_hint import set_content_hint
from mediastreams.capture.dictionaries import MediaTrackCapabilities, MediaTrackSettings
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.capture.requests import convert_media_track_constraints
from mediastreams.capture.track_source import adapt
from mediastreams.capture.track_stats import MediaStreamTrackAudioStats, MediaStreamTrackVideoStats

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.frame_iterator import FrameIterator
    from mediastreams._engine.levels import AudioLevel, AudioSpectrum
    from mediastreams._engine.port import Policy
    from mediastreams._engine.video_frame import VideoFrame
    from mediastreams._engine.voice_activity import VoiceActivity
    from mediastreams._rules.values import Kind, Mode, Settings
    from mediastreams.capture.constraint_types import MediaTrackConstraints
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.capture.track_source import TrackSource

    FrameT_co = TypeVar("FrameT_co", bound=VideoFrame | AudioData, default=VideoFrame | AudioData, covariant=True)
else:
    from typing import TypeVar  # which learns of defaults in Python 3.13

    FrameT_co = TypeVar("FrameT_co", covariant=True)
_TrackT = TypeVar("_TrackT", bound="MediaStreamTrack")

__all__ = ["MediaStreamTrack"]


@public
class MediaStreamTrack(EventTarget, Generic[FrameT_co]):
    """One picture or one sound of a source: a light view, many on one source, any number of consumers on it.

    Owns its `TrackFeed`; the last live track of a source to end stops the source. Belongs to one event loop;
    `stop`, `enabled`, getters and blocking iteration work from any thread. A live track with listeners stays
    alive though nobody holds it; any other is stopped when it is dropped.

    To a type checker ``stream.video`` is a ``MediaStreamTrack[VideoFrame]`` and ``stream.audio`` one of `AudioData`;
    without the brackets it may be either.

    https://w3c.github.io/mediacapture-main/#mediastreamtrack
    """

    __init__ = illegal_constructor("Tracks come from get_user_media(), clone(), open(), a generator or a canvas.")

    onmute = event_handler("mute")
    onunmute = event_handler("unmute")
    onended = event_handler("ended")
    onconfigurationchange = event_handler("configurationchange")

    @classmethod
    def _create(
        cls,
        source: TrackSource,
        settings: Settings,
        constraints: Mapping[str, Any] | None = None,
        *,
        enabled: bool = True,
    ) -> Self:
        """*Create a MediaStreamTrack*. The settings were selected and the source was brought to them.

        https://w3c.github.io/mediacapture-main/#dfn-create-a-mediastreamtrack
        """
        track = cls.__new__(cls)
        track._begin(source, settings, constraints or {}, enabled=enabled)
        return track

    def _begin(
        self, source: TrackSource, settings: Settings, constraints: Mapping[str, Any], *, enabled: bool = True
    ) -> None:
        """Fill the slots and join the source; for `_create`, and for subclasses that have a constructor."""
        EventTarget.__init__(self)
        # 1. The slots. 2. Tying it to its MediaDevices is theirs.
        self._tied_to = None
        self._source = source  # [[Source]]
        self._id = str(uuid.uuid4())  # [[Id]]
        self._kind = source.kind  # [[Kind]]
        self._label = source.label  # [[Label]]
        self._turn = threading.RLock()  # reentrant: the collector may run somebody's finaliser, which stops the track
        self._state = TrackState(muted=source.hub.muted)  # [[ReadyState]], [[Muted]]
        self._constraints = dict(constraints)  # [[Constraints]]
        self._settings = dict(settings)  # [[Settings]]
        self._configuration = None
        self._content_hint = ""
        self._hinted = {}
        self._stats = None  # [[Stats]]
        self._applying = None
        self._applications = 0
        self._committed = 0
        self._feed = feed = TrackFeed(source.hub, self)
        feed.enabled = enabled  # [[Enabled]]
        if constraints:
            feed.constraints = parse_constraints(source.kind, constraints, display=source.display)
        adapt(feed, source.hub.mode, dict(settings), source.model)
        source.hub.add_feed(feed)
        if source.reopens and source.hub.mode is not None:  # since it was opened another track may have changed it
            own = source.hub.settings
            feed.target = {name: own.get(name, value) for name, value in feed.target.items()}
            self._settings = dict(follow_source(self, source.hub.mode))
        if feed.ended or source.hub.ended:  # the source ended between its start and now
            self._state = TrackState("ended", source.hub.muted)
            feed.stop()

    _tied_to: MediaDevices | None
    _source: TrackSource
    _id: str
    _kind: Kind
    _label: str
    _turn: threading.RLock  # held while the state changes
    _state: TrackState
    _constraints: dict[str, Any]
    _settings: dict[str, Any]
    _configuration: Settings | None  # what the source changed to while the track was muted
    _content_hint: str
    _hinted: dict[str, bool]  # the defaults that hints have brought
    _feed: TrackFeed
    _stats: MediaStreamTrackAudioStats | MediaStreamTrackVideoStats | None
    _applying: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None  # applyConstraints calls, one after another
    _applications: int  # how many have selected settings
    _committed: int  # the latest of them that is done

    # ── attributes ───────────────────────────────────────────────────────────────────────────────

    @property
    def kind(self) -> Kind:
        """``"audio"`` or ``"video"``."""
        return self._kind

    @property
    def id(self) -> str:
        """A UUID of this track; a clone has another."""
        return self._id

    @property
    def label(self) -> str:
        """What the source is called, ``""`` when it has no name."""
        return self._label

    @property
    def enabled(self) -> bool:
        """False: consumers get black pictures or silence. Settable from any thread.

        Raises:
            TypeError: set to what is no bool.
        """
        return self._feed.enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._feed.enabled = boolean(value, "MediaStreamTrack.enabled")

    @property
    def muted(self) -> bool:
        """Whether the source temporarily cannot give data; see the ``mute`` and ``unmute`` events."""
        return self._state.muted

    @property
    def ready_state(self) -> MediaStreamTrackState:
        """``"live"`` or ``"ended"``; what has ended stays so."""
        return MediaStreamTrackState(self._state.ready_state)

    @property
    def content_hint(self) -> str:
        """What it is, for encoders: ``speech``, ``speech-recognition``, ``music``; ``motion``, ``detail``, ``text``.

        A value that is not for this kind of track is ignored. The hints for sound bring defaults for a microphone's
        echo cancellation, gain control and noise suppression, which the settings follow soon; constraints go first.

        Raises:
            TypeError: not a string.
            RuntimeError: set outside the loop that owns the track.

        https://w3c.github.io/mst-content-hint/#dom-mediastreamtrack-contenthint
        """
        return self._content_hint

    @content_hint.setter
    def content_hint(self, value: str) -> None:
        self._owner.check("MediaStreamTrack.content_hint")
        set_content_hint(self, dom_string(value, "MediaStreamTrack.content_hint"))

    @property
    def stats(self) -> MediaStreamTrackAudioStats | MediaStreamTrackVideoStats | None:
        """Counters of a track of a device or display, ``None`` for any other. The same object every time.

        https://w3c.github.io/mediacapture-extensions/#dom-mediastreamtrack-stats
        """
        if self._stats is None and self._source.device_class:
            of_kind = MediaStreamTrackVideoStats if self._kind == "video" else MediaStreamTrackAudioStats
            self._stats = of_kind._of(self._feed)
        return self._stats

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    def clone(self) -> MediaStreamTrack[FrameT_co]:
        """A track of the same source with a life, constraints, settings and ``enabled`` of its own.

        Raises:
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-main/#dfn-clone-a-track
        """
        return self._clone_as(MediaStreamTrack)

    def _clone_as(self, cls: type[_TrackT]) -> _TrackT:
        """*Clone a track* into one of a class; for subclasses whose clones are of it, too.

        https://w3c.github.io/mediacapture-main/#dfn-clone-a-track
        """
        self._owner.check("MediaStreamTrack.clone")
        # 3. Create a track on the same source; while it is being made the source stays.
        clone = cls._create(self._source, self._settings, copy.deepcopy(self._constraints), enabled=self._feed.enabled)
        # 4-7. The state, and (in _create) constraints and settings.
        # SPEC-ISSUE: the text creates clones enabled, "unless stated otherwise (for example when cloned)": the
        # web-platform-tests and every browser carry `enabled`, muted state and hint over.
        clone._state = self._state
        if self._state.ready_state == "ended":
            clone._feed.stop()
        clone._content_hint = self._content_hint
        clone._hinted = dict(self._hinted)
        if self._tied_to is not None:  # whoever revokes the permission for the source ends all its tracks
            self._tied_to._tie((clone,))
        return clone

    def stop(self) -> None:
        """End this track for good; nothing is delivered any more and no event is fired. Any thread; idempotent.

        https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-stop
        """
        self._advance("stop")

    def _end(self, _error: BaseException | None) -> None:
        """The task of *track ended*, for every reason but `stop`.

        https://w3c.github.io/mediacapture-main/#track-ended
        """
        self._advance("source ended")

    def _set_muted(self, muted: bool) -> None:  # noqa: FBT001 - the argument of a task
        """*Set a track's muted state*.

        https://w3c.github.io/mediacapture-main/#set-track-muted
        """
        self._advance("source muted" if muted else "source unmuted")
        if self._configuration is not None:  # now, before another task may mute it again
            self._set_configuration(self._configuration)

    def _advance(self, what: TrackInput) -> None:
        """Take one input of the table in ``_rules/track_state.py``: the new state first, then its effects in order.

        The state comes first because another thread that sees the source stopped must see the track ended.
        """
        with self._turn:  # `stop` comes from any thread, and must not be undone by a mute that was under way
            before = self._state
            self._state, effects = advance(before, what)
        for effect in effects:
            if effect == "notify source":
                self._feed.stop(at_once=what == "stop")
            else:
                fire_event(self, effect.removeprefix("fire "))
        if self._state.ready_state != before.ready_state:
            self._recheck_waits()
            if self._source.on_track_ended is not None:
                self._source.on_track_ended()

    def _set_configuration(self, settings: Settings) -> None:
        """*Change of configuration*: the source has other settings, by itself or for another track.

        https://w3c.github.io/mediacapture-extensions/#change-track-configuration
        """
        # 1. A muted track waits; `_set_muted` comes back here.
        self._configuration = settings if self._state.muted else None
        # 2.1-2.2. Ended, or nothing new.
        if self._state.muted or self._state.ready_state == "ended" or dict(settings) == self._settings:
            return
        # 2.3-2.4. Capabilities are read from the source.
        self._settings = dict(settings)
        fire_event(self, "configurationchange")

    # ── constraints ──────────────────────────────────────────────────────────────────────────────

    def get_capabilities(self) -> MediaTrackCapabilities:
        """What the source can do, whatever the constraints say.

        https://w3c.github.io/mediacapture-main/#dom-constrainablepattern-getcapabilities
        """
        return MediaTrackCapabilities.from_rules(capabilities_of(self._source.selectable, self._settings))

    def get_constraints(self) -> MediaTrackConstraints:
        """A copy of the constraints applied last, as they were given.

        https://w3c.github.io/mediacapture-main/#dom-constrainablepattern-getconstraints
        """
        return copy.deepcopy(self._constraints)  # type: ignore[return-value]

    def get_settings(self) -> MediaTrackSettings:
        """What the track is set to now. Of an ended track: device, group and facing mode.

        https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-getsettings
        """
        settings = self._settings
        if self._state.ready_state == "ended":
            settings = inherent_settings(settings)
        return MediaTrackSettings.from_rules(settings)

    async def apply_constraints(
        self, constraints: MediaTrackConstraints | Mapping[str, Any] | None = None, **keywords: Any
    ) -> None:
        """Replace the constraints of this track, and bring it to settings that satisfy them.

        Raises:
            OverconstrainedError: no settings satisfy them; constraints and settings stay as they were.
            TypeError: a malformed constraint.

        https://w3c.github.io/mediacapture-main/#dom-mediastreamtrack-applyconstraints
        """
        where = "MediaStreamTrack.apply_constraints"
        self._owner.check(where)
        given = convert_media_track_constraints(constraints, keywords, where)
        # 2. An ended track takes anything and does nothing.
        if self._state.ready_state == "live":
            # 3. The template method.
            await apply_constraints(self, given)

    # ── consumers ────────────────────────────────────────────────────────────────────────────────

    def frames(
        self,
        *,
        policy: Policy | None = None,
        format: str | None = None,
        width: int | None = None,
        height: int | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
        samples: int | None = None,
    ) -> FrameIterator[FrameT_co]:
        """Iterate over the frames from now on: ``async for`` on a loop, ``for`` in any other thread.

        Args:
            policy: ``latest`` (default for video: one frame waits, the newest wins), ``drop-oldest`` (default for
                audio: up to one second waits, the next chunk tells the gap), ``wait`` (only with a free clock).
            format: what ``to_ndarray()`` of the frames gives, made before hand-over: ``bgr24`` …, ``int16`` ….
            width: pixels; with one of the two the aspect ratio is kept.
            height: pixels.
            sample_rate: samples per second.
            channels: how many; mixed by the rules of Web Audio.
            samples: samples per channel in every chunk; the last may be shorter.

        Raises:
            NotSupportedError: ``wait`` on a source that keeps real time.
            TypeError: an argument for the other kind of track, or of the wrong type.
            ValueError: an unknown policy or format, or a number out of range.
        """
        from mediastreams.capture.track_frames import frames_of

        options = {
            "format": format,
            "width": width,
            "height": height,
            "sample_rate": sample_rate,
            "channels": channels,
            "samples": samples,
        }
        return cast("FrameIterator[FrameT_co]", frames_of(self, policy, options))

    def levels(self, *, interval: float = 0.05) -> FrameIterator[AudioLevel]:
        """Iterate over how loud the sound is, from now on: peak and RMS of each channel, as `frames` is iterated over.

        Who looks less often than every ``interval`` (seconds, 0.001 to 10) gets one level over all since the last look:
        no peak is missed, and nothing lags behind. On a source with a free clock there is one for every interval.

        Raises:
            TypeError: a video track, or no number.
            ValueError: an interval out of range.
        """
        from mediastreams.capture.track_levels import levels_of

        return levels_of(self, interval)

    def spectrum(
        self, *, interval: float = 0.05, fft_size: int = 2048, smoothing: float = 0.8
    ) -> FrameIterator[AudioSpectrum]:
        """Iterate over what frequencies the sound has, from now on, as an AnalyserNode tells them.

        ``fft_size``: samples of a window, twice the number of bins, a power of two from 32 to 32768. ``smoothing``: how
        much of one spectrum stays in the next, 0 to 1. ``interval``: as in `levels`; who is slower gets the newest one.

        Raises:
            TypeError: a video track, or no number.
            ValueError: a number out of range.
        """
        from mediastreams.capture.track_levels import spectrum_of

        return spectrum_of(self, interval, fft_size, smoothing)

    def voice_activity(
        self, *, threshold: float = 0.5, min_speech: float = 0.1, min_silence: float = 0.5
    ) -> FrameIterator[VoiceActivity]:
        """Iterate over when somebody begins and stops speaking, from now on. Needs ``pip install "mediastreams[vad]"``.

        Music and noise are no voices. In the platform it is an action of the media session, not of a track.

        Args:
            threshold: how likely a voice must be, between 0 and 1; higher hears fewer.
            min_speech: seconds, to 60, that a voice must go on before it is told.
            min_silence: seconds, to 60, without one before its end is told, so that a pause for breath is none.

        Raises:
            ImportError: the extra is not installed.
            TypeError: a video track, or no number.
            ValueError: a number out of range.
        """
        from mediastreams.capture.track_levels import voice_activity_of

        return voice_activity_of(self, threshold, min_speech, min_silence)

    def __aiter__(self) -> AsyncIterator[FrameT_co]:
        return self.frames()

    # ── what the source's thread says ────────────────────────────────────────────────────────────

    def _source_muted(self, *, muted: bool) -> None:
        queue_task(self._owner, self._set_muted, muted)

    def _source_ended(self, error: BaseException | None) -> None:
        queue_task(self._owner, self._end, error)

    def _source_reconfigured(self, mode: Mode, *, by_itself: bool = False) -> None:
        settings = follow_source(self, mode, by_itself=by_itself)
        if not self._feed.changing:  # what the application asked for is no news
            queue_task(self._owner, self._set_configuration, settings)

    def _source_died_in_fork(self) -> None:
        self._turn = threading.RLock()
        self._state = TrackState("ended", self._state.muted)

    # ── Python ───────────────────────────────────────────────────────────────────────────────────

    def _can_still_fire(self, type: str) -> bool:
        return self._state.ready_state == "live" or type not in _TRACK_EVENTS

    def _listeners_lost(self) -> None:
        """Called now and then while the source runs: listeners go with their loop, and nobody says so."""
        if not self._has_listeners():
            self._feed.kept = None

    def _listeners_changed(self) -> None:
        """*Garbage collection*: a live track with listeners is kept.

        https://w3c.github.io/mediacapture-main/#mediastreamtrack
        """
        live = self._state.ready_state == "live"
        self._feed.kept = self if live and self._has_listeners() else None

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a track cannot be copied or pickled: clone() it, or send its frames")

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

    def __repr__(self) -> str:
        state = "" if self._feed.enabled else " disabled"
        state += " muted" if self._state.muted else ""
        shown = self._settings
        if self._kind == "video" and "width" in shown:
            size = f" {shown['width']}×{shown['height']} @ {shown.get('frame_rate', 0):g} fps"
        elif self._kind == "audio" and "sample_rate" in shown:
            size = f" {shown['sample_rate']} Hz × {shown.get('channel_count', 1)}"
        else:
            size = ""
        return f"<{type(self).__name__} {self._kind} {self._label!r} {self._state.ready_state}{state}{size}>"

    def __del__(self) -> None:
        feed = getattr(self, "_feed", None)
        if feed is None or self._state.ready_state == "ended" or sys.is_finalizing():
            return
        reaper.put(feed.stop)  # takes no lock, as a finaliser must not
        if self._source.device_class:
            message = f"{self!r} was dropped while its device is open: stop() it"
            warnings.warn(message, ResourceWarning, stacklevel=1, source=self)


_TRACK_EVENTS: Final = frozenset({"ended", "mute", "unmute", "configurationchange"})
