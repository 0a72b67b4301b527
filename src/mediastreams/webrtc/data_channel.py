"""`RTCDataChannel`.

Not for: how messages travel (``transport/association.py``).

Rules of the file: states change on the connection's loop, in the task that fires the event. What waits to be sent is
bounded: who sends faster than the network is told by an error, and should heed `buffered_amount`.

https://w3c.github.io/webrtc-pc/#rtcdatachannel
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, TypedDict

from mediastreams._webidl.conversions import boolean, enumeration, unsigned_long, unsigned_short, usv_string, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.message_event import MessageEvent
from mediastreams._webidl.tasks import queue_task
from mediastreams.errors import InvalidStateError, OperationError
from mediastreams.files.blob import Blob
from mediastreams.webrtc.enums import BinaryType, RTCDataChannelState
from mediastreams.webrtc.rtc_error import RTCError, RTCErrorEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.webrtc.transport.association import Association, ChannelEnd

__all__ = ["DATA_CHANNEL_INIT", "RTCDataChannel", "RTCDataChannelInit"]

_MOST_BUFFERED: Final = 16 << 20


@public
class RTCDataChannelInit(TypedDict, total=False):
    """How a channel is made. Of ``max_packet_life_time`` (ms) and ``max_retransmits`` one may be given.

    https://w3c.github.io/webrtc-pc/#dom-rtcdatachannelinit
    """

    ordered: bool
    max_packet_life_time: int
    max_retransmits: int
    protocol: str
    negotiated: bool
    id: int


DATA_CHANNEL_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "RTCDataChannelInit",
    Member("ordered", boolean, default=True),
    Member("max_packet_life_time", unsigned_short),
    Member("max_retransmits", unsigned_short),
    Member("protocol", usv_string, default=""),
    Member("negotiated", boolean, default=False),
    Member("id", unsigned_short),
)


@public
class RTCDataChannel(EventTarget):
    """Messages to and from the peer: text and bytes. Belongs to its connection's loop; `close` works from any thread.

    NOT-HERE: transferring a channel to a worker.

    https://w3c.github.io/webrtc-pc/#rtcdatachannel
    """

    __init__ = illegal_constructor("Call RTCPeerConnection.create_data_channel().")

    onopen = event_handler("open")
    onbufferedamountlow = event_handler("bufferedamountlow")
    onerror = event_handler("error", RTCErrorEvent)
    onclosing = event_handler("closing")
    onclose = event_handler("close")
    onmessage = event_handler("message", MessageEvent)

    _end: ChannelEnd
    _ready_state: RTCDataChannelState
    _buffered: int
    _threshold: int
    _binary_type: BinaryType
    _association: Association | None
    _limit: Callable[[], float]
    _announced: bool

    @classmethod
    def _create(cls, end: ChannelEnd, limit: Callable[[], float]) -> Self:
        """*Create an RTCDataChannel*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcdatachannel
        """
        channel = cls.__new__(cls)
        EventTarget.__init__(channel)
        channel._end = end  # [[DataChannelLabel]], [[Ordered]], [[MaxPacketLifeTime]], [[MaxRetransmits]], …
        channel._ready_state = RTCDataChannelState.CONNECTING  # [[ReadyState]]
        channel._buffered = 0  # [[BufferedAmount]]
        channel._threshold = 0
        channel._binary_type = BinaryType.ARRAYBUFFER
        channel._association = None
        channel._limit = limit
        channel._counts = {"messages_sent": 0, "bytes_sent": 0, "messages_received": 0, "bytes_received": 0}
        end.user = _User(channel)
        return channel

    _counts: dict[str, int]

    # --- attributes -----------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Its name; two may have the same."""
        return self._end.label

    @property
    def ordered(self) -> bool:
        """Whether messages come in the order in which they were sent."""
        return self._end.ordered

    @property
    def max_packet_life_time(self) -> int | None:
        """For how long a message is sent again, in milliseconds."""
        return self._end.maxPacketLifeTime

    @property
    def max_retransmits(self) -> int | None:
        """How often a message is sent again."""
        return self._end.maxRetransmits

    @property
    def protocol(self) -> str:
        """The name of what is spoken in it."""
        return self._end.protocol

    @property
    def negotiated(self) -> bool:
        """Whether both sides have made it under an agreed id."""
        return self._end.negotiated

    @property
    def id(self) -> int | None:
        """Its number; ``None`` before one is chosen."""
        return self._end.id

    @property
    def ready_state(self) -> RTCDataChannelState:
        """How it stands."""
        return self._ready_state

    @property
    def buffered_amount(self) -> int:
        """How many bytes wait to be sent."""
        return self._buffered

    @property
    def buffered_amount_low_threshold(self) -> int:
        """At how few waiting bytes ``bufferedamountlow`` is fired."""
        return self._threshold

    @buffered_amount_low_threshold.setter
    def buffered_amount_low_threshold(self, value: int) -> None:
        self._threshold = unsigned_long(value, "RTCDataChannel.buffered_amount_low_threshold")

    @property
    def binary_type(self) -> BinaryType:
        """What binary messages are given as: ``"arraybuffer"`` is `bytes`, ``"blob"`` a `Blob`."""
        return self._binary_type

    @binary_type.setter
    def binary_type(self, value: BinaryType | str) -> None:
        self._binary_type = enumeration(BinaryType)(value, "RTCDataChannel.binary_type")

    # --- methods --------------------------------------------------------------------------------------------------

    def send(self, data: str | bytes | bytearray | memoryview | Blob) -> None:
        """Send a message.

        Raises:
            InvalidStateError: the channel is not open.
            TypeError: neither text nor bytes, or more than the peer takes at once.
            OperationError: too much waits already.
            RuntimeError: called outside the loop that owns the connection.

        https://w3c.github.io/webrtc-pc/#dfn-send
        """
        where = "RTCDataChannel.send"
        # 1-2. The channel must be open.
        self._owner.check(where)
        if self._ready_state is not RTCDataChannelState.OPEN:
            raise InvalidStateError(f"{where}: the channel is {self._ready_state}, not open")
        # 3. What kind of data.
        content: str | bytes
        if isinstance(data, str):
            content = usv_string(data, where)
            size = len(content.encode())
        elif isinstance(data, bytes | bytearray | memoryview | Blob):
            content = bytes(data)
            size = len(content)
        else:
            raise wrong_type(where, "a str, bytes or a Blob", data)
        # 4-5. Not too much.
        if size > self._limit():
            raise TypeError(f"{where}: the peer takes {self._limit():.0f} bytes at once, not {size}")
        if self._buffered + size > _MOST_BUFFERED:
            raise OperationError(f"{where}: {self._buffered} bytes wait already; wait for bufferedamountlow")
        # 6-8. On its way.
        assert self._association is not None
        self._buffered += size or 1  # an empty message is a byte on the way
        self._counts["messages_sent"] += 1
        self._counts["bytes_sent"] += size
        self._association.send_message(self._end, content)

    def close(self) -> None:
        """Close it; what waits is sent first. Any thread; idempotent.

        https://w3c.github.io/webrtc-pc/#dom-rtcdatachannel-close
        """
        if self._ready_state in {RTCDataChannelState.CLOSING, RTCDataChannelState.CLOSED}:
            return
        self._ready_state = RTCDataChannelState.CLOSING
        if self._owner.here:
            self._begin_to_close()
        else:
            queue_task(self._owner, self._begin_to_close)

    def _begin_to_close(self) -> None:
        """*The closing procedure*.

        https://w3c.github.io/webrtc-pc/#data-transport-closing-procedure
        """
        if self._association is not None:
            self._association.close_channel(self._end)
        else:
            self._end.readyState = "closed"
            queue_task(self._owner, self._closed)

    def _can_still_fire(self, _type: str) -> bool:
        return self._ready_state is not RTCDataChannelState.CLOSED

    def __repr__(self) -> str:
        return f"<RTCDataChannel {self.label!r} {self._ready_state}>"

    # --- for the connection ---------------------------------------------------------------------------------------

    def _join(self, association: Association) -> None:
        self._association = association

    def _announce_open(self) -> None:
        """*Announce the data channel as open*.

        https://w3c.github.io/webrtc-pc/#announce-datachannel-open
        """
        if self._ready_state not in {RTCDataChannelState.CLOSING, RTCDataChannelState.CLOSED}:
            self._ready_state = RTCDataChannelState.OPEN
            fire_event(self, "open")

    def _fail(self, error: RTCError) -> None:
        """Close it because of an error."""
        if self._ready_state is not RTCDataChannelState.CLOSED:
            self._ready_state = RTCDataChannelState.CLOSED
            fire_event(self, "error", RTCErrorEvent, error=error)
            fire_event(self, "close")

    def _closed(self) -> None:
        if self._ready_state is not RTCDataChannelState.CLOSED:
            self._ready_state = RTCDataChannelState.CLOSED
            fire_event(self, "close")


