"""`LiveDeck`: the lanes of a live stream, which stay while its connections come and go; `open_deck` tells which it is.

Not for: reading (``live_reader.py``) or time (``live_play.py``). Everything on the movie's thread.

Rules of the file: a track keeps its lane over every connection: the first picture's lane takes the first pictures
of the next one, and so on; one that does not come again stays muted, a new one is left out. After a gap pictures go on
at a key frame; where their parameter sets are other ones now, these stand before it, so that a recorder that copies
has them.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

import av

from mediastreams._backends.ffmpeg.chunks import format_of
from mediastreams._backends.ffmpeg.deck import Deck, is_enough
from mediastreams._backends.ffmpeg.live_clock import LiveClock
from mediastreams._backends.ffmpeg.live_reader import LiveReader, Lost, Opened, Over, Skipped
from mediastreams._backends.ffmpeg.passes import Pass
from mediastreams._engine.encoding.parameter_sets import parameter_sets

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from mediastreams._backends.ffmpeg.interrupts import Interrupt
    from mediastreams._backends.ffmpeg.lanes import Lane
    from mediastreams._backends.ffmpeg.locations import Location
    from mediastreams._backends.ffmpeg.web_file import OnWait
    from mediastreams.abc import Clock, Wake

__all__ = ["LiveDeck", "open_deck"]

_logger = logging.getLogger(__name__)
_CATCH_UP_SECONDS: Final = 0.02
_MOST_PACKETS: Final = 2_000
_PARAMETER_CODECS: Final = frozenset({"h264", "hevc"})


def open_deck(location: Location, interrupt: Interrupt, clock: Clock, wake: Wake, on_wait: OnWait | None) -> Deck:
    """Open an input: a `LiveDeck` for what has no end, a `Deck` for what has one; that says by ``on_wait`` if it waits.

    Raises: as `Pass`.
    """
    opened = Pass(location, interrupt, on_wait)
    if opened.live:
        return LiveDeck(location, interrupt, opened, clock, wake)
    return Deck(location, interrupt, opened, on_wait)


class LiveDeck(Deck):
    """Made on an open connection; `start` lets its reader begin.

    ``times``: where media time lies on the clock. ``lost``: there is no connection. ``over``: there will be none.
    ``entries`` counts the connections that were taken up.
    """

    def __init__(self, location: Location, interrupt: Interrupt, opened: Pass, clock: Clock, wake: Wake) -> None:
        super().__init__(location, interrupt, opened)
        self.duration = None
        self.times = LiveClock(pushed=not opened.listed)
        self.lost = False
        self.over = False
        self.entries = 0
        self._began = False
        self._keyless: set[Lane] = set()
        self._heads: dict[Lane, bytes] = {}
        self._present: dict[int, Lane] = dict(self._by_index)
        self._reader = LiveReader(location, opened, self.times, clock, wake)

    def start(self) -> None:
        """Let the reader begin. Once."""
        self._began = True
        self._reader.start()

    def is_silent(self, lane: Lane) -> bool:
        """Whether the present connection has nothing for a lane."""
        return self.lost or lane not in self._present.values()

    def take(self, present: int | None) -> bool:
        """Take what arrived, and decode as far ahead as is needed. Whether there was anything.

        ``present``: the media time of this moment.
        """
        worked = False
        deadline = time.perf_counter() + _CATCH_UP_SECONDS
        while self._hungry() and time.perf_counter() < deadline:
            arrival = self._reader.take()
            if arrival is None:
                break
            worked = True
            if isinstance(arrival, Opened):
                self._take_connection(arrival, present)
                break
            if isinstance(arrival, Lost):
                self.lost = True
                break
            if isinstance(arrival, Over):
                self.over, self.error = True, arrival.error
                break
            if isinstance(arrival, Skipped):
                self._skip()
            else:
                self._sort(arrival)
            self._decode(present, deadline)
        self._decode(present, deadline)
        return worked

    def _hungry(self) -> bool:
        lanes = self._present.values()
        queued = sum(len(lane.packets) for lane in lanes)
        return not self.over and (
            queued < _MOST_PACKETS and (self.lost or any(not lane.packets and not is_enough(lane) for lane in lanes))
        )

    def _sort(self, packet: Packet[Stream]) -> None:
        lane = self._present.get(packet.stream_index)
        if lane is None:
            return
        if lane in self._keyless:
            if not packet.is_keyframe:
                return
            self._keyless.discard(lane)
        if packet.has_sidedata("new_extradata"):
            self._look_at_head(lane, bytes(packet.get_sidedata("new_extradata")))
        if packet.is_keyframe and (head := self._heads.get(lane)):
            packet = _headed(packet, head)
        lane.packets.append(packet)
        self._queued += 1

    def _decode(self, present: int | None, deadline: float) -> None:
        for lane in self.lanes:
            while lane.behind and time.perf_counter() < deadline:
                lane.catch_up(present)
            while lane.packets and not lane.behind and not is_enough(lane):
                self.decode_next(lane)

    def _skip(self) -> None:
        """Packets are missing from here on: pictures go on at a key frame."""
        self._keyless = {lane for lane in self._present.values() if lane.info.kind == "video"}

    def _take_connection(self, arrival: Opened, present: int | None) -> None:
        """Go on with a new connection, from this moment of media time on."""
        begin = 0 if self.entries == 0 else max(self.end, present or 0) + 1
        waiting: dict[str, list[Lane]] = {"video": [], "audio": []}
        for lane in self.lanes:
            if self.entries:
                lane.end_pass()
                lane.ready.clear()
                lane.coded.clear()
            waiting[lane.info.kind].append(lane)
        self._queued = 0
        self._present = {}
        for info in arrival.opened.tracks:
            if waiting[info.kind]:
                lane = waiting[info.kind].pop(0)
                self._present[info.index] = lane
                stream = arrival.opened.stream(info)
                lane.begin_pass(stream, arrival.zero, begin)
                if not stream.codec_context.is_open:
                    stream.codec_context.thread_type = "SLICE"  # by frames, each thread would hold one back
                if self.entries:
                    self._look_at_format(lane, arrival.opened, info.index)
        self._skip()
        self.begin = begin
        self.rounds = (0,)
        self.lost = False
        self.entries += 1
        self.times.begin(arrival.zero, begin)
        self._reader.go_on()

    def _look_at_format(self, lane: Lane, opened: Pass, index: int) -> None:
        """See whether chunks are still what they were said to be."""
        known = lane.chunk_format
        info = next(info for info in opened.tracks if info.index == index)
        found = format_of(info, opened.stream(info))
        self._heads.pop(lane, None)
        if known is None or found is None:
            return
        if found.codec != known.codec:
            _logger.warning("%s: %s is now %s; it is no longer copied", self._location.where, known.codec, found.codec)
            lane.chunk_format = None
        else:
            self._look_at_head(lane, found.extradata)

    def _look_at_head(self, lane: Lane, extradata: bytes) -> None:
        """Have other parameter sets than those of the beginning stand before key frames."""
        known = lane.chunk_format
        if known is None or known.codec not in _PARAMETER_CODECS:
            return
        self._heads.pop(lane, None)
        if extradata != known.extradata:
            self._heads[lane] = parameter_sets(known.codec, extradata) or extradata

    def close(self) -> None:
        """End the reader, which closes its connection, and let the decoders go. Idempotent."""
        self._reader.close()
        if self._began:
            self._reader.join()
        super().close()


def _headed(packet: Packet[Stream], head: bytes) -> Packet[Stream]:
    """The same packet after ``head``."""
    made: Packet[Stream] = av.Packet(head + bytes(packet))
    made.stream = packet.stream
    made.time_base = packet.time_base
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.is_keyframe = packet.is_keyframe
    for side_data in packet.iter_sidedata():
        made.set_sidedata(side_data)
    return made
