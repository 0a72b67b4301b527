"""`Outlet`: one RTCRtpSender's media: from the shared encoder's frames to this peer's packets, and its feedback back.

Not for: encoding (``shared_encoder.py``), which rendition (``watch.py``), packets' bytes (``packet_writer.py``).

Rules of the file: everything happens on the connection's loop, and per frame as little as can be: encoded bytes are
shared with all other viewers. A viewer begins at a key frame. RTP time is the clock's time of capture, so that another
track, codec or rendition goes on where the former stopped.

https://www.rfc-editor.org/rfc/rfc8834, https://w3c.github.io/webrtc-pc/#rtcrtpsender-interface
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import get_clock
from mediastreams._rules.renditions import preference_of
from mediastreams._webidl.tasks import wakeups_of
from mediastreams.webrtc.sending.choices import choice_of
from mediastreams.webrtc.sending.feedback import Feedback
from mediastreams.webrtc.sending.pacer import Pacer
from mediastreams.webrtc.sending.packet_writer import PacketWriter, SentFrame
from mediastreams.webrtc.sending.reports import goodbye, ntp_of, sender_report
from mediastreams.webrtc.sending.watch import Watch

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind
    from mediastreams.abc import Timer
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.webrtc.plans import MediaTransport, SendPlan
    from mediastreams.webrtc.sending.encoded import Choice, EncodedFrame
    from mediastreams.webrtc.sending.shared_encoder import SharedEncoder

__all__ = ["Outlet"]

_logger = logging.getLogger(__name__)
_REPORT_US: Final = 1_000_000
_EARLY_REPORTS_US: Final = (100_000, 400_000)  # so that the receiver can lay sound and picture side by side at once
_POLL_US: Final = 20_000  # while the transport is not connected
_GAP_US: Final = 5_000  # sound further apart than that has a gap; several gaps that were passed over would add up
_LEAST_REPEATED: Final = 40_000  # bytes a second that may be sent again however little is sent
_ALL: Final = 0xFFFFFFFF

_on_transport: Final[weakref.WeakKeyDictionary[MediaTransport, weakref.WeakSet[Outlet]]] = weakref.WeakKeyDictionary()


class Outlet:
    """Sends one track to one peer. Lives as long as its RTCRtpSender; tracks, plans and encoders come and go.

    ``ssrc`` and ``rtx_ssrc`` are its numbers in SDP and RTP. Made and used on the connection's loop.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.ssrc = secrets.randbelow(0xFFFFFFFE) + 1
        self.rtx_ssrc = self.ssrc % 0xFFFFFFFE + 1
        self.feedback = Feedback()
        self._clock = get_clock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.track: MediaStreamTrack | None = None
        self._transport: MediaTransport | None = None
        self.plan: SendPlan | None = None
        self._active = True  # by the direction
        self._encoding_active = True  # by RTCRtpEncodingParameters
        self._encoding: tuple[int | None, float | None, float] = (None, None, 1.0)
        self._degradation: str | None = None
        self._hint = ""  # the track's content hint, as it was heeded
        self._stopped = False
        self.sending = False
        self._timer: Timer | None = None
        self.writer = PacketWriter(self.ssrc, self.rtx_ssrc)
        self._pacer = Pacer(self._send_part, on_dropped=self._fell_behind)
        self._watch = Watch(self)
        self._clock_rate = 90_000
        self._rtp_base = secrets.randbits(32)
        self._rtp: int | None = None  # of the latest frame
        self._rtp_at = 0  # its capture, µs
        self._units = 0  # its duration in RTP's units, for sound
        self._picture: int | None = None  # the latest frame's number, as sent
        self._renumber = 0
        self._reports = 0  # made since it began to send
        self._measured = (0, 0)  # octets, µs
        self.sent_rate = 0  # bits a second, of late
        self._repeatable = (_LEAST_REPEATED, 0)  # bytes that may be sent again, and when that was known, µs
        self.frames = self.key_frames = self.dropped = 0

    # ── what the connection says ─────────────────────────────────────────────────────────────────

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The connection's loop."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def set_track(self, track: MediaStreamTrack | None) -> None:
        """Send another track from now on, or nothing. The track is never stopped.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-replacetrack
        """
        self.track = track
        self._update()

    def start(self, transport: MediaTransport, plan: SendPlan) -> None:
        """Send over that transport as was negotiated; again after each negotiation."""
        if self._stopped:
            return
        if self._transport is not None and self._transport is not transport:
            self._transport.remove(self)
            with contextlib.suppress(KeyError):
                _on_transport[self._transport].discard(self)
        before = self.plan
        if before is not None and before.codec.clock_rate != plan.codec.clock_rate:
            self._rtp = None  # another clock: it begins anew
        self._transport, self.plan = transport, plan
        self._clock_rate = plan.codec.clock_rate
        self.writer.configure(plan)
        _on_transport.setdefault(transport, weakref.WeakSet()).add(self)
        transport.add_outlet(self, plan)
        self._update()

    def set_active(self, active: bool) -> None:  # noqa: FBT001 - the contract between the rooms
        """Whether the direction allows to send."""
        self._active = active
        self._update()

    def set_encoding(
        self,
        *,
        max_bitrate: int | None,
        max_framerate: float | None,
        scale_resolution_down_by: float,
        active: bool,
        degradation_preference: str | None = None,
    ) -> None:
        """Heed RTCRtpEncodingParameters, and what is to be kept where the link is too small.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpencodingparameters,
        https://w3c.github.io/mst-content-hint/#dom-rtcrtpsendparameters-degradationpreference
        """
        self._degradation = degradation_preference
        self._encoding = (max_bitrate, max_framerate, max(1.0, scale_resolution_down_by))
        self._encoding_active = active and max_framerate != 0
        self._update()

    def handle_rtcp(self, packet: object) -> None:
        """Take feedback on what was sent."""
        now = self._clock.now_ns()
        ntp = ntp_of(self._clock, now)
        wishes = self.feedback.take(
            packet, self.ssrc, ntp=ntp, now=now // 1000, sent=self.sent_rate, share=self._share()
        )
        if wishes.key:
            self._watch.request_key()
        if wishes.again and self.sending:
            self._repeat(wishes.again, now // 1000, ntp)

    async def stop(self) -> None:
        """Say good-bye and send nothing any more. Idempotent; the track goes on."""
        if self._stopped:
            return
        self._stopped = True
        self._update()
        transport, self._transport = self._transport, None
        if transport is not None:
            if self.writer.packets and transport.connected:
                sources = (self.ssrc, self.rtx_ssrc) if self.writer.repeated_packets else (self.ssrc,)
                with contextlib.suppress(ConnectionError):
                    transport.send(goodbye(*sources))
            transport.remove(self)
            with contextlib.suppress(KeyError):
                _on_transport[transport].discard(self)
        self.track = None

    # ── beginning and ending ─────────────────────────────────────────────────────────────────────

    def _update(self) -> None:
        """Bring what is sent in line with what was said."""
        track, plan = self.track, self.plan
        wanted = (
            track is not None
            and plan is not None
            and self._transport is not None
            and self._active
            and self._encoding_active
            and not self._stopped
        )
        if not wanted:
            self._end()
            return
        assert self._transport is not None
        if not self._transport.connected:
            self._end()
            self._schedule(_POLL_US)
            return
        assert track is not None
        assert plan is not None
        most, frame_rate, scale = self._encoding
        self._hint = hint = track.content_hint
        choice = choice_of(plan.codec, scale=scale, frame_rate=frame_rate, most=most)
        if not self.sending:
            self.sending = True
            self._reports = 0
            self._measured = (self.writer.octets, self._clock.now_us())
            self._schedule(_EARLY_REPORTS_US[0])
        self._watch.aim(track._feed, choice, most, preference_of(self._degradation, hint))

    def _end(self) -> None:
        self.sending = False
        self._watch.close()
        self._pacer.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, after_us: int) -> None:
        """Call `_due` on the loop after that time; there is one such call."""
        if self._timer is not None:
            self._timer.cancel()
        wakeups = wakeups_of(self.loop)
        weak = weakref.WeakMethod(self._due)

        def due() -> None:
            if (call := weak()) is not None:
                call()

        self._timer = self._clock.call_at(self._clock.now_ns() + after_us * 1000, lambda: wakeups.add(due))

    def _due(self) -> None:
        """Report, and heed the link; or look whether the transport is connected by now."""
        if self._timer is None or self._stopped:
            return
        self._timer = None
        if not self.sending:
            self._update()
            return
        if self._transport is None or not self._transport.connected:
            self._lost_connection()
            return
        now = self._clock.now_us()
        octets, since = self._measured
        if now - since >= _REPORT_US // 2:
            self.sent_rate = round((self.writer.octets - octets) * 8_000_000 / (now - since))
            self._measured = (self.writer.octets, now)
            if self.track is not None and self.track.content_hint != self._hint:
                self._update()
            self._watch.adapt(self.feedback.estimate.value(now), self.sent_rate, now)
            limit = self.feedback.estimate.value(now)
            self._pacer.rate = self.sent_rate if limit is None else min(limit, self.sent_rate)
        self._report()
        self._reports += 1
        early = self._reports < len(_EARLY_REPORTS_US)
        self._schedule(_EARLY_REPORTS_US[self._reports] if early else _REPORT_US)

    def _lost_connection(self) -> None:
        self._end()
        self._schedule(_POLL_US)

    # ── frames ───────────────────────────────────────────────────────────────────────────────────

    def take(self, frame: EncodedFrame, source: SharedEncoder) -> None:
        """Send an encoder's next frame to the peer, if it is for it."""
        if not self.sending or not self._watch.takes(frame, source):
            return
        payloads = frame.payloads
        if self.kind == "audio":
            rtp = self._sound_time(frame)
        else:
            rtp = self._picture_time(frame)
            payloads = self._numbered(frame)
        self._rtp, self._rtp_at = rtp, frame.timestamp
        try:
            taken = self._pacer.push(SentFrame(payloads, rtp, frame.size, frame.level), self.loop, self._clock.now_us())
        except ConnectionError:
            self._lost_connection()
            return
        if taken:
            self.frames += 1
            self.key_frames += frame.key
        else:
            self.dropped += 1

    def missed(self) -> None:
        """Frames were lost because this loop stood still: go on with a key frame."""
        self._fell_behind()

    def _fell_behind(self) -> None:
        self.dropped += 1
        if self.kind == "video":
            self._watch.need_key()

    def _picture_time(self, frame: EncodedFrame) -> int:
        """Tell the time of capture; never that of the picture before, nor earlier."""
        rtp = self._rtp_base + frame.timestamp * 9 // 100 & _ALL
        if self._rtp is None:
            return rtp
        ahead = (rtp - self._rtp + 0x80000000 & _ALL) - 0x80000000
        if ahead > 0:
            return rtp
        if ahead > -2 * self._clock_rate:  # a rendition that is a little behind
            return self._rtp + 1 & _ALL
        following = self._rtp + 3000 & _ALL  # another track's time: ours goes on
        self._rtp_base += following - rtp
        return following

    def _sound_time(self, frame: EncodedFrame) -> int:
        """Count samples; where sound is missing, leave out as many as are missing."""
        if self._rtp is None:
            rtp = self._rtp_base + frame.timestamp * self._clock_rate // 1_000_000 & _ALL
        else:
            passed = (frame.timestamp - self._rtp_at) * self._clock_rate / 1_000_000
            usual = abs(passed - self._units) * 1_000_000 <= _GAP_US * self._clock_rate
            rtp = self._rtp + (self._units if usual else max(self._units, round(passed))) & _ALL
        self._units = frame.units
        return rtp

    def _numbered(self, frame: EncodedFrame) -> tuple[bytes, ...]:
        """Give the pictures of whatever encoder running numbers."""
        at = self._watch.picture_id_at
        if at is None:
            return frame.payloads
        if frame.key or self._picture is None:
            following = frame.number if self._picture is None else self._picture + 1 & 0x7FFF
            self._renumber = following - frame.number & 0x7FFF
        self._picture = frame.number + self._renumber & 0x7FFF
        if not self._renumber:
            return frame.payloads
        number = (0x8000 | self._picture).to_bytes(2, "big")
        return tuple(payload[:at] + number + payload[at + 2 :] for payload in frame.payloads)

    def _send_part(self, frame: SentFrame, most: int) -> int:
        """Send a frame's next packets."""
        transport = self._transport
        if transport is None:
            raise ConnectionError("stopped")
        now = self._clock.now_ns()
        return self.writer.send(frame, most, transport.send, now=now // 1000, ntp=ntp_of(self._clock, now))

    def _repeat(self, numbers: Sequence[int], now: int, ntp: int) -> None:
        """Send lost packets again, within a part of the media's rate."""
        transport = self._transport
        if transport is None:
            return
        round_trip = round((self.feedback.round_trip or 0) * 1_000_000)
        left, at = self._repeatable
        allowed = max(_LEAST_REPEATED, self.sent_rate // 16)  # bytes: half of the media's rate, for a second
        left = min(allowed, left + allowed * (now - at) // 1_000_000)
        with contextlib.suppress(ConnectionError):
            for number in numbers:
                if left <= 0:  # a link that loses so much is not helped by more packets
                    break
                left -= self.writer.repeat(number, transport.send, now=now, ntp=ntp, round_trip=round_trip)
        self._repeatable = (left, now)

    def _report(self) -> None:
        """Send a sender report: which RTP time an instant has.

        https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1
        """
        if self._rtp is None or self._transport is None or self.plan is None:
            return
        now = self._clock.now_ns()
        rtp = self._rtp + (now // 1000 - self._rtp_at) * self._clock_rate // 1_000_000
        report = sender_report(
            self.ssrc,
            self.plan.cname,
            ntp=ntp_of(self._clock, now),
            rtp=rtp,
            packets=self.writer.packets,
            octets=self.writer.octets,
        )
        with contextlib.suppress(ConnectionError):
            self._transport.send(report)

    def _share(self) -> float:
        """This sender's part of all that is sent over its transport, as an estimate is for all of it."""
        transport = self._transport
        if transport is None or not self.sent_rate:
            return 1.0
        total = sum(outlet.sent_rate for outlet in _on_transport.get(transport, ()))
        return self.sent_rate / total if total else 1.0

    # ── what statistics tell ───────────────────────────────────────────────────────────────────────────────

    @property
    def choice(self) -> Choice | None:
        """How the track is encoded for this peer."""
        encoder = self._watch.encoder
        return None if encoder is None else encoder.choice

    @property
    def shape(self) -> tuple[int, int, float] | None:
        """Width, height and rate of the track's pictures, once some have come."""
        encoder = self._watch.encoder
        return None if encoder is None else encoder.shape

    @property
    def encoded_size(self) -> tuple[int, int] | None:
        """Width and height of what is sent."""
        encoder = self._watch.encoder
        return None if encoder is None or encoder.line is None else encoder.line.encoded_size

    @property
    def encoder_name(self) -> str | None:
        """FFmpeg's name for the encoder."""
        encoder = self._watch.encoder
        return None if encoder is None or encoder.line is None else encoder.line.encoder_name

    @property
    def target_bit_rate(self) -> int | None:
        """What the encoder aims at, bits a second."""
        encoder = self._watch.encoder
        return None if encoder is None or encoder.line is None else encoder.line.bit_rate

    def stats(self) -> list[Mapping[str, object]]:
        """The W3C's statistics of this sender: codec, media-source, outbound-rtp, remote-inbound-rtp.

        https://w3c.github.io/webrtc-stats/
        """
        from mediastreams.webrtc.sending.sender_stats import sender_stats

        return sender_stats(self)
