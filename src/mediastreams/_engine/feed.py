"""`TrackFeed`: what one track makes of its source's frames, and the ports of the track's consumers.

Not for: the track's public state, which changes on its owner loop; the flags here are the worker's copy.

The way of a frame: ended → dropped · sound: echo, noise, gain · disabled → black or silence · adapter → cropped,
scaled, decimated, resampled, mixed · every port. The way of an encoded chunk: every port that takes chunks, while there
is nothing to be done with it; while the track is disabled it becomes black or silence, for which nothing is decoded.
"""

from __future__ import annotations

# ruff: noqa: SLF001 - the listener's methods are for the feed, not for users of the track
import logging
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mediastreams._engine.chunk_port import ChunkPort
from mediastreams._engine.frames import Chunk, Picture, Sound
from mediastreams._engine.port import DEFAULT_BOUND_US, Policy, SinkPort
from mediastreams._rules.chunk_mode import ChunkMode
from mediastreams._webidl.tasks import together
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.audio_adapter import AudioAdapter
    from mediastreams._engine.processing.stage import ProcessingStage
    from mediastreams._engine.source import SourceHub
    from mediastreams._engine.video_adapter import VideoAdapter
    from mediastreams._rules.constraints import Constraints
    from mediastreams._rules.values import Kind, Mode, Settings
    from mediastreams.abc import Clock

__all__ = ["AudioCounters", "AudioCounts", "FeedListener", "TrackFeed", "VideoCounters", "VideoCounts"]

_logger = logging.getLogger(__name__)


class FeedListener(Protocol):
    """The track, as its feed sees it. Called on the source's thread: queue a task, do nothing else."""

    def _source_muted(self, *, muted: bool) -> None: ...
    def _source_ended(self, error: BaseException | None) -> None: ...
    def _source_reconfigured(self, mode: Mode, *, by_itself: bool) -> None: ...
    def _source_died_in_fork(self) -> None: ...
    def _listeners_lost(self) -> None: ...


class VideoCounts(NamedTuple):
    """Frames of the source: those that went on, and those left out to reach the track's rate."""

    delivered: int = 0
    discarded: int = 0


class AudioCounts(NamedTuple):
    """Samples per channel and their µs, those that went on and those lost before; latency in µs since its reset."""

    delivered: int = 0
    delivered_us: float = 0.0
    dropped: int = 0
    dropped_us: float = 0.0
    latest: int = 0
    least: int = 0
    most: int = 0
    latency_sum: int = 0
    latency_count: int = 0


class VideoCounters:
    """Counts of one video track while it is enabled. ``counts`` is replaced as a whole: any thread reads it."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = VideoCounts()

    def add(self, *, delivered: bool) -> None:
        """Count one frame. The source's thread."""
        before = self.counts
        self.counts = VideoCounts(before.delivered + delivered, before.discarded + (not delivered))


class AudioCounters:
    """Counts of one audio track while it is enabled. ``counts`` is replaced as a whole: any thread reads it."""

    __slots__ = ("_lock", "counts")

    def __init__(self) -> None:
        self.counts = AudioCounts()
        self._lock = threading.Lock()

    def add(self, sound: Sound, latency: int) -> None:
        """Count one chunk. The source's thread."""
        with self._lock:
            old = self.counts
            us = 1_000_000 / sound.sample_rate
            first = old.latency_count == 0
            self.counts = AudioCounts(
                old.delivered + sound.length,
                old.delivered_us + sound.length * us,
                old.dropped + sound.gap,
                old.dropped_us + sound.gap * us,
                latency,
                latency if first else min(old.least, latency),
                latency if first else max(old.most, latency),
                old.latency_sum + latency,
                old.latency_count + 1,
            )

    def reset_latency(self) -> None:
        """Begin a new interval of latencies. Any thread."""
        with self._lock:
            latest = self.counts.latest
            self.counts = self.counts._replace(least=latest, most=latest, latency_sum=0, latency_count=0)

    def after_fork(self) -> None:
        self._lock = threading.Lock()


