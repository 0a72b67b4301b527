"""The SCTP association under the data channels, with DCEP: `Association`, and `ChannelEnd`, one end of a channel.

Not for: what a program sees (``data_channel.py``, ``sctp_transport.py``).

Rules of the file: SCTP is aiortc's. Its coroutines only ever wait for the network, which here never makes them wait, so
they run to their end in the call. What a peer sends wrongly is dropped; what would grow without limit ends it.

https://www.rfc-editor.org/rfc/rfc8831 · https://www.rfc-editor.org/rfc/rfc8832
"""

from __future__ import annotations

import asyncio
import logging
import struct
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from aiortc import rtcsctptransport as sctp

from mediastreams.webrtc.sctp_transport import LARGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mediastreams.webrtc.transport.dtls_transport import MediaLink

__all__ = ["Association", "ChannelEnd", "ChannelUser"]

_logger = logging.getLogger(__name__)

_MOST_UNFINISHED: Final = -4 * LARGEST_MESSAGE  # how far a peer may overdraw the window
_SLOW_START: Final = 128 << 10
"""FAST-PATH: how far the window grows at full speed. Up to the peer's whole buffer, as aiortc has it, each answer costs
a walk through a thousand packets, and sockets overflow: 16 MiB cost 2.2 s of CPU instead of 1.7 s (both ends)."""
_TEXT: Final = {sctp.WEBRTC_STRING, sctp.WEBRTC_STRING_EMPTY}
_EMPTY: Final = {sctp.WEBRTC_STRING_EMPTY, sctp.WEBRTC_BINARY_EMPTY}
_MESSAGES: Final = {*_TEXT, sctp.WEBRTC_BINARY, sctp.WEBRTC_BINARY_EMPTY}
_OPEN: Final = struct.Struct("!BBHLHH")


class ChannelUser(Protocol):
    """Who is told: the public channel."""

    def opened(self) -> None:
        """It can be sent in."""

    def closing(self) -> None:
        """It is being closed, by either side."""

    def closed(self) -> None:
        """It is closed."""

    def message(self, data: str | bytes) -> None:
        """Something came."""

    def sent(self, amount: int) -> None:
        """So many bytes wait no more."""


class ChannelEnd:
    """One end of a data channel, as aiortc's association wants it."""

    def __init__(
        self,
        *,
        label: str,
        protocol: str,
        ordered: bool,
        max_packet_life_time: int | None,
        max_retransmits: int | None,
        negotiated: bool,
        id: int | None,
    ) -> None:
        self.label = label
        self.protocol = protocol
        self.ordered = ordered
        self.maxPacketLifeTime = max_packet_life_time
        self.maxRetransmits = max_retransmits
        self.negotiated = negotiated
        self.id = id
        self.readyState = "connecting"
        self.user: ChannelUser | None = None

    def _setId(self, id: int) -> None:  # noqa: N802 - aiortc's name
        self.id = id

    def _setReadyState(self, state: str) -> None:  # noqa: N802 - aiortc's name
        if state == self.readyState:
            return
        self.readyState = state
        if self.user is not None:
            {"open": self.user.opened, "closing": self.user.closing, "closed": self.user.closed}[state]()

    def _addBufferedAmount(self, amount: int) -> None:  # noqa: N802 - aiortc's name
        if amount < 0 and self.user is not None:
            self.user.sent(-amount)


class _Way:
    """The DTLS transport as aiortc's association wants it."""

    state = "connected"

    def __init__(self, link: MediaLink, role: str) -> None:
        self._link = link
        self._role = role

    def _register_data_receiver(self, receiver: Association) -> None:
        self._link.on_data = receiver.take

    def _unregister_data_receiver(self, receiver: Association) -> None:  # noqa: ARG002 - aiortc's
        self._link.on_data = None

    async def _send_data(self, data: bytes) -> None:
        try:
            self._link.send_data(data)
        except ConnectionError:
            _logger.debug("a packet of SCTP was lost: there is no way to the peer")


