"""One exposure: a picture of a track's source, in the mode and with the light that a photo wants.

Not for: what is asked for (``take_photo.py``), nor for files.

Rules of the file: everything here blocks, on a thread of its own. A photo sees the source, not the track: it is neither
cropped nor decimated for that. Whoever needs the camera in another state holds ``hub.operation`` as long as it lasts.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mediastreams._engine.blank import black_like
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Picture
from mediastreams.errors import UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mediastreams._engine.frames import Chunk, Sound
    from mediastreams._engine.port import SinkPort
    from mediastreams._rules.values import Mode, Settings
    from mediastreams.abc import Wake
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["Exposure"]

_PATIENCE_NS: Final = 10_000_000_000
_SETTLING: Final = 3  # frames until what was set is seen: one is under way, and exposure follows the light


class _Plate:
    """What a source delivers to in an interlude: the newest picture, and how many there were."""

    wants_frames = True
    wants_chunks = False

    def __init__(self, wake: Wake) -> None:
        self._wake = wake
        self.picture: Picture | None = None
        self.count = 0
        self.ended = False

    def deliver(self, data: Picture | Sound | Chunk) -> None:
        if isinstance(data, Picture):
            self.picture = data
            self.count += 1
            self._wake.set()

    def set_muted(self, *, muted: bool) -> None:
        """A camera that cannot deliver is waited for, as long as there is patience."""

    def reconfigured(self, mode: Mode) -> None:
        """A picture tells its own size."""

    def end(self, error: BaseException | None = None) -> None:  # noqa: ARG002 - the track will tell why
        self.ended = True
        self._wake.set()

    def wait_for_room(self, wake: Wake) -> None:
        """A plate takes everything at once."""


class Exposure:
    """One attempt at a picture. ``mode``: the one to change to, if any; ``light``: whether the torch is to be lit.

    `run` blocks; `give_up` ends it, from any thread.
    """

    def __init__(self, track: MediaStreamTrack, mode: Mode | None, *, light: bool) -> None:
        self._feed = track._feed
        self._hub = track._feed.hub
        self._label = track.label or "the track"
        self._mode = mode
        self._light = light
        self._given_up = False
        self._wake = self._hub.clock.wake()

    @property
    def changes(self) -> bool:
        """Whether the camera has to be brought to another state for it."""
        return self._feed.enabled and (self._mode is not None or self._light)

    def give_up(self) -> None:
        """Have `run` end soon, because nobody waits for it any more."""
        self._given_up = True
        self._wake.set()

    def run(self) -> Picture:
        """Take the picture; of a disabled track it is black, and the camera is left as it is.

        Raises: UnknownError (the track ends, or nothing comes), and what opening a device raises.
        """
        with self._watching_the_end():
            picture = self._taken()
        return picture if self._feed.enabled else black_like(picture)

    def _taken(self) -> Picture:
        hub = self._hub
        if not self.changes:
            return self._next(1)
        with hub.operation:
            self._check()  # it may have ended while others had the camera
            own: Settings = {**hub.settings, "torch": True} if self._light else hub.settings
            if self._mode is not None:
                plate = _Plate(self._wake)
                return hub.interlude(self._mode, own, plate, lambda: self._developed(plate))
            before = hub.settings
            hub.reconfigure(hub.mode, own)
            try:
                return self._next(_SETTLING)
            finally:
                hub.reconfigure(hub.mode, before)

    def _developed(self, plate: _Plate) -> Picture:
        self._wait(lambda: plate.count >= _SETTLING or plate.ended)
        if plate.picture is None or plate.ended:
            raise UnknownError(f"take_photo: {self._label} ended before there was a picture")
        return plate.picture

    def _next(self, wanted: int) -> Picture:
        """Wait for the source's next picture, or the one after some more."""
        feed = TrackFeed(self._hub)
        port = feed.attach(policy="latest", on_item=self._wake.set)
        port.demand()
        self._hub.add_feed(feed)
        picture: Picture | None = None
        try:
            for _ in range(wanted):
                self._wait(lambda: bool(len(port)) or port.ended or (port.muted and not self._hub.away))
                taken = port.take()
                if not isinstance(taken, Picture):
                    raise UnknownError(f"take_photo: {self._label} gives no picture: it is muted or has ended")
                picture = taken
        finally:
            feed.stop()
        assert picture is not None
        return picture

    def _check(self) -> None:
        if self._feed.ended or self._given_up:
            raise UnknownError(f"take_photo: {self._label} ended before there was a picture")

    def _wait(self, ready: Callable[[], bool]) -> None:
        clock = self._hub.clock
        deadline = clock.now_ns() + _PATIENCE_NS
        while True:
            self._wake.clear()
            self._check()
            if ready():
                return
            if clock.now_ns() >= deadline:
                raise UnknownError(f"take_photo: {self._label} gives no picture")
            clock.wait_until(deadline, self._wake)

    @contextmanager
    def _watching_the_end(self) -> Iterator[SinkPort]:
        """Have the track's end wake whoever waits."""
        port = self._feed.attach(policy="latest", on_item=self._on_item)
        try:
            yield port
        finally:
            self._feed.detach(port)

    def _on_item(self) -> None:
        if self._feed.ended:
            self._wake.set()