class TrackFeed:
    """Between a hub and one track's consumers. Lives as long as the track does.

    ``enabled``, ``adapter`` and ``processing`` may be set from any thread; the next frame sees them.
    """

    def __init__(self, hub: SourceHub, listener: FeedListener | None = None) -> None:
        self.hub = hub
        self.enabled = True
        self.ended = hub.ended
        self.muted = hub.muted
        self.adapter: VideoAdapter | AudioAdapter | None = None
        self.processing: ProcessingStage | None = None
        self.target: Settings = {}  # what the track's frames are to be; other tracks of the source heed it
        self.constraints: Constraints | None = None  # the track's; other tracks of the source heed what they require
        self.shape: object = None  # what the adapter was made for
        self.changing = False  # the track itself is having its source changed
        self.video_counters = VideoCounters()
        self.audio_counters = AudioCounters()
        self.kept: FeedListener | None = None  # a strong reference to the track while it lives and has listeners
        self.ports: tuple[SinkPort, ...] = ()
        self._listener = None if listener is None else weakref.ref(listener)
        self._lock = threading.RLock()  # reentrant: the collector may run a finaliser in here that stops the track

    @property
    def kind(self) -> Kind:
        return self.hub.kind

    @property
    def clock(self) -> Clock:
        return self.hub.clock

    def listen(self, listener: FeedListener) -> None:
        """Set the track; held weakly."""
        self._listener = weakref.ref(listener)

    # ── consumers ────────────────────────────────────────────────────────────────────────────────

    def attach(
        self,
        *,
        policy: Policy,
        on_item: Callable[[], None],
        bound_us: int = DEFAULT_BOUND_US,
        drain: bool = False,
        chunks: bool = False,
    ) -> SinkPort:
        """Add a consumer. Frames from now on reach its port; an ended feed gives a port that has ended.

        ``drain``: what waits when the track is stopped may still be taken (a recorder's last second). ``chunks``: where
        the source has encoded chunks the port is a `ChunkPort`, whose consumer takes those and frames.

        Raises:
            NotSupportedError: ``wait`` on a source that keeps real time.
        """
        free = self.hub.source.free_running
        if policy == "wait" and not free:
            raise NotSupportedError(
                'policy="wait" would stop a source that keeps real time: use "drop-oldest", '
                'or open a file with clock="free"'
            )
        room = self.hub.room if free else None
        port: SinkPort
        if chunks and self.hub.source.chunk_format is not None:
            port = ChunkPort(policy, bound_us=bound_us, on_item=on_item, room=room)
        else:
            port = SinkPort(policy, bound_us=bound_us, on_item=on_item, room=room, pictures=self.kind == "video")
        port.drain = drain
        with self._lock:  # whoever changes these holds it, too
            self.ports = (*self._open_ports(), port)
            port.ended = self.ended
            port.muted = self.muted
        if free:
            self.hub.room.add(port)
        return port

    def detach(self, port: SinkPort) -> None:
        """Close a port and forget it at once. Any thread, not from a finaliser (`SinkPort.close` is for that)."""
        port.close()
        self._forget_closed()
        self.hub.room.changed()

    def _open_ports(self) -> Iterable[SinkPort]:
        return (port for port in self.ports if not port.closed)

    @property
    def wants_frames(self) -> bool:
        """Whether a consumer wants decoded frames at present. Any thread."""
        for port in self.ports:
            if port.closed or port.ended:
                continue
            if not isinstance(port, ChunkPort) or self.adapter is not None:
                return True
            if port.mode is ChunkMode.DECODED and self.enabled:
                return True
        return False

    @property
    def wants_chunks(self) -> bool:
        """Whether a consumer wants encoded chunks, or will when their next key frame comes. Any thread."""
        for port in self.ports:  # noqa: SIM110 - asked for each packet of a file: no generator
            if isinstance(port, ChunkPort) and not (port.closed or port.ended):
                return True
        return False

    # ── the source's thread ────────────────────────────────────────────────────────────────────────

    def push(self, data: Picture | Sound | Chunk) -> None:
        """Take one frame of the source."""
        if self.ended:
            return
        if isinstance(data, Picture):
            self._push_picture(data)
        elif isinstance(data, Sound):
            self._push_sound(data)
        else:
            self._push_chunk(data)

    def _push_chunk(self, chunk: Chunk) -> None:
        enabled, adapted = self.enabled, self.adapter is not None
        plain = enabled and not self.muted and not adapted
        blank: Picture | Sound | None = None
        closed = False
        for port in self.ports:
            if port.closed:
                closed = True
            if port.closed or not isinstance(port, ChunkPort):
                continue
            port.put_chunk(chunk, plain=plain and not chunk.cut)
            if not enabled and not adapted and port.mode is ChunkMode.DECODED:
                if blank is None:
                    from mediastreams._engine.blank import blank_for

                    blank = blank_for(chunk)
                port.put(blank)
        if closed:
            self._forget_closed()
        if enabled and chunk.format.kind == "video" and not self.hub.wants_frames:  # else its picture is counted
            self.video_counters.add(delivered=True)

    def _push_picture(self, picture: Picture) -> None:
        enabled = self.enabled
        if not enabled:
            from mediastreams._engine.blank import black_like

            picture = black_like(picture)  # its scaled versions are kept, so black costs nothing
        adapter: VideoAdapter | None = self.adapter  # type: ignore[assignment]  # the track's kind decides
        adapted = picture if adapter is None else adapter.process(picture)
        if enabled:  # the counts stand still while the track is disabled
            self.video_counters.add(delivered=adapted is not None)
        if adapted is not None:
            self._put(adapted)

    def _push_sound(self, sound: Sound) -> None:
        stage = self.processing
        if stage is None:
            self._pass_sound(sound)
        else:  # also while the track is disabled: what a canceller has learned stays
            for part in stage.process(sound):
                self._pass_sound(part)

    def _pass_sound(self, sound: Sound) -> None:
        if self.enabled:
            captured = sound.metadata.get("capture_time", sound.timestamp)
            self.audio_counters.add(sound, self.clock.now_us() - int(captured))  # type: ignore[call-overload]
        else:  # the counts stand still while the track is disabled
            from mediastreams._engine.blank import silence_like

            sound = silence_like(sound)
        adapter: AudioAdapter | None = self.adapter  # type: ignore[assignment]
        if adapter is None:
            self._put(sound)
        else:
            for part in adapter.process(sound):
                self._put(part)

    def _put(self, data: Picture | Sound) -> None:
        if len(self.ports) > 1:
            with together:
                self._put_all(data)
        else:
            self._put_all(data)

    def _put_all(self, data: Picture | Sound) -> None:
        closed = False
        for port in self.ports:
            if port.closed:
                closed = True
            else:
                port.put(data)
        if closed:
            self._forget_closed()

    def _forget_closed(self) -> None:
        with self._lock:
            self.ports = tuple(self._open_ports())

    def source_muted(self, *, muted: bool) -> None:
        with self._lock:
            self.muted = muted
            ports = self.ports
        for port in ports:
            port.set_muted(muted=muted)
        if (listener := self._heard()) is not None:
            listener._source_muted(muted=muted)

    def source_reconfigured(self, mode: Mode, *, by_itself: bool = False) -> None:
        if (listener := self._heard()) is not None:
            listener._source_reconfigured(mode, by_itself=by_itself)

    def source_ended(self, error: BaseException | None) -> None:
        """Everything that was delivered stays for the consumers; then they see the end."""
        if self.ended:
            return
        flush = getattr(self.adapter, "flush", None)
        if flush is not None or self.processing is not None:
            try:
                for part in () if self.processing is None else self.processing.flush():
                    self._pass_sound(part)
                for part in () if flush is None else flush():
                    self._put(part)
            except Exception:  # the end must come through, whatever the last samples did
                _logger.warning("The last samples of a track could not be made", exc_info=True)
        with self._lock:
            self.ended = True
            ports = self.ports
        self.processing = None
        # The track first: a consumer that has seen the end finds its track ended.
        if (listener := self._heard()) is not None:
            listener._source_ended(error)
        for port in ports:
            port.end()

    def _heard(self) -> FeedListener | None:
        return None if self._listener is None else self._listener()

    # ── the track ──────────────────────────────────────────────────────────────────────────────────

    def stop(self, *, at_once: bool = False) -> None:
        """The track was stopped: nothing more is delivered, the source may close. Any thread; idempotent.

        After the source's own end this only leaves the hub: what was delivered stays for the consumers, unless somebody
        wants an end ``at_once``.
        """
        with self._lock:
            was_over, self.ended = self.ended, True
            ports = self.ports
        for port in ports:
            if port.drain or (was_over and not at_once):
                port.end()
            else:
                port.stop()
        self.kept = None
        self.processing = None  # what it has learned is of no use any more, and it need not listen
        self.hub.remove_feed(self)

    def let_go(self) -> None:
        """Keep a track no longer whose listeners' loops are closed. The reaper's thread, now and then."""
        if (kept := self.kept) is not None:
            kept._listeners_lost()

    def after_fork(self) -> None:
        self._lock = threading.RLock()
        self.audio_counters.after_fork()
        self.ended = True
        for port in self.ports:
            port.after_fork()
        self.kept = None
        if (listener := self._heard()) is not None:
            listener._source_died_in_fork()
