"""`VideoLine`: one track's pictures, encoded: scaled, decimated, key frames when they are due, black while muted.

Rules of the file: the newest picture waits, older ones are left out, so an encoder that is too slow loses pictures and
not time. Where nothing new comes and a key frame is wanted, the last picture is encoded again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.blank import black
from mediastreams._engine.convert import restamped
from mediastreams._engine.frames import Picture
from mediastreams._engine.video_adapter import VideoAdapter
from mediastreams._rules.key_requests import KeyRequests
from mediastreams._rules.renditions import default_bit_rate, scaled_size
from mediastreams.errors import NotSupportedError
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending.encoded import EncodedFrame, VideoChoice
from mediastreams.webrtc.sending.live_video import LiveVideo

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed

__all__ = ["VideoLine"]

_logger = logging.getLogger(__name__)
_BLACK_US: Final = 1_000_000  # a muted track shows black once a second
_STILL_US: Final = 250_000  # after so long without a picture the last one serves as a key frame
_MOST_FAILURES: Final = 5


class VideoLine:
    """What an encoder's thread does for pictures. Made on any thread, used by one."""

    def __init__(
        self, feed: TrackFeed, choice: VideoChoice, *, emit: Callable[[EncodedFrame], None], wake: Callable[[], None]
    ) -> None:
        self._clock = feed.clock
        self._choice = choice
        self._emit = emit
        self._format = format_of(choice.codec)
        self._adapter = VideoAdapter(frame_rate=choice.frame_rate) if choice.frame_rate else None
        self._encoder: LiveVideo | None = None
        self._made_for = (0, 0, "")
        self.shape: tuple[int, int, float] | None = None  # of the track's pictures: read by other threads
        self._keys = KeyRequests()
        self._asked = True  # by other threads
        self._wanted: int | None = None  # bits a second
        self._last: Picture | None = None
        self._sent_at: int | None = None  # the last picture's timestamp
        self._number = 0
        self._failures = 0
        self._port = feed.attach(policy="latest", on_item=wake)
        self._feed = feed
        self._port.demand()

    @property
    def finished(self) -> bool:
        """The track has ended, and everything was sent."""
        return self._failures >= _MOST_FAILURES or self._port.finished

    def step(self) -> bool:
        """Encode the picture that waits, or one that is due."""
        item = self._port.take()
        if isinstance(item, Picture):
            shown = item if self._adapter is None else self._adapter.process(item)
            if shown is not None:
                self._last = shown
                self._encode(shown)
            return True
        due = self._due()
        now = self._clock.now_us()
        if due is None or now < due:
            return False
        last = self._last
        if self._port.muted:
            width, height = (640, 480) if last is None else (last.width, last.height)
            self._encode(black(width, height, now))
        elif last is not None:
            self._encode(restamped(last, now, None, last.metadata))
        return True

    def deadline(self) -> int | None:
        """When a picture is due though none comes, ns of the clock."""
        due = self._due()
        return None if due is None else due * 1000

    def _due(self) -> int | None:
        if self._port.ended:
            return None
        since = self._sent_at
        if self._port.muted:
            return self._clock.now_us() if since is None else since + _BLACK_US
        if self._asked and since is not None and self._last is not None:
            return since + max(_STILL_US, self._keys.interval)
        return None

    @property
    def encoded_size(self) -> tuple[int, int] | None:
        """Width and height of what is encoded. Any thread."""
        encoder = self._encoder
        return None if encoder is None else (encoder.width, encoder.height)

    @property
    def encoder_name(self) -> str | None:
        """FFmpeg's name of the encoder in use. Any thread."""
        encoder = self._encoder
        return None if encoder is None else encoder.name

    @property
    def bit_rate(self) -> int | None:
        """What is aimed at, bits a second. Any thread."""
        encoder = self._encoder
        return None if encoder is None else encoder.bit_rate

    def request_key(self) -> None:
        """Have the next picture be a key frame. Any thread."""
        self._asked = True

    def set_bit_rate(self, bit_rate: int | None) -> None:
        """Aim at that rate. Any thread."""
        self._wanted = bit_rate

    def _encode(self, picture: Picture) -> None:
        timestamp = picture.timestamp
        if self._sent_at is not None and timestamp <= self._sent_at:
            return
        if self._asked:
            self._keys, self._asked = self._keys.ask(), False
        try:
            encoder = self._ready(picture)
            key = self._keys.due(timestamp)
            frames = encoder.encode(picture, key=key)
            self._asked = self._asked or (self._keys.asked and not key)  # one that came too soon is answered later
            self._sent_at = timestamp
            for data, at, is_key in frames:
                self._send(data, at, key=is_key)
        except (NotSupportedError, ValueError, OSError, av.FFmpegError) as error:
            self._failures += 1
            self._close_encoder()
            self._asked = True
            _logger.warning("A picture cannot be sent as %s: %s", self._choice.codec, error)
        else:
            self._failures = 0

    def _send(self, data: bytes, timestamp: int, *, key: bool) -> None:
        if key:
            self._keys = self._keys.made(timestamp)
        payloads = tuple(self._format.packetize(data, picture_id=self._number))
        self._emit(EncodedFrame(payloads, timestamp, key, sum(map(len, payloads)), self._number))
        self._number = self._number + 1 & 0x7FFF

    def _ready(self, picture: Picture) -> LiveVideo:
        """Find an encoder open for pictures like this one."""
        made_for = (picture.width, picture.height, picture.av.format.name)
        encoder = self._encoder
        if encoder is not None and made_for == self._made_for:
            return encoder
        width, height = scaled_size(picture.width, picture.height, self._choice.scale)
        rate = self._frame_rate()
        self._close_encoder()  # the old one's memory goes first
        encoder = LiveVideo(
            self._choice,
            picture,
            width,
            height,
            frame_rate=rate,
            bit_rate=self._wanted or default_bit_rate(width, height, rate),
        )
        self._encoder, self._made_for = encoder, made_for
        self.shape = (picture.width, picture.height, rate)
        self._keys = KeyRequests()
        return encoder

    def _frame_rate(self) -> float:
        mode = self._feed.hub.mode
        rate = self._feed.target.get("frame_rate") or getattr(mode, "max_frame_rate", None) or 30.0
        limit = self._choice.frame_rate
        return min(float(rate), limit) if limit else float(rate)

    def _close_encoder(self) -> None:
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    def close(self) -> None:
        """Let go of the track and the encoder."""
        self._feed.detach(self._port)
        self._close_encoder()
        self._last = None
