"""`Inlet`: everything one RTCRtpReceiver receives: packets in, a track out.

Not for: SDP, the public RTCRtpReceiver (``rtp_receiver.py``), or routing (``transport/``).

Rules of the file: all of it is on the connection's loop, once a packet, and quick; decoding is on a worker
(``decoding.py``). One timer does whatever is due when no packet comes. Nothing grows: at most so many sources are
remembered, each with bounded queues.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiortc.rtp import RtcpByePacket, RtcpReceiverInfo, RtcpSrPacket, unwrap_rtx

from mediastreams._engine.clock import get_clock
from mediastreams._rules.capture_times import SharedTimes
from mediastreams._rules.picture_requests import PictureRequests
from mediastreams._webidl.tasks import in_parallel, wakeups_of
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.webrtc.receiving.feedback import Feedback
from mediastreams.webrtc.receiving.loop_timer import LoopTimer
from mediastreams.webrtc.receiving.picture_decoding import PictureDecoding
from mediastreams.webrtc.receiving.remote_source import RemoteSource
from mediastreams.webrtc.receiving.sound_decoding import SoundDecoding
from mediastreams.webrtc.receiving.statistics import inbound_statistics
from mediastreams.webrtc.receiving.stream import RemoteStream
from mediastreams.webrtc.rtp.formats import format_of

if TYPE_CHECKING:
    from aiortc.rtp import RtpPacket

    from mediastreams._rules.values import Kind
    from mediastreams.webrtc.plans import Codec, MediaTransport, ReceivePlan

__all__ = ["Inlet", "Synchronization"]

_SILENCE_US: Final = 2_000_000
_REPORT_US: Final = (500_000, 1_500_000)
_MOST_STREAMS: Final = 8
_GIVEN_UP_US: Final = 300_000  # a source that was silent for so long may be followed by another one
_REMEMBERED_US: Final = 10_000_000

_groups: Final[weakref.WeakKeyDictionary[MediaTransport, weakref.WeakValueDictionary[str, SharedTimes]]] = (
    weakref.WeakKeyDictionary()
)


@dataclass(frozen=True, slots=True)
class Synchronization:
    """Who was heard lately: ``timestamp`` in µs of the clock, ``audio_level`` from 0 to 1 where the sender tells it.

    https://w3c.github.io/webrtc-pc/#dom-rtcrtpcontributingsource
    """

    source: int
    timestamp: int
    rtp_timestamp: int
    audio_level: float | None = None


class Inlet:
    """Owns the remote source, its track, the worker and the feedback. Lives from the receiver's making to `stop`."""

    def __init__(self, kind: Kind, track_id: str | None = None) -> None:
        self.kind = kind
        self._clock = get_clock()
        self._wakeups = wakeups_of(asyncio.get_running_loop())
        self._source = RemoteSource(kind, self._clock, ask_for_key=self._key_needed_soon)
        decoding = PictureDecoding if kind == "video" else SoundDecoding
        self._decoding = decoding(self._source, self._clock, ask_for_key=self._key_needed_soon)
        self.track: MediaStreamTrack = MediaStreamTrack._create(self._source.track_source(), {})
        self._source.hub.release()
        if track_id is not None:
            self.track._id = track_id
        self._timer = LoopTimer(self._clock, self._look)
        self._feedback = Feedback()
        self._requests = PictureRequests()
        self._plan: ReceivePlan | None = None
        self._codecs: dict[int, Codec] = {}
        self._repeats: dict[int, Codec] = {}
        self._streams: dict[int, RemoteStream] = {}
        self._current: RemoteStream | None = None
        self._group_name = ""
        self._shared = SharedTimes()
        self._levels: dict[int, float] = {}
        self._media_at = 0  # when something for the tracks came
        self._report_at = 0
        self._flowing = False
        self._active = True
        self._stopped = False
        self._least_wait = 0

    # ── negotiation ──────────────────────────────────────────────────────────────────────────────

    def set_sync_group(self, name: str) -> None:
        """Say what belongs together: media of one transport with equal names are shown in step."""
        self._group_name = name
        self._join_group()

    def _join_group(self) -> None:
        transport = self._feedback.transport
        if transport is None:
            return
        groups = _groups.get(transport)
        if groups is None:
            groups = _groups.setdefault(transport, weakref.WeakValueDictionary())
        shared = groups.get(self._group_name)
        if shared is None:
            shared = groups.setdefault(self._group_name, SharedTimes())
        if shared is not self._shared:
            self._shared = shared
            for stream in self._streams.values():
                stream.join(shared)

    def start(self, transport: MediaTransport, plan: ReceivePlan) -> None:
        """Receive by this plan from now on."""
        if self._stopped:
            return
        before = self._feedback.transport
        if before is not None and before is not transport:
            before.remove(self)
        self._plan = plan
        self._feedback.transport = transport
        self._feedback.ssrc = plan.feedback_ssrc
        self._codecs = {}
        self._repeats = {}
        for codec in plan.codecs:
            try:
                format_of(codec.name)
            except ValueError:
                continue  # comfort noise, tones: nothing that is decoded here
            self._codecs[codec.payload_type] = codec
            if codec.rtx is not None:
                self._repeats[codec.rtx] = codec
        self._join_group()
        transport.add_inlet(self, plan)

    def set_active(self, active: bool) -> None:  # noqa: FBT001 - the contract between the rooms
        """Whether the direction lets media come; without it the track is muted."""
        self._active = active
        if not active:
            self._fall_silent()

    def set_jitter_target(self, milliseconds: float | None) -> None:
        """Wait for what is missing for that long in any case; ``None``: as long as pays.

        https://w3c.github.io/webrtc-extensions/#dom-rtcrtpreceiver-jitterbuffertarget
        """
        self._least_wait = 0 if milliseconds is None else round(milliseconds * 1000)
        for stream in self._streams.values():
            stream.wait_for(self._least_wait)

    async def stop(self) -> None:
        """End the track. Idempotent."""
        if not self._stopped:
            self._stopped = True
            self._timer.stop()
            if self._feedback.transport is not None:
                self._feedback.transport.remove(self)
            for stream in self._streams.values():
                stream.close()
        await in_parallel(self._decoding.close())

    # ── what comes ───────────────────────────────────────────────────────────────────────────────

    def handle_rtp(self, packet: RtpPacket, arrival_ns: int) -> None:
        """Take one packet that came at ``arrival_ns`` of the clock."""
        if self._stopped or not self._active or self._plan is None:
            return
        now, again = arrival_ns // 1000, False
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            codec = self._repeats.get(packet.payload_type)
            if codec is None or len(packet.payload) < 2:
                return
            ssrc = self._plan.rtx_ssrcs.get(packet.ssrc)
            if ssrc is None:
                if self._current is None:
                    return
                ssrc = self._current.ssrc
            packet, again = unwrap_rtx(packet, codec.payload_type, ssrc), True
        if self.kind == "video" and "goog-remb" in codec.feedback:
            self._feedback.estimate(packet, arrival_ns // 1_000_000)
        stream = self._stream_of(packet.ssrc, codec, now)
        if stream is None or not stream.take(packet, codec, now, again=again):
            return
        if packet.extensions.audio_level is not None:
            self._levels[packet.ssrc] = 10 ** (-packet.extensions.audio_level[1] / 20)
        if not self._report_at:
            self._report_at = now + random.randrange(*_REPORT_US)
        self._go_on(stream, self._clock.now_us())

    def _stream_of(self, ssrc: int, codec: Codec, now: int) -> RemoteStream | None:
        """The source of a packet; ``None`` for one that is not listened to."""
        current = self._current
        if current is not None and current.ssrc == ssrc:
            return current
        assert self._plan is not None
        expected = ssrc in self._plan.ssrcs
        if current is not None and not expected and now - current.latest_arrival < _GIVEN_UP_US:
            return None
        stream = self._streams.get(ssrc)
        if stream is None:
            stream = RemoteStream(ssrc, codec, self._shared.join(codec.clock_rate))
            while len(self._streams) >= _MOST_STREAMS:
                oldest = min(self._streams.values(), key=lambda one: one.latest_arrival)
                self._streams.pop(oldest.ssrc).close()
                self._levels.pop(oldest.ssrc, None)
            stream.wait_for(self._least_wait)
            self._streams[ssrc] = stream
        if stream.assembly is not None:
            stream.assembly.lose()
        self._current = stream
        return stream

    def handle_rtcp(self, packet: object) -> None:
        """Take one RTCP packet: sender reports, and goodbyes."""
        if self._stopped:
            return
        if isinstance(packet, RtcpSrPacket):
            if (stream := self._streams.get(packet.ssrc)) is not None:
                stream.reported(packet.sender_info, self._clock.now_us())
        elif isinstance(packet, RtcpByePacket) and self._current is not None and self._current.ssrc in packet.sources:
            # https://w3c.github.io/webrtc-pc/#dom-rtcrtpreceiver-track: a source that says goodbye mutes its track
            self._current = None
            self._fall_silent()

    # ── what becomes of it ───────────────────────────────────────────────────────────────────────

    def _go_on(self, stream: RemoteStream, now: int) -> None:
        """Hand on what is ready, ask for what is missing."""
        if self._source.used:
            for coded in stream.ready(now):
                if coded.key:
                    self._requests.came()
                self._decoding.put(coded)
                self._media_at, self._flowing = now, True
        else:
            for _ in stream.ready(now):
                pass
        if wanted := stream.missing.ask(now):
            self._feedback.ask_for_packets(stream.ssrc, wanted)
        if stream.assembly is not None and stream.assembly.needs_key and self._source.used:
            self._requests.want()
        self._ask_for_key(now)
        self._set_timer()

    def _ask_for_key(self, now: int) -> None:
        if self._current is not None and self._requests.ask(now):
            self._feedback.ask_for_key(self._current.ssrc)

    def _key_needed_soon(self) -> None:
        self._wakeups.add(self._key_needed)

    def _key_needed(self) -> None:
        if not self._stopped and self.kind == "video":
            self._requests.want()
            self._ask_for_key(self._clock.now_us())
            self._set_timer()

    def _set_timer(self) -> None:
        times: list[float | None] = [self._report_at or None, self._requests.next_at()]
        if self._flowing:
            times.append(self._media_at + _SILENCE_US)
        if self._current is not None:
            times.append(self._current.next_at())
        due = min((time for time in times if time), default=None)
        if due is not None:
            self._timer.at(int(due) * 1000)

    def _look(self) -> None:
        """Do what is due though nothing came."""
        now = self._clock.now_us()
        if self._flowing and now - self._media_at >= _SILENCE_US:
            self._fall_silent()
        if self._report_at and now >= self._report_at:
            self._report(now)
        if self._current is not None:
            self._go_on(self._current, now)
        else:
            self._set_timer()

    def _fall_silent(self) -> None:
        if self._flowing:
            self._flowing = False
            self._decoding.silence()

    def _report(self, now: int) -> None:
        """Send a report on everybody who was heard since the last ones."""
        blocks = []
        for stream in list(self._streams.values()):
            if now - stream.latest_arrival > _REMEMBERED_US:
                continue
            report, sender = stream.reception.report(), stream.sender
            blocks.append(
                RtcpReceiverInfo(
                    ssrc=stream.ssrc,
                    fraction_lost=report.fraction,
                    packets_lost=report.lost,
                    highest_sequence=report.highest,
                    jitter=report.jitter,
                    lsr=0 if sender is None else sender.info.ntp_timestamp >> 16 & 0xFFFFFFFF,
                    dlsr=0 if sender is None else min((now - sender.arrival) * 65_536 // 1_000_000, 0xFFFFFFFF),
                )
            )
        self._report_at = now + random.randrange(*_REPORT_US) if blocks else 0
        if blocks:
            self._feedback.report(blocks)

    # ── what is told ─────────────────────────────────────────────────────────────────────────────

    def stats(self) -> list[Mapping[str, object]]:
        """The statistics of every source that was heard."""
        now, found = self._clock.now_us(), []
        for stream in self._streams.values():
            found += inbound_statistics(
                self.kind,
                stream,
                self._decoding.figures,
                self._feedback,
                mid="" if self._plan is None else self._plan.mid,
                track_id=self.track.id,
                now=now,
                frame_rate=self._decoding.frame_rate,
            )
        return found

    def sources(self) -> list[Synchronization]:
        """The sources that were heard within the last ten seconds, the latest first.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpreceiver-getsynchronizationsources
        """
        now = self._clock.now_us()
        heard = [stream for stream in self._streams.values() if now - stream.latest_arrival <= _REMEMBERED_US]
        heard.sort(key=lambda stream: -stream.latest_arrival)
        return [
            Synchronization(stream.ssrc, stream.latest_arrival, stream.latest_stamp, self._levels.get(stream.ssrc))
            for stream in heard
        ]
