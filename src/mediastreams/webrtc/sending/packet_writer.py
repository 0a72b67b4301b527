"""`PacketWriter`: one sender's RTP packets: numbers, headers, what was sent a moment ago, and sending it again.

Not for: when packets are sent (``pacer.py``) or what the numbers mean to others (``reports.py``).

Rules of the file: per packet there is one ``pack`` of the header and one concatenation; header extensions are made once
a burst. What was sent is remembered a frame at a time, as the shared payloads, for a second at most.

https://www.rfc-editor.org/rfc/rfc3550#section-5.1, https://www.rfc-editor.org/rfc/rfc8285, .../rfc4588
"""

from __future__ import annotations

import secrets
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mediastreams.webrtc.codecs import ABS_SEND_TIME, AUDIO_LEVEL, MID

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import SendPlan

__all__ = ["HeaderExtensions", "PacketWriter", "SentFrame"]

_HEADER: Final = struct.Struct("!BBHII")
_HISTORY_US: Final = 1_000_000
_HISTORY_PACKETS: Final = 2048
_RETRY_US: Final = 15_000  # a packet is not sent again sooner than this, or than the round trip


class HeaderExtensions:
    """The block of header extensions in each packet: mid, audio level, absolute send time, as negotiated."""

    __slots__ = ("_head", "_level_head", "_pad", "_time_head", "size")

    def __init__(self, ids: Mapping[str, int], mid: str, *, audio: bool) -> None:
        name = mid.encode()
        mid_id, level_id, time_id = ids.get(MID), ids.get(AUDIO_LEVEL) if audio else None, ids.get(ABS_SEND_TIME)
        one_byte = all(each is None or each <= 14 for each in (mid_id, level_id, time_id)) and 0 < len(name) <= 16

        def element(number: int | None, length: int) -> bytes:
            if number is None:
                return b""
            return bytes((number << 4 | length - 1,)) if one_byte else bytes((number, length))

        first = element(mid_id, len(name)) + name if mid_id is not None else b""
        self._level_head = element(level_id, 1)
        self._time_head = element(time_id, 3)
        length = (
            len(first) + (len(self._level_head) + 1 if level_id else 0) + (len(self._time_head) + 3 if time_id else 0)
        )
        words = -(-length // 4)
        self._pad = bytes(4 * words - length)
        profile = 0xBEDE if one_byte else 0x1000
        self._head = struct.pack("!HH", profile, words) + first if words else b""
        self.size = 4 + 4 * words if words else 0

    def block(self, ntp: int, level: int | None) -> bytes:
        """Make the block for packets that are sent at that NTP time (64 bits); empty without extensions."""
        parts = [self._head]
        if self._level_head:
            parts += (self._level_head, bytes((127 if level is None else level,)))
        if self._time_head:
            parts += (self._time_head, (ntp >> 14 & 0xFFFFFF).to_bytes(3, "big"))
        parts.append(self._pad)
        return b"".join(parts)


class SentFrame:
    """One frame on its way: its payloads, RTP time, and the sequence number of its first packet when that is known."""

    __slots__ = ("at", "first", "level", "next", "payloads", "queued", "rtp", "size")

    def __init__(self, payloads: Sequence[bytes], rtp: int, size: int, level: int | None = None) -> None:
        self.payloads = payloads
        self.rtp = rtp
        self.size = size
        self.level = level
        self.next = 0  # the payload that is sent next
        self.first = 0
        self.at = 0  # when its first packet was sent, µs
        self.queued = 0  # since when it waits, µs


class PacketWriter:
    """The state of one SSRC, and of the one that repeats it. Belongs to a loop."""

    def __init__(self, ssrc: int, rtx_ssrc: int) -> None:
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.packets = self.octets = self.header_octets = 0
        self.repeated_packets = self.repeated_octets = 0
        self._sequence = secrets.randbelow(1 << 15)  # in the lower half: it does not wrap at once
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._payload_type = 0
        self._rtx_payload_type: int | None = None
        self._marker = 0x80  # on a picture's last packet; of sound it would say that a talk begins
        self._extensions = HeaderExtensions({}, "", audio=False)
        self._history: deque[SentFrame] = deque()
        self._remembered = 0
        self._repeats: dict[int, int] = {}  # sequence number → when it was last sent again, µs

    def configure(self, plan: SendPlan) -> None:
        """Write as was negotiated from now on; numbers go on. What was sent in another codec is not repeated."""
        if plan.codec.payload_type != self._payload_type or plan.codec.rtx != self._rtx_payload_type:
            self._forget()
        self._payload_type = plan.codec.payload_type
        self._rtx_payload_type = plan.codec.rtx
        audio = plan.codec.kind == "audio"
        self._marker = 0 if audio else 0x80
        self._extensions = HeaderExtensions(plan.extensions, plan.mid, audio=audio)

    def _forget(self) -> None:
        self._history.clear()
        self._remembered = 0
        self._repeats.clear()

    def send(self, frame: SentFrame, most: int, put: Callable[[bytes], None], *, now: int, ntp: int) -> int:
        """Send the next packets of a frame, ``most`` at most; answers their bytes.

        Raises:
            ConnectionError: from ``put``; what was not sent is not counted.
        """
        payloads, rtp, ssrc = frame.payloads, frame.rtp, self.ssrc
        begin = frame.next
        end = min(len(payloads), begin + most)
        last = len(payloads) - 1
        if begin == 0:
            frame.first, frame.at = self._sequence, now
            self._remember(frame, now)
        block = self._extensions.block(ntp, frame.level)
        flags = 0x90 if block else 0x80
        payload_type, sequence, pack = self._payload_type, self._sequence, _HEADER.pack
        octets = 0
        try:
            for index in range(begin, end):
                payload = payloads[index]
                kind = payload_type | self._marker if index == last else payload_type
                put(pack(flags, kind, sequence, rtp, ssrc) + block + payload)
                octets += len(payload)
                sequence = sequence + 1 & 0xFFFF
                frame.next = index + 1
        finally:
            self._sequence = sequence
            self.packets += frame.next - begin
            self.octets += octets
            self.header_octets += (frame.next - begin) * (12 + len(block))
        return octets

    def _remember(self, frame: SentFrame, now: int) -> None:
        history = self._history
        history.append(frame)
        self._remembered += len(frame.payloads)
        while history and (now - history[0].at > _HISTORY_US or self._remembered > _HISTORY_PACKETS):
            self._remembered -= len(history.popleft().payloads)

    def repeat(self, sequence: int, put: Callable[[bytes], None], *, now: int, ntp: int, round_trip: int) -> int:
        """Send one packet again, if it is remembered and was not sent again just now; answers its bytes, 0 if not.

        Raises:
            ConnectionError: from ``put``.
        """
        last = self._repeats.get(sequence)
        if last is not None and now - last < max(_RETRY_US, round_trip):
            return 0
        for frame in reversed(self._history):
            index = sequence - frame.first & 0xFFFF
            if index < frame.next:
                break
        else:
            return 0
        if len(self._repeats) > _HISTORY_PACKETS:
            self._repeats.clear()
        self._repeats[sequence] = now
        payload = frame.payloads[index]
        marker = self._marker if index == len(frame.payloads) - 1 else 0
        block = self._extensions.block(ntp, frame.level)
        flags = 0x90 if block else 0x80
        if self._rtx_payload_type is None:
            header = _HEADER.pack(flags, self._payload_type | marker, sequence, frame.rtp, self.ssrc)
        else:
            number, self._rtx_sequence = self._rtx_sequence, self._rtx_sequence + 1 & 0xFFFF
            header = _HEADER.pack(flags, self._rtx_payload_type | marker, number, frame.rtp, self.rtx_ssrc)
            payload = sequence.to_bytes(2, "big") + payload
        put(header + block + payload)
        self.repeated_packets += 1
        self.repeated_octets += len(payload)
        return len(payload)
