"""`VideoLine`: one track's pictures, encoded or passed on: scaled, decimated, key frames when due, black while muted.

Rules of the file: the newest picture waits, older ones are left out, so an encoder that is too slow loses pictures and
not time. Where nothing new comes and a key frame is wanted, the last picture is encoded again. What is encoded already
is passed on where it fits (``passthrough.py``), from key frame to key frame. A viewer cannot wait for the next one of a
film that has one every ten seconds: up to there it is decoded and encoded anew, over a *bridge*.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.blank import black
from mediastreams._engine.chunk_port import ChunkPort
from mediastreams._engine.convert import restamped
from mediastreams._engine.frames import Chunk, Picture
from mediastreams._engine.video_adapter import VideoAdapter
from mediastreams._rules.chunk_mode import ChunkMode
from mediastreams._rules.key_requests import KeyRequests
from mediastreams._rules.renditions import bit_rate_step, default_bit_rate, scaled_size
from mediastreams.errors import NotSupportedError
from mediastreams.webrtc.rtp.formats import format_of
from mediastreams.webrtc.sending.encoded import EncodedFrame, VideoChoice
from mediastreams.webrtc.sending.live_video import LiveVideo
from mediastreams.webrtc.sending.passthrough import PassedVideo

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed
    from mediastreams._engine.frames import ChunkFormat
    from mediastreams._engine.port import SinkPort

__all__ = ["VideoLine"]

_logger = logging.getLogger(__name__)
_BLACK_US: Final = 1_000_000  # a muted track shows black once a second
_STILL_US: Final = 250_000  # after so long without a picture the last one serves as a key frame
_MOST_FAILURES: Final = 5
_BOUND_US: Final = 1_000_000  # of chunks
_LOOK_US: Final = 20_000  # while a port of chunks waits for a key frame, which it does not tell of


class VideoLine:
    """What an encoder's thread does for pictures. Made on any thread, used by one."""

    def __init__(
        self, feed: TrackFeed, choice: VideoChoice, *, emit: Callable[[EncodedFrame], None], wake: Callable[[], None]
    ) -> None:
        self._clock = feed.clock
        self._choice = choice
        self._emit = emit
        self._wake = wake
        self._format = format_of(choice.codec)
        self._adapter = VideoAdapter(frame_rate=choice.frame_rate) if choice.frame_rate else None
        self._encoder: LiveVideo | None = None
        self._made_for = (0, 0, "")
        self._rate_at = 0  # when the encoder's rate was set, µs
        self.shape: tuple[int, int, float] | None = None  # of the track's pictures: read by other threads
        self._keys = KeyRequests()
        self._asked = True  # by other threads
        self._wanted: int | None = None  # bits a second
        self._last: Picture | None = None
        self._sent_at: int | None = None  # the last picture's timestamp
        self._number = 0
        self._failures = 0
        self._passed: PassedVideo | None = None
        self._bridge: SinkPort | None = None
        self._unfit: ChunkFormat | None = None  # tried, and not what the peer decodes
        self.passing = False  # read by other threads
        self._feed = feed
        self._seen = feed.hub.source.chunk_format
        self._port = self._attach()

    # ── the track ────────────────────────────────────────────────────────────────────────────────

    def _attach(self) -> SinkPort:
        format = self._feed.hub.source.chunk_format
        if format is not None and format is not self._unfit and PassedVideo.fits(format, self._choice):
            self._passed = PassedVideo(format, self._choice)
            port = self._feed.attach(policy="drop-oldest", on_item=self._wake, bound_us=_BOUND_US, chunks=True)
        else:
            self._passed = None
            port = self._feed.attach(policy="latest", on_item=self._wake)
        port.demand()
        return port

    def _attach_anew(self) -> None:
        before, self._port = self._port, self._attach()
        self._feed.detach(before)
        self._end_bridge()
        self.passing = False
        self._asked = True

    def _take(self) -> Picture | Chunk | None:
        """The next chunk, or the newest picture."""
        port = self._port
        if not isinstance(port, ChunkPort):
            return port.take()  # type: ignore[return-value]  # the track's kind
        item = port.take_any()
        while isinstance(item, Picture) and len(port):
            following = port.take_any()
            if following is None:
                break
            if isinstance(following, Picture):
                port.overtaken(1)
            item = following
        return item  # type: ignore[return-value]  # as above

    @property
    def finished(self) -> bool:
        """The track has ended, and everything was sent."""
        return self._failures >= _MOST_FAILURES or self._port.finished

    def step(self) -> bool:
        """Send the picture that waits, or one that is due."""
        if self._feed.hub.source.chunk_format is not self._seen:  # a remote track knows its format when media flows
            self._seen = self._feed.hub.source.chunk_format
            self._attach_anew()
        item = self._take()
        if isinstance(item, Chunk):
            self._pass(item)
            return True
        if item is None and self._passed is not None:
            item = self._over_bridge()
        if isinstance(item, Picture):
            self.passing = False
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
            self.passing = False
            width, height = (640, 480) if self.shape is None else self.shape[:2]
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
        if self._waits_for_key():
            return self._clock.now_us() + _LOOK_US
        since = self._sent_at
        if self._port.muted:
            return self._clock.now_us() if since is None else since + _BLACK_US
        if self._asked and since is not None and self._last is not None:
            return since + max(_STILL_US, self._keys.interval)
        return None

    # ── what others see and say, on any thread ───────────────────────────────────────────────────

    @property
    def encoded_size(self) -> tuple[int, int] | None:
        """Width and height of what is sent."""
        encoder, shape = self._encoder, self.shape
        if encoder is not None:
            return encoder.width, encoder.height
        return shape[:2] if self.passing and shape is not None else None

    @property
    def encoder_name(self) -> str | None:
        """FFmpeg's name of the encoder in use."""
        encoder = self._encoder
        return None if encoder is None else encoder.name

    @property
    def bit_rate(self) -> int | None:
        """What is aimed at, bits a second."""
        encoder = self._encoder
        return None if encoder is None else encoder.bit_rate

    def request_key(self) -> None:
        """Have the next picture be a key frame."""
        self._asked = True

    def set_bit_rate(self, bit_rate: int | None) -> None:
        """Aim at that rate."""
        self._wanted = bit_rate

    # ── passing on ───────────────────────────────────────────────────────────────────────────────

    def _pass(self, chunk: Chunk) -> None:
        passed = self._passed
        if passed is None:
            return
        if not chunk.key and self._sent_at is not None and chunk.timestamp <= self._sent_at and self._bridge is None:
            self._refuse(chunk, "its pictures are not in the order of time")
            return
        self._take_note_of_requests()
        if chunk.key:
            self._end_bridge()
        elif self._bridge is None and self._keys.due(chunk.timestamp) and not self._ask_source(chunk.timestamp):
            self._begin_bridge()
        if self._bridge is None:
            self._send_chunk(passed, chunk)

    def _waits_for_key(self) -> bool:
        """Whether chunks are there, but not from their beginning."""
        port = self._port
        return isinstance(port, ChunkPort) and port.mode is ChunkMode.WAITING and self._bridge is None

    def _over_bridge(self) -> Picture | None:
        if self._waits_for_key() and self._port.skipped and not self._ask_source(self._clock.now_us()):  # type: ignore[attr-defined]
            self._begin_bridge()
        return None if self._bridge is None else self._bridge.take()  # type: ignore[return-value]  # the track's kind

    def _begin_bridge(self) -> None:
        self._bridge = self._feed.attach(policy="latest", on_item=self._wake)
        self._bridge.demand()

    def _end_bridge(self) -> None:
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            self._feed.detach(bridge)

    def _send_chunk(self, passed: PassedVideo, chunk: Chunk) -> None:
        try:
            payloads = passed.payloads(chunk, self._number)
        except ValueError as error:
            _logger.debug("A chunk cannot be sent: %s", error)
            return
        if payloads is None:
            self._refuse(chunk, "it is of another profile than the peer decodes")
            return
        self._close_encoder()
        self._last = None
        self.passing = True
        self.shape = (chunk.format.width, chunk.format.height, chunk.format.frame_rate or 30.0)
        self._sent_at = chunk.timestamp
        self._send(payloads, chunk.timestamp, key=chunk.key)

    def _ask_source(self, timestamp: int) -> bool:
        """Ask a source that is live for a key frame; False: it is none that could be asked."""
        ask = getattr(self._feed.hub.source, "request_key_frame", None)
        if ask is None:
            return False
        if self._keys.due(timestamp):
            self._keys = self._keys.made(timestamp)  # whoever needs one asks again
            ask()
        return True

    def _refuse(self, chunk: Chunk, reason: str) -> None:
        _logger.info("%s of a track is encoded anew: %s", chunk.format.codec, reason)
        self._unfit = chunk.format
        self._attach_anew()

    # ── encoding ─────────────────────────────────────────────────────────────────────────────────

    def _take_note_of_requests(self) -> None:
        if self._asked:
            self._keys, self._asked = self._keys.ask(), False

    def _encode(self, picture: Picture) -> None:
        timestamp = picture.timestamp
        if self._sent_at is not None and timestamp <= self._sent_at:
            return
        self._take_note_of_requests()
        try:
            encoder = self._ready(picture)
            key = self._keys.due(timestamp)
            frames = encoder.encode(picture, key=key)
            self._asked = self._asked or (self._keys.asked and not key)  # one that came too soon is answered later
            self._sent_at = timestamp
            for data, at, is_key in frames:
                self._send(self._format.packetize(data, picture_id=self._number), at, key=is_key)
        except (NotSupportedError, ValueError, OSError, av.FFmpegError) as error:
            self._failures += 1
            self._close_encoder()
            self._asked = True
            _logger.warning("A picture cannot be sent as %s: %s", self._choice.codec, error)
        else:
            self._failures = 0

    def _send(self, payloads: Sequence[bytes], timestamp: int, *, key: bool) -> None:
        if key:
            self._keys = self._keys.made(timestamp)
        self._emit(EncodedFrame(tuple(payloads), timestamp, key, sum(map(len, payloads)), self._number))
        self._number = self._number + 1 & 0x7FFF

    def _ready(self, picture: Picture) -> LiveVideo:
        """Find an encoder open for pictures like this one, at the rate that is wanted."""
        made_for = (picture.width, picture.height, picture.av.format.name)
        encoder = self._encoder
        if encoder is not None and made_for == self._made_for:
            if self._wanted is None:
                return encoder
            step = bit_rate_step(
                encoder.bit_rate, self._wanted, passed=picture.timestamp - self._rate_at, live=encoder.adapts
            )
            if step is None:
                return encoder
            self._rate_at = picture.timestamp
            if encoder.set_bit_rate(step):
                return encoder
            return self._open(picture, step)
        if self.shape is not None and self.shape[:2] != made_for[:2]:
            self._wanted = None  # it was for pictures of another size
        return self._open(picture, self._wanted)

    def _open(self, picture: Picture, bit_rate: int | None) -> LiveVideo:
        width, height = scaled_size(picture.width, picture.height, self._choice.scale)
        rate = self._frame_rate()
        self._close_encoder()  # the old one's memory goes first
        self._encoder = encoder = LiveVideo(
            self._choice,
            picture,
            width,
            height,
            frame_rate=rate,
            bit_rate=bit_rate or default_bit_rate(width, height, rate),
        )
        self._made_for = (picture.width, picture.height, picture.av.format.name)
        self.shape = (picture.width, picture.height, rate)
        self._rate_at = picture.timestamp
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
        self._end_bridge()
        self._close_encoder()
        self._last = None
