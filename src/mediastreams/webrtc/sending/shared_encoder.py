"""`SharedEncoder`: what one track gives, encoded once for everybody who watches it in the same way.

Not for: the encoding itself (``video_line.py``, ``audio_line.py``) or for packets' headers (``packet_writer.py``).

Rules of the file: one thread an encoder, which lives from the first viewer to the last. An encoded frame crosses to
each loop once, however many of its viewers there are; a loop that stands still loses frames, and holds nobody back.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from mediastreams._engine.worker import Worker, after_fork_in_child
from mediastreams._rules.renditions import encoder_bit_rate
from mediastreams._webidl.tasks import wakeups_of
from mediastreams.webrtc.sending.encoded import AudioChoice, Choice, EncodedFrame, Viewer

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams.abc import Wake

__all__ = ["Line", "SharedEncoder", "shared_encoder"]

_logger = logging.getLogger(__name__)
_MOST_WAITING: Final = 120  # frames that wait for a loop: two to four seconds

_lock = threading.RLock()  # reentrant: the collector may run somebody's finaliser in here
_encoders: dict[tuple[TrackFeed, Choice], SharedEncoder] = {}


def shared_encoder(feed: TrackFeed, choice: Choice) -> SharedEncoder:
    """Find the encoder of a feed that encodes so, or make one. It begins with its first viewer."""
    with _lock:
        found = _encoders.get((feed, choice))
        if found is None:
            found = _encoders[feed, choice] = SharedEncoder(feed, choice)
        return found


class Line(Protocol):
    """What one encoder's thread does."""

    def step(self) -> bool:
        """Do the next thing, if there is one, and say so. Not to be called after ``finished``."""

    def deadline(self) -> int | None:
        """When there will be something to do without anything coming, ns of the clock."""

    def request_key(self) -> None:
        """Have a key frame made soon. Any thread."""

    def set_bit_rate(self, bit_rate: int | None) -> None:
        """Have that rate aimed at, ``None``: what suits the pictures. Any thread."""

    def close(self) -> None:
        """Let go of everything. Once, on the thread, whatever happened."""

    @property
    def finished(self) -> bool:
        """Nothing will come any more."""

    @property
    def shape(self) -> tuple[int, int, float] | None:
        """Width, height and rate of the pictures, once some have come. Any thread."""

    @property
    def encoded_size(self) -> tuple[int, int] | None:
        """Width and height of what is encoded. Any thread."""

    @property
    def passing(self) -> bool:
        """Whether what is sent was encoded already. Any thread."""

    @property
    def encoder_name(self) -> str | None:
        """FFmpeg's name of the encoder in use. Any thread."""

    @property
    def bit_rate(self) -> int | None:
        """What is aimed at, bits a second. Any thread."""