class _User:
    """What the association tells, as tasks."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self._channel = channel

    def opened(self) -> None:
        queue_task(self._channel._owner, self._channel._announce_open)

    def closing(self) -> None:
        channel = self._channel
        if channel._ready_state is not RTCDataChannelState.CLOSING:  # the peer closes
            queue_task(channel._owner, self._peer_closes)

    def _peer_closes(self) -> None:
        channel = self._channel
        if channel._ready_state not in {RTCDataChannelState.CLOSING, RTCDataChannelState.CLOSED}:
            channel._ready_state = RTCDataChannelState.CLOSING
            fire_event(channel, "closing")

    def closed(self) -> None:
        queue_task(self._channel._owner, self._channel._closed)

    def message(self, data: str | bytes) -> None:
        channel = self._channel
        channel._counts["messages_received"] += 1
        channel._counts["bytes_received"] += len(data)
        queue_task(channel._owner, self._deliver, data)

    def _deliver(self, data: str | bytes) -> None:
        channel = self._channel
        if channel._ready_state is RTCDataChannelState.OPEN:
            content: object = data
            if isinstance(data, bytes) and channel._binary_type is BinaryType.BLOB:
                content = Blob([data])
            fire_event(channel, "message", MessageEvent, data=content)

    def sent(self, amount: int) -> None:
        queue_task(self._channel._owner, self._less_waits, amount)

    def _less_waits(self, amount: int) -> None:
        channel = self._channel
        before = channel._buffered
        channel._buffered = max(0, before - amount)
        if before > channel._threshold >= channel._buffered:
            fire_event(channel, "bufferedamountlow")
