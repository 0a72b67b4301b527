"""Tracks for aiortc, and tracks of aiortc's: `as_aiortc`, `from_aiortc`.

Not for: our own connections, which take tracks as they are. What aiortc calls is in ``outward_track.py``.

Rules of the file: nothing waits without a bound: what aiortc has is taken at once, and our consumers drop by their own
policies. A frame that comes from aiortc may be somebody else's, too, and is not written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture, Sound
from mediastreams._rules.capture_times import SharedTimes
from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.tasks import wakeups_of
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.push_source import PushSource
from mediastreams.webrtc.extra import need_extra
from mediastreams.webrtc.receiving.loop_timer import LoopTimer

if TYPE_CHECKING:
    import aiortc
    from av import AudioFrame, VideoFrame

    from mediastreams._rules.values import Kind

__all__ = ["as_aiortc", "from_aiortc"]

_logger = logging.getLogger(__name__)
_US: Final = 1_000_000
_BACK_US: Final = 1_000_000
_AHEAD_US: Final = 10_000_000
_SILENCE_US: Final = 2_000_000


def as_aiortc(track: MediaStreamTrack) -> aiortc.MediaStreamTrack:
    """Make a track for aiortc of one of ours: for its ``RTCPeerConnection.addTrack``, its ``MediaRecorder``.

    Its ``recv()`` gives PyAV frames at the pace of the track: of pictures always the newest, of sound 20 ms at 48 kHz
    in 16 bits. What nobody takes is dropped: pictures at once, sound after a second. Times count from this call on, so
    that tracks that are made together stay together. When the track ends so does aiortc's, and ``recv()`` raises
    aiortc's ``MediaStreamError``; stopping aiortc's does not stop the track.

    Raises:
        TypeError: that is no track.
        ImportError: aiortc is not installed.
        RuntimeError: called outside the loop that owns the track.
    """
    if not isinstance(track, MediaStreamTrack):
        raise wrong_type("as_aiortc", "a MediaStreamTrack", track)
    need_extra()
    from mediastreams.webrtc.outward_track import OutwardTrack

    return OutwardTrack(track)


def from_aiortc(track: aiortc.MediaStreamTrack) -> MediaStreamTrack:
    """Make one of our tracks of one of aiortc's: a remote one, or what its ``MediaPlayer`` plays.

    It is muted until frames come, and again when none has come for two seconds; frames are stamped on the library's
    clock, by their own times. It ends with aiortc's track, and stops that when the last of its clones is stopped. Needs
    a running event loop, aiortc's.

    Raises:
        TypeError: that is none of aiortc's tracks.
        RuntimeError: no event loop is running.
    """
    if getattr(track, "kind", None) not in {"audio", "video"} or not callable(getattr(track, "recv", None)):
        raise wrong_type("from_aiortc", "a track of aiortc", track)
    return _Pump(track).begin()


class _Pump:
    """Takes the frames of aiortc's track, and gives them to a source. Lives as long as both."""

    def __init__(self, track: aiortc.MediaStreamTrack) -> None:
        self._loop = asyncio.get_running_loop()
        self._track = track
        self._clock = get_clock()
        self._times = SharedTimes().join(_US)
        self._latest: int | None = None  # by the frames' own times, µs
        self._ended = False
        self._muted = True
        self._pushing = False
        self._came_at = 0  # the latest frame, µs
        self._silence = LoopTimer(self._clock, self._look)
        kind: Kind = "video" if track.kind == "video" else "audio"
        self._source = PushSource(kind, on_unused=self._unused)

    def begin(self) -> MediaStreamTrack:
        """Make our track, and take frames from now on."""
        self._source.set_muted(muted=True)
        made: MediaStreamTrack = MediaStreamTrack._create(self._source.track_source(f"aiortc {self._track.kind}"), {})
        self._source.hub.release()
        self._task = self._loop.create_task(self._run(), name="from_aiortc")
        self._track.on("ended", self._track_ended)
        return made

    def _unused(self) -> None:
        """The last of our tracks has ended. Any thread."""
        wakeups_of(self._loop).add(self._stop)

    def _stop(self) -> None:
        self._end()
        self._track.stop()

    def _track_ended(self) -> None:
        """Somebody stopped aiortc's track: it may never answer again."""
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._task.cancel()
            self._track.remove_listener("ended", self._track_ended)
            self._source.end()

    async def _run(self) -> None:
        from aiortc.mediastreams import MediaStreamError

        try:
            while True:
                data = self._data_of(await self._track.recv())
                if data is not None:
                    self._came()
                    self._pushing = True
                    await self._source.push(data)
                    self._pushing = False
        except MediaStreamError:
            pass
        except asyncio.CancelledError:
            if not self._ended:
                raise
        except Exception:  # the border: somebody else's track
            _logger.warning("aiortc's %s track failed; the track ends", self._track.kind, exc_info=True)
        finally:
            self._silence.stop()
            if not self._ended:
                self._ended = True
                with contextlib.suppress(KeyError):  # aiortc's track forgets its listeners when it ends
                    self._track.remove_listener("ended", self._track_ended)
                self._source.end()

    def _came(self) -> None:
        self._came_at = self._clock.now_us()
        self._silence.at((self._came_at + _SILENCE_US) * 1000)
        if self._muted:
            self._muted = False
            self._source.set_muted(muted=False)

    def _look(self) -> None:
        """Mute when nothing has come for long; a frame that a recording holds up has come."""
        if self._ended:
            return
        if self._pushing:
            self._came_at = self._clock.now_us()
        if self._clock.now_us() - self._came_at < _SILENCE_US:
            self._silence.at((self._came_at + _SILENCE_US) * 1000)
        elif not self._muted:
            self._muted = True
            self._source.set_muted(muted=True)

    def _data_of(self, frame: object) -> Picture | Sound | None:
        """A frame in our form; ``None`` for what is no frame of this kind (a packet)."""
        import av

        if self._track.kind == "video" and isinstance(frame, av.VideoFrame):
            return self._picture(frame)
        if self._track.kind == "audio" and isinstance(frame, av.AudioFrame):
            return self._sound(frame)
        return None

    def _picture(self, frame: VideoFrame) -> Picture:
        from mediastreams._engine.frame_refs import private_frame

        timestamp = self._timestamp(frame)
        return Picture(private_frame(frame, timestamp), timestamp)

    def _sound(self, frame: AudioFrame) -> Sound:
        from mediastreams._backends.ffmpeg.sounds import to_float_planar, usual_layout

        return Sound(to_float_planar(frame), frame.sample_rate, self._timestamp(frame), usual_layout(frame.layout))

    def _timestamp(self, frame: VideoFrame | AudioFrame) -> int:
        now, base = self._clock.now_us(), frame.time_base
        time = now
        if frame.pts is not None and base:
            time = frame.pts * base.numerator * _US // base.denominator
        latest, self._latest = self._latest, time
        if latest is not None and not -_BACK_US < time - latest < _AHEAD_US:
            self._times.begin_anew(_US)  # a player that began anew
        self._times.arrived(time, now)
        return self._times.timestamp(time, now)
