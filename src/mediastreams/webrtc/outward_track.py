"""`OutwardTrack`: one of our tracks in the form that aiortc calls.

Not for: use without aiortc, whose class it derives from; `as_aiortc` imports it when it is needed.

Rules of the file: what is handed out is private, because aiortc's encoders write into frames. Sound has no gap: what is
missing is silence, up to a second of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError
from aiortc.mediastreams import MediaStreamTrack as ForeignTrack

from mediastreams._engine.frame_refs import private_frame

if TYPE_CHECKING:
    from av.frame import Frame

    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.frame_iterator import FrameIterator
    from mediastreams._engine.video_frame import VideoFrame
    from mediastreams._webidl.event import Event
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["OutwardTrack"]

_SAMPLE_RATE: Final = 48_000
_SAMPLES: Final = 960
_CHANNELS: Final = 2
_TIME_BASE: Final = Fraction(1, _SAMPLE_RATE)
_MOST_SILENCE: Final = 50  # frames


class OutwardTrack(ForeignTrack):
    """Consumes a track from its making to `stop`. On the track's loop."""

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._origin = track._feed.clock.now_us()
        self._turn = asyncio.Lock()  # several of aiortc's senders may share a track
        self._sounds: deque[av.AudioFrame] = deque()
        self._position = 0  # of the next sound, samples
        if track.kind == "video":
            self._frames: FrameIterator[VideoFrame | AudioData] = track.frames(policy="latest")
        else:
            self._frames = track.frames(
                policy="drop-oldest", format="int16", sample_rate=_SAMPLE_RATE, channels=_CHANNELS, samples=_SAMPLES
            )
        if track.ready_state == "ended":
            self.stop()
        else:
            track.add_event_listener("ended", self._ended)

    def _ended(self, event: Event) -> None:  # noqa: ARG002 - a listener
        """The track has: nobody may be waiting who would notice."""
        self.stop()

    def stop(self) -> None:
        """Take nothing more. The track goes on. Idempotent."""
        if self.readyState == "live":
            self._track.remove_event_listener("ended", self._ended)
            self._frames.close()
            super().stop()

    async def recv(self) -> Frame:
        """The next frame.

        Raises:
            MediaStreamError: the track has ended, or this was stopped.
        """
        async with self._turn:
            while not self._sounds:
                if self.readyState != "live":
                    raise MediaStreamError
                try:
                    frame = await anext(self._frames)
                except StopAsyncIteration:
                    self.stop()
                    raise MediaStreamError from None
                if self.kind == "video":
                    return self._picture(cast("VideoFrame", frame))
                self._lay_sound(cast("AudioData", frame))
            return self._sounds.popleft()

    def _picture(self, frame: VideoFrame) -> av.VideoFrame:
        with frame:
            return private_frame(frame.av, max(0, frame.timestamp - self._origin))

    def _lay_sound(self, data: AudioData) -> None:
        with data:
            samples = data.to_ndarray(format="int16")
            place = (data.timestamp - self._origin) * _SAMPLE_RATE // 1_000_000
        missing = place - self._position
        if missing > _SAMPLES * _MOST_SILENCE:
            self._position = place  # so long a silence is left out: its time passes
        for _ in range(max(0, place - self._position) // _SAMPLES):
            self._put(np.zeros((_CHANNELS, _SAMPLES), np.int16))
        self._put(samples)

    def _put(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = _SAMPLE_RATE, _TIME_BASE, self._position
        self._position += samples.shape[1]
        self._sounds.append(frame)