class _Group:
    """The viewers on one loop, and the frames on their way there."""

    __slots__ = ("_frames", "_lost", "_owner", "_scheduled", "_wakeups", "loop", "viewers")

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: SharedEncoder) -> None:
        self.viewers: tuple[Viewer, ...] = ()
        self.loop = loop
        self._wakeups = wakeups_of(loop)
        self._owner = owner
        self._frames: deque[EncodedFrame] = deque()
        self._scheduled = False
        self._lost = False

    def put(self, frame: EncodedFrame) -> None:
        """Send a frame to the loop. The encoder's thread."""
        if len(self._frames) >= _MOST_WAITING:
            self._frames.clear()
            self._lost = True
        self._frames.append(frame)
        if not self._scheduled:
            self._scheduled = True
            self._wakeups.add(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self._lost:
            self._lost = False
            for viewer in self.viewers:
                viewer.missed()
        frames = self._frames
        while True:
            try:
                frame = frames.popleft()
            except IndexError:
                return
            for viewer in self.viewers:
                viewer.take(frame, self._owner)


class SharedEncoder:
    """Encodes one feed in one way. Used from any thread; its viewers are called on their loops."""

    def __init__(self, feed: TrackFeed, choice: Choice) -> None:
        self.feed = feed
        self.choice = choice
        self.line: Line | None = None
        self._groups: dict[asyncio.AbstractEventLoop, _Group] = {}
        self._targets: tuple[_Group, ...] = ()
        self._wishes: dict[Viewer, tuple[int, int | None]] = {}
        self._worker: Worker | None = None
        self._wake: Wake = feed.clock.wake()
        self._stopping = False
        after_fork_in_child(self)

    @property
    def viewers(self) -> int:
        """How many there are."""
        return sum(len(group.viewers) for group in self._targets)

    def add(self, viewer: Viewer) -> SharedEncoder:
        """Give frames to a viewer, from the next on; it is told of a key frame first. Answers who does.

        That is another encoder if this one has just lost its last viewer.
        """
        with _lock:
            if self._stopping:
                if _encoders.get((self.feed, self.choice)) is self:
                    del _encoders[self.feed, self.choice]
                return shared_encoder(self.feed, self.choice).add(viewer)
            group = self._groups.get(viewer.loop)
            if group is None:
                group = self._groups[viewer.loop] = _Group(viewer.loop, self)
            if viewer not in group.viewers:
                group.viewers = (*group.viewers, viewer)
            self._targets = tuple(self._groups.values())
            if self._worker is not None:
                self.request_key()
            else:
                self.line = self._make_line()
                name = f"send-{self.choice.codec}"
                self._worker = Worker(name, self._run, finish=self._finish)
                try:
                    self._worker.start()
                except RuntimeError as error:  # no thread starts any more: the interpreter is ending
                    _logger.warning("No thread for an encoder: %s", error)
        return self

    def remove(self, viewer: Viewer) -> None:
        """Give a viewer nothing any more; with the last one the encoder goes. Idempotent."""
        with _lock:
            group = self._groups.get(viewer.loop)
            if group is None:
                return
            self._wishes.pop(viewer, None)
            group.viewers = tuple(one for one in group.viewers if one is not viewer)
            if not group.viewers:
                del self._groups[viewer.loop]
            self._targets = tuple(self._groups.values())
            if not self._groups and not self._stopping:
                self._finish()
                if _encoders.get((self.feed, self.choice)) is self:
                    del _encoders[self.feed, self.choice]

    def request_key(self) -> None:
        """Have a key frame made soon: requests are merged. Any thread."""
        if self.line is not None:
            self.line.request_key()
            self._wake.set()

    @property
    def shape(self) -> tuple[int, int, float] | None:
        """Width, height and rate of the track's pictures, once some have come."""
        return None if self.line is None else self.line.shape

    def set_wish(self, viewer: Viewer, nominal: int, limit: int | None) -> None:
        """Say what a viewer should get, and what its link limits it to; bits a second. Any thread."""
        with _lock:
            self._wishes[viewer] = (nominal, limit)
            wishes = list(self._wishes.values())
        rate = encoder_bit_rate(max(nominal for nominal, _ in wishes), [limit for _, limit in wishes])
        if self.line is not None:
            self.line.set_bit_rate(rate)

    def _make_line(self) -> Line:
        if isinstance(self.choice, AudioChoice):
            from mediastreams.webrtc.sending.audio_line import AudioLine

            return AudioLine(self.feed, self.choice, emit=self._emit, wake=self._wake.set)
        from mediastreams.webrtc.sending.video_line import VideoLine

        return VideoLine(self.feed, self.choice, emit=self._emit, wake=self._wake.set)

    def _finish(self) -> None:
        self._stopping = True
        self._wake.set()

    def _emit(self, frame: EncodedFrame) -> None:
        for group in self._targets:
            if group.loop.is_closed():
                self._drop(group)
            else:
                group.put(frame)

    def _drop(self, group: _Group) -> None:
        """Forget the viewers of a loop that has ended without closing its connections."""
        for viewer in group.viewers:
            self.remove(viewer)

    def _run(self) -> None:
        line, clock = self.line, self.feed.clock
        assert line is not None
        try:
            while not (self._stopping or line.finished):
                self._wake.clear()
                if not line.step() and not self._stopping:
                    clock.wait_until(line.deadline(), self._wake)
        finally:
            line.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end. Not on a loop."""
        return self._worker is None or self._worker.join(seconds)

    def after_fork(self) -> None:
        """In a child there is no thread, and who watched is the parent's."""
        self._stopping = True
        self._groups = {}
        self._targets = ()


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - it may be held by a thread that is not there
    _lock = threading.RLock()
    _encoders.clear()


class _Forked:
    def after_fork(self) -> None:
        _after_fork()


_forked: Final = _Forked()
after_fork_in_child(_forked)
