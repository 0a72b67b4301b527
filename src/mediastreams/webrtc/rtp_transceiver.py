"""`RTCRtpTransceiver`.

Not for: what its directions become in an offer (``negotiation/``).

https://w3c.github.io/webrtc-pc/#rtcrtptransceiver-interface
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from mediastreams._webidl.conversions import enumeration, sequence_of
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import start_task
from mediastreams.errors import InvalidModificationError, InvalidStateError
from mediastreams.webrtc.dictionaries import CODEC, RTCRtpCodec
from mediastreams.webrtc.enums import RTCRtpTransceiverDirection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mediastreams._rules.sdp_values import RtpDirection
    from mediastreams._rules.values import Kind
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.plans import Codec
    from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
    from mediastreams.webrtc.rtp_sender import RTCRtpSender

__all__ = ["RTCRtpTransceiver"]

_AUXILIARY = frozenset({"rtx", "red", "ulpfec", "flexfec", "flexfec-03", "cn"})


@public
class RTCRtpTransceiver:
    """A sender and a receiver that share an m= section. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcrtptransceiver-interface
    """

    __init__ = illegal_constructor("Call RTCPeerConnection.add_transceiver().")

    _connection: RTCPeerConnection
    _kind: Kind
    _sender: RTCRtpSender
    _receiver: RTCRtpReceiver
    _mid: str | None
    _stable_mid: str | None
    _direction: RTCRtpTransceiverDirection
    _current_direction: RTCRtpTransceiverDirection | None
    _fired_direction: str | None
    _stopping: bool
    _stopped: bool
    _has_sent: bool
    _added_by_track: bool
    _by_remote: object  # the offer that made it
    _preferred_codecs: tuple[Codec, ...]

    @classmethod
    def _create(
        cls,
        connection: RTCPeerConnection,
        sender: RTCRtpSender,
        receiver: RTCRtpReceiver,
        direction: RTCRtpTransceiverDirection,
    ) -> Self:
        """*Create an RTCRtpTransceiver*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcrtptransceiver
        """
        made = cls.__new__(cls)
        made._connection = connection
        made._kind = sender._kind
        made._sender = sender  # [[Sender]]
        made._receiver = receiver  # [[Receiver]]
        sender._transceiver = receiver._transceiver = made
        made._mid = made._stable_mid = None  # [[Mid]], and its last stable state
        made._direction = direction  # [[Direction]]
        made._current_direction = None  # [[CurrentDirection]]
        made._fired_direction = None  # [[FiredDirection]]
        made._stopping = False  # [[Stopping]]
        made._stopped = False  # [[Stopped]]
        made._has_sent = False
        made._added_by_track = False
        made._by_remote = None
        made._preferred_codecs = ()  # [[PreferredCodecs]]
        return made

    @property
    def mid(self) -> str | None:
        """The id of its m= section, once there is one."""
        return self._mid

    @property
    def sender(self) -> RTCRtpSender:
        """What sends."""
        return self._sender

    @property
    def receiver(self) -> RTCRtpReceiver:
        """What receives."""
        return self._receiver

    @property
    def direction(self) -> RTCRtpTransceiverDirection:
        """What is wanted: the next offer and answer say so. ``"stopped"`` once it is."""
        return RTCRtpTransceiverDirection.STOPPED if self._stopping else self._direction

    @direction.setter
    def direction(self, value: RTCRtpTransceiverDirection | str) -> None:
        """Want another one.

        Raises:
            TypeError: ``"stopped"`` (call `stop`), or no direction.
            InvalidStateError: it is stopped, or the connection is closed.
        """
        where = "RTCRtpTransceiver.direction"
        wanted = enumeration(RTCRtpTransceiverDirection)(value, where)
        self._connection._owner.check(where)
        if self._connection._is_closed or self._stopping:
            raise InvalidStateError(f"{where}: the transceiver is stopped, or its connection closed")
        if wanted is self._direction:
            return
        if wanted is RTCRtpTransceiverDirection.STOPPED:
            raise TypeError(f"{where}: call stop() instead")
        self._direction = wanted
        self._connection._update_negotiation_needed()

    @property
    def current_direction(self) -> RTCRtpTransceiverDirection | None:
        """What was agreed on last."""
        return RTCRtpTransceiverDirection.STOPPED if self._stopped else self._current_direction

    def stop(self) -> None:
        """Stop sending and receiving for good; the next offer tells the peer. Idempotent.

        Raises:
            InvalidStateError: the connection is closed.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtptransceiver-stop
        """
        where = "RTCRtpTransceiver.stop"
        self._connection._owner.check(where)
        if self._connection._is_closed:
            raise InvalidStateError(f"{where}: the connection is closed")
        if not self._stopping:
            self._stop_media()
            self._connection._update_negotiation_needed()

    def set_codec_preferences(self, codecs: Iterable[RTCRtpCodec | Mapping[str, Any]]) -> None:
        """Offer and accept these only, in this order; an empty list: the defaults.

        Raises:
            InvalidModificationError: one of them is not among the capabilities, or none is more than an auxiliary.
            TypeError: no codecs.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtptransceiver-setcodecpreferences
        """
        from mediastreams.webrtc.capabilities import all_codecs, matching

        where = "RTCRtpTransceiver.set_codec_preferences"
        given = sequence_of(CODEC)(codecs, f"{where}: codecs")
        self._connection._owner.check(where)
        chosen: list[Codec] = []
        for wanted in given:
            if wanted["mime_type"].lower().partition("/")[2] in _AUXILIARY and wanted["mime_type"].lower().startswith(
                self._kind
            ):
                continue  # retransmission comes with each codec
            found = next((one for one in all_codecs(self._kind) if matching(wanted, one)), None)
            if found is None:
                raise InvalidModificationError(f"{where}: {wanted} is not among the capabilities")
            if found not in chosen:
                chosen.append(found)
        if given and not chosen:
            raise InvalidModificationError(f"{where}: none of these carries sound or pictures")
        self._preferred_codecs = tuple(chosen)

    def __repr__(self) -> str:
        return f"<RTCRtpTransceiver {self._kind} {self.direction} mid={self._mid!r}>"

    # --- for negotiation ------------------------------------------------------------------------------------------

    @property
    def _rtp_direction(self) -> RtpDirection:
        """What is wanted, in an m= section."""
        return self._direction.value  # type: ignore[return-value]  # never "stopped"

    def _stop_media(self, *, disappear: bool = False) -> None:
        """*Stop sending and receiving*.

        https://w3c.github.io/webrtc-pc/#dfn-stop-sending-and-receiving
        """
        self._direction = RTCRtpTransceiverDirection.INACTIVE
        self._stopping = True
        self._sender._track_of_outlet(None)
        start_task(self._end_media(disappear=disappear), "stopping of a transceiver")

    async def _end_media(self, *, disappear: bool) -> None:  # noqa: ARG002 - a track that is seen no more ends, too
        await self._sender._outlet.stop()
        await self._receiver._inlet.stop()

    def _stop(self, *, disappear: bool = False) -> None:
        """*Stop the RTCRtpTransceiver*.

        https://w3c.github.io/webrtc-pc/#dfn-stop-the-rtcrtptransceiver
        """
        if not self._stopping:
            self._stop_media(disappear=disappear)
        self._stopped = True
        self._current_direction = None
        self._receiver._streams = ()
        self._receiver._stable_streams = ()
