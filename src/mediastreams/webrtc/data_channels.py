"""`DataChannels`: all channels of a connection: made, numbered, opened, failed.

Not for: one channel (``data_channel.py``), how messages travel (``transport/association.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.events import fire_event
from mediastreams._webidl.tasks import queue_task
from mediastreams.errors import OperationError
from mediastreams.webrtc.data_channel import RTCDataChannel
from mediastreams.webrtc.data_channel_event import RTCDataChannelEvent
from mediastreams.webrtc.enums import RTCDataChannelState
from mediastreams.webrtc.rtc_error import RTCError

if TYPE_CHECKING:
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.transport.association import Association, ChannelEnd

__all__ = ["DataChannels"]


class DataChannels:
    """The channels; on the connection's loop. ``wanted``: the program has made one, so there is to be a section."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._channels: list[RTCDataChannel] = []
        self.wanted = False
        self.opened = 0

    @property
    def live(self) -> list[RTCDataChannel]:
        """Those that are not closed."""
        self._channels = [one for one in self._channels if one.ready_state is not RTCDataChannelState.CLOSED]
        return self._channels

    def create(self, label: str, init: Mapping[str, Any], where: str) -> RTCDataChannel:
        """*Create a data channel* on behalf of the program, from step 4 on.

        https://w3c.github.io/webrtc-pc/#dom-peerconnection-createdatachannel
        """
        from mediastreams.webrtc.transport.association import ChannelEnd

        number = init.get("id") if init["negotiated"] else None
        # 4-18. What is asked for.
        if len(label.encode()) > 65535 or len(init["protocol"].encode()) > 65535:
            raise TypeError(f"{where}: label and protocol have at most 65535 bytes")
        if init["negotiated"] and number is None:
            raise TypeError(f"{where}: negotiated=True needs an id")
        if "max_packet_life_time" in init and "max_retransmits" in init:
            raise TypeError(f"{where}: give max_packet_life_time or max_retransmits, not both")
        if number == 65535:
            raise TypeError(f"{where}: an id is at most 65534")
        if number is not None and any(one.id == number for one in self.live):
            raise OperationError(f"{where}: id {number} is taken")
        end = ChannelEnd(
            label=label,
            protocol=init["protocol"],
            ordered=init["ordered"],
            max_packet_life_time=init.get("max_packet_life_time"),
            max_retransmits=init.get("max_retransmits"),
            negotiated=init["negotiated"],
            id=number,
        )
        bundle = self._connection._bundle
        if number is None and bundle is not None and bundle.sctp is not None and bundle.role:
            end.id = self._next_id(where)
        # 19-22. It is made; the first one needs negotiation.
        channel: RTCDataChannel = RTCDataChannel._create(end, self._limit)
        first, self.wanted = not self.wanted, True
        self._channels.append(channel)
        self.opened += 1
        if bundle is not None and bundle.association is not None and bundle.association.state == "connected":
            self._open(bundle.association, channel)
        if first:
            self._connection._update_negotiation_needed()
        return channel

    def number(self) -> None:
        """Give ids to channels that have none, once the roles are known.

        https://w3c.github.io/webrtc-pc/#set-description
        """
        for channel in list(self.live):
            if channel.id is None:
                try:
                    channel._end.id = self._next_id("data channel")
                except OperationError as error:
                    channel._fail(RTCError({"error_detail": "data-channel-failure"}, str(error)))

    def _next_id(self, where: str) -> int:
        """*Generate an id*: even ones are the DTLS client's.

        https://www.rfc-editor.org/rfc/rfc8832#section-6
        """
        taken = {one.id for one in self.live}
        bundle = self._connection._bundle
        first = 0 if bundle is not None and bundle.role == "client" else 1
        number = next((one for one in range(first, 65535, 2) if one not in taken), None)
        if number is None:
            raise OperationError(f"{where}: all ids are taken; close a channel first")
        return number

    def _limit(self) -> float:
        sctp = self._connection.sctp
        return 0.0 if sctp is None else sctp.max_message_size

    def _open(self, association: Association, channel: RTCDataChannel) -> None:
        if channel.ready_state is RTCDataChannelState.CONNECTING and channel._association is None:
            channel._join(association)
            association.open_channel(channel._end)

    def open_all(self, association: Association) -> None:
        """The association is there."""
        self.number()
        for channel in list(self.live):
            self._open(association, channel)

    def fail(self, text: str) -> None:
        """The association is gone, or will never be."""
        for channel in list(self.live):
            channel._fail(RTCError({"error_detail": "data-channel-failure"}, text))

    def close(self) -> None:
        """The connection is closed: so are they, without events."""
        for channel in self.live:
            channel._ready_state = RTCDataChannelState.CLOSED
            channel._recheck_waits()

    def announce(self, association: Association, end: ChannelEnd) -> None:
        """*Announce a data channel* that the peer made.

        https://w3c.github.io/webrtc-pc/#announcing-a-data-channel-instance
        """
        channel: RTCDataChannel = RTCDataChannel._create(end, self._limit)
        channel._join(association)
        self.live.append(channel)
        self.opened += 1
        queue_task(self._connection._owner, self._tell_of, channel)

    def _tell_of(self, channel: RTCDataChannel) -> None:
        if self._connection._is_closed or channel.ready_state is not RTCDataChannelState.CONNECTING:
            return
        channel._ready_state = RTCDataChannelState.OPEN
        fire_event(self._connection, "datachannel", RTCDataChannelEvent, channel=channel)
        channel._announce_open()