class Association(sctp.RTCSctpTransport):
    """The association; on its loop. ``on_state`` is called after each change, ``on_channel`` with a new channel."""

    def __init__(
        self,
        link: MediaLink,
        role: str,
        *,
        on_state: Callable[[str], object],
        on_channel: Callable[[ChannelEnd], object],
    ) -> None:
        super().__init__(cast("Any", _Way(link, role)), 5000)
        self._on_state = on_state
        self._on_channel = on_channel

    def begin(self, remote_port: int, remote_limit: int | None) -> None:
        """Begin; both sides do."""
        capabilities = sctp.RTCSctpCapabilities(
            maxMessageSize=sctp.REMOTE_DEFAULT_MAX_MESSAGE_SIZE if remote_limit is None else remote_limit
        )
        _to_its_end(self.start(capabilities, remote_port))

    def take(self, data: bytes) -> None:
        """Take a packet."""
        try:
            _to_its_end(self._handle_data(data))
        except (AssertionError, ValueError, LookupError, struct.error, TypeError):
            _logger.debug("a peer's SCTP packet was dropped", exc_info=True)

    def end(self) -> None:
        """Abort it. Idempotent."""
        if self.state != "closed":
            _to_its_end(self.stop())

    def flush(self) -> None:
        """Send what waits."""
        _to_its_end(self._data_channel_flush())

    # --- channels -------------------------------------------------------------------------------------------------

    def open_channel(self, end: ChannelEnd) -> None:
        """Announce a channel to the peer, or, negotiated otherwise, just know it."""
        if end.negotiated:
            self._data_channel_add_negotiated(cast("Any", end))
        else:
            self._data_channel_open(end)

    def send_message(self, end: ChannelEnd, content: str | bytes) -> None:
        """Queue a message."""
        self._data_channel_send(cast("Any", end), content)

    def close_channel(self, end: ChannelEnd) -> None:
        """Close a channel once what waits has been sent."""
        self._data_channel_close(cast("Any", end))

    def _data_channel_open(self, channel: Any) -> None:
        """Queue DATA_CHANNEL_OPEN; aiortc's counts characters where bytes are meant."""
        if channel.id is not None:
            self._data_channels[channel.id] = channel
        kind, reliability = sctp.DATA_CHANNEL_RELIABLE, 0
        if channel.maxRetransmits is not None:
            kind, reliability = sctp.DATA_CHANNEL_PARTIAL_RELIABLE_REXMIT, channel.maxRetransmits
        elif channel.maxPacketLifeTime is not None:
            kind, reliability = sctp.DATA_CHANNEL_PARTIAL_RELIABLE_TIMED, channel.maxPacketLifeTime
        if not channel.ordered:
            kind |= 0x80
        label, protocol = channel.label.encode(), channel.protocol.encode()
        head = _OPEN.pack(sctp.DATA_CHANNEL_OPEN, kind, 0, reliability, len(label), len(protocol))
        self._data_channel_queue.append((channel, sctp.WEBRTC_DCEP, head + label + protocol))
        asyncio.get_running_loop().call_soon(self.flush)

    async def _data_channel_receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        if pp_id == sctp.WEBRTC_DCEP:
            self._control(stream_id, data)
            return
        channel = cast("ChannelEnd | None", self._data_channels.get(stream_id))
        if channel is None or channel.user is None or pp_id not in _MESSAGES:
            return
        content = b"" if pp_id in _EMPTY else data
        channel.user.message(content.decode("utf-8", "replace") if pp_id in _TEXT else content)

    def _control(self, stream_id: int, data: bytes) -> None:
        if data[:1] == bytes([sctp.DATA_CHANNEL_ACK]):
            acknowledged = cast("ChannelEnd | None", self._data_channels.get(stream_id))
            if acknowledged is not None and acknowledged.readyState == "connecting":
                acknowledged._setReadyState("open")
        elif len(data) >= _OPEN.size and data[0] == sctp.DATA_CHANNEL_OPEN and stream_id not in self._data_channels:
            _, kind, _, reliability, label_size, protocol_size = _OPEN.unpack_from(data)
            names = data[_OPEN.size :]
            end = ChannelEnd(
                label=names[:label_size].decode("utf-8", "replace"),
                protocol=names[label_size : label_size + protocol_size].decode("utf-8", "replace"),
                ordered=not kind & 0x80,
                max_packet_life_time=min(reliability, 65535) if kind & 3 == 2 else None,
                max_retransmits=min(reliability, 65535) if kind & 3 == 1 else None,
                negotiated=False,
                id=stream_id,
            )
            end.readyState = "open"
            self._data_channels[stream_id] = cast("Any", end)
            self._data_channel_queue.append((cast("Any", end), sctp.WEBRTC_DCEP, bytes([sctp.DATA_CHANNEL_ACK])))
            asyncio.get_running_loop().call_soon(self.flush)
            self._on_channel(end)

    def _data_channel_closed(self, stream_id: int) -> None:
        if stream_id in self._data_channels:
            super()._data_channel_closed(stream_id)

    async def _receive_data_chunk(self, chunk: Any) -> None:
        await super()._receive_data_chunk(chunk)
        if self._advertised_rwnd < _MOST_UNFINISHED:
            _logger.warning("a peer sent more unfinished messages than it may: its data channels are closed")
            await self.stop()

    def _set_state(self, state: Any) -> None:
        before = self.state
        if state is self.State.ESTABLISHED:
            self._ssthresh = min(self._ssthresh, _SLOW_START)
        super()._set_state(state)
        if self.state != before:
            self._on_state(self.state)


def _to_its_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("SCTP waited for something")
