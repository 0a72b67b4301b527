"""`RTCPeerConnection`.

Not for: the algorithms (``negotiation/``), the network (``transport/``), media (``sending/``, ``receiving/``).

Rules of the file: arguments are converted, one algorithm is called. What the algorithms and the transports need of the
connection are the methods with an underscore.

https://w3c.github.io/webrtc-pc/#rtcpeerconnection-interface
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

from mediastreams._webidl.conversions import usv_string, wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task, start_task
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.errors import InvalidAccessError, InvalidStateError
from mediastreams.webrtc.configuration import Configuration, read_configuration
from mediastreams.webrtc.connection_news import ConnectionNews
from mediastreams.webrtc.data_channel import DATA_CHANNEL_INIT, RTCDataChannel, RTCDataChannelInit
from mediastreams.webrtc.data_channel_event import RTCDataChannelEvent
from mediastreams.webrtc.data_channels import DataChannels
from mediastreams.webrtc.enums import (
    RTCIceConnectionState,
    RTCIceGatheringState,
    RTCPeerConnectionState,
    RTCRtpTransceiverDirection,
    RTCSignalingState,
)
from mediastreams.webrtc.extra import need_extra
from mediastreams.webrtc.ice_candidate import CANDIDATE, RTCIceCandidate
from mediastreams.webrtc.ice_events import RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent
from mediastreams.webrtc.negotiation.formats import Numbers
from mediastreams.webrtc.negotiation.needed import negotiation_is_needed
from mediastreams.webrtc.negotiation.operations import OperationsChain, closed_error
from mediastreams.webrtc.options import (
    ANSWER_OPTIONS,
    OFFER_OPTIONS,
    TRANSCEIVER_INIT,
    RTCAnswerOptions,
    RTCOfferOptions,
    RTCRtpTransceiverInit,
)
from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
from mediastreams.webrtc.rtp_sender import RTCRtpSender, check_streams, checked_encodings
from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver
from mediastreams.webrtc.session_description import DESCRIPTION, LOCAL_DESCRIPTION, RTCSessionDescription, as_mapping
from mediastreams.webrtc.track_event import RTCTrackEvent
from mediastreams.webrtc.transport.certificate import RTCCertificate, generate_certificate, make_certificate

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams._rules.sdp_values import Section
    from mediastreams._rules.values import Kind
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.webrtc.dictionaries import RTCConfiguration, RTCIceCandidateInit, RTCSessionDescriptionInit
    from mediastreams.webrtc.negotiation.records import Record
    from mediastreams.webrtc.sctp_transport import RTCSctpTransport
    from mediastreams.webrtc.session_description import RTCLocalSessionDescriptionInit
    from mediastreams.webrtc.stats_report import RTCStatsReport
    from mediastreams.webrtc.transport.bundle import Bundle

__all__ = ["RTCPeerConnection"]


@public
class RTCPeerConnection(EventTarget):
    """Media and data to and from one peer. How descriptions and candidates get to it is the program's business.

    Local tracks stay the program's: closing does not stop them. Belongs to the event loop it is made on; `close` works
    from any thread. Leaving it as a context manager closes it, as an asynchronous one waits for the sockets, too.

    NOT-HERE: the legacy forms with callbacks: await the coroutines.

    https://w3c.github.io/webrtc-pc/#rtcpeerconnection-interface
    """

    onnegotiationneeded = event_handler("negotiationneeded")
    onicecandidate = event_handler("icecandidate", RTCPeerConnectionIceEvent)
    onicecandidateerror = event_handler("icecandidateerror", RTCPeerConnectionIceErrorEvent)
    onsignalingstatechange = event_handler("signalingstatechange")
    oniceconnectionstatechange = event_handler("iceconnectionstatechange")
    onicegatheringstatechange = event_handler("icegatheringstatechange")
    onconnectionstatechange = event_handler("connectionstatechange")
    ontrack = event_handler("track", RTCTrackEvent)
    ondatachannel = event_handler("datachannel", RTCDataChannelEvent)

    def __init__(self, configuration: RTCConfiguration | Mapping[str, Any] | None = None, **members: Any) -> None:
        """*The RTCPeerConnection constructor*.

        Raises:
            TypeError, SyntaxError, NotSupportedError, InvalidAccessError: the configuration.
            ImportError: the packages that it stands on are not installed.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-constructor
        """
        where = "RTCPeerConnection"
        need_extra()
        self._configuration: Configuration = read_configuration(  # [[Configuration]]
            merge_arguments(configuration, members, where), where, None
        )
        super().__init__()
        given = self._configuration.certificates
        self._certificate = given[0] if given else make_certificate()
        self._is_closed = False  # [[IsClosed]]
        self._operations = OperationsChain(self)  # [[Operations]]
        self._negotiation_needed = False  # [[NegotiationNeeded]]
        self._signaling_state = RTCSignalingState.STABLE  # [[SignalingState]]
        self._ice_gathering_state = RTCIceGatheringState.NEW  # [[IceGatheringState]]
        self._ice_connection_state = RTCIceConnectionState.NEW  # [[IceConnectionState]]
        self._connection_state = RTCPeerConnectionState.NEW  # [[ConnectionState]]
        self._current_local: Record | None = None  # [[CurrentLocalDescription]] …
        self._pending_local: Record | None = None
        self._current_remote: Record | None = None
        self._pending_remote: Record | None = None
        self._last_offer: Record | None = None  # [[LastCreatedOffer]]
        self._last_answer: Record | None = None  # [[LastCreatedAnswer]]
        self._transceivers: list[RTCRtpTransceiver] = []
        self._remote_streams: dict[str, MediaStream] = {}
        self._data = DataChannels(self)
        self._news = ConnectionNews(self)
        self._bundle: Bundle | None = None
        self._stable_bundle: Bundle | None = None
        self._stable_sctp: RTCSctpTransport | None = None
        self._credentials_to_replace: set[tuple[str, str]] = set()  # [[LocalIceCredentialsToReplace]]
        self._prepared: tuple[str, str] | None = None
        self._set_local_called = False
        self._cname = uuid.uuid4().hex[:16]
        self._session_id = secrets.randbits(62)
        self._sdp_version = 0
        self._ending: asyncio.Task[None] | None = None
        self._numbers = Numbers()

    # --- descriptions ---------------------------------------------------------------------------------------------

    async def create_offer(
        self, options: RTCOfferOptions | Mapping[str, Any] | None = None, **keywords: Any
    ) -> RTCSessionDescriptionInit:
        """Make an offer of what this side wants. `set_local_description` without arguments does that, too.

        Raises:
            InvalidStateError: the connection is closed, or an answer is due.
            TypeError: an option of the wrong type.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-createoffer
        """
        from mediastreams.webrtc.negotiation.making import make_offer
        from mediastreams.webrtc.negotiation.steps import receive_by_options

        where = "create_offer"
        given = OFFER_OPTIONS.convert(merge_arguments(options, keywords, where), where)
        self._owner.check(where)

        def create() -> RTCSessionDescriptionInit:
            if self._signaling_state not in {RTCSignalingState.STABLE, RTCSignalingState.HAVE_LOCAL_OFFER}:
                raise InvalidStateError(f"{where}: not while the signaling state is {self._signaling_state.value!r}")
            receive_by_options(self, given)
            self._last_offer = record = make_offer(self, ice_restart=given["ice_restart"])
            return record.init

        return await self._operations.chain(where, create)

    async def create_answer(
        self, options: RTCAnswerOptions | Mapping[str, Any] | None = None, **keywords: Any
    ) -> RTCSessionDescriptionInit:
        """Make an answer to the peer's offer. `set_local_description` without arguments does that, too.

        Raises:
            InvalidStateError: the connection is closed, or there is no offer.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-createanswer
        """
        from mediastreams.webrtc.negotiation.making import make_answer

        where = "create_answer"
        ANSWER_OPTIONS.convert(merge_arguments(options, keywords, where), where)
        self._owner.check(where)

        def create() -> RTCSessionDescriptionInit:
            if self._signaling_state not in {
                RTCSignalingState.HAVE_REMOTE_OFFER,
                RTCSignalingState.HAVE_LOCAL_PRANSWER,
            }:
                raise InvalidStateError(f"{where}: not while the signaling state is {self._signaling_state.value!r}")
            self._last_answer = record = make_answer(self)
            return record.init

        return await self._operations.chain(where, create)

    async def set_local_description(
        self,
        description: RTCSessionDescriptionInit
        | RTCSessionDescription
        | RTCLocalSessionDescriptionInit
        | Mapping[str, Any]
        | None = None,
        **members: Any,
    ) -> None:
        """Take on a description of this side; without one, make the one that is due.

        Raises:
            InvalidStateError: it cannot come now, or the connection is closed.
            InvalidModificationError: it is not the one that was made last.

        https://w3c.github.io/webrtc-pc/#dom-peerconnection-setlocaldescription
        """
        from mediastreams.webrtc.negotiation.steps import set_local

        where = "set_local_description"
        given = LOCAL_DESCRIPTION.convert(
            merge_arguments(cast("Mapping[str, Any] | None", as_mapping(description)), members, where), where
        )
        self._owner.check(where)
        await self._operations.chain(where, lambda: set_local(self, given.get("type"), given["sdp"], where))

    async def set_remote_description(
        self, description: RTCSessionDescriptionInit | RTCSessionDescription | Mapping[str, Any]
    ) -> None:
        """Take on a description of the peer. An offer that meets ours takes ours back.

        Raises:
            InvalidStateError: it cannot come now, or the connection is closed.
            RTCError: it is no SDP, with the line.
            InvalidAccessError: it contradicts itself, or what was said before.

        https://w3c.github.io/webrtc-pc/#dom-peerconnection-setremotedescription
        """
        from mediastreams.webrtc.negotiation.steps import set_remote

        where = "set_remote_description"
        given = DESCRIPTION.convert(as_mapping(description), where)
        self._owner.check(where)
        await self._operations.chain(where, lambda: set_remote(self, given["type"], given["sdp"]))

    @property
    def local_description(self) -> RTCSessionDescription | None:
        """Ours: the pending one, else the current one, with the candidates found so far."""
        return _public(self._pending_local or self._current_local)

    @property
    def current_local_description(self) -> RTCSessionDescription | None:
        """Ours that is in force."""
        return _public(self._current_local)

    @property
    def pending_local_description(self) -> RTCSessionDescription | None:
        """Ours that is being negotiated."""
        return _public(self._pending_local)

    @property
    def remote_description(self) -> RTCSessionDescription | None:
        """The peer's: the pending one, else the current one."""
        return _public(self._pending_remote or self._current_remote)

    @property
    def current_remote_description(self) -> RTCSessionDescription | None:
        """The peer's that is in force."""
        return _public(self._current_remote)

    @property
    def pending_remote_description(self) -> RTCSessionDescription | None:
        """The peer's that is being negotiated."""
        return _public(self._pending_remote)

    async def add_ice_candidate(
        self, candidate: RTCIceCandidate | RTCIceCandidateInit | Mapping[str, Any] | None = None
    ) -> None:
        """Take a candidate of the peer. An empty one, or ``None``: there are no more.

        Raises:
            TypeError: neither ``sdp_mid`` nor ``sdp_m_line_index``, or a member of the wrong type.
            InvalidStateError: there is no description of the peer yet, or the connection is closed.
            OperationError: no such section or generation, or text that is no candidate.

        https://w3c.github.io/webrtc-pc/#dom-peerconnection-addicecandidate
        """
        from mediastreams.webrtc.negotiation.candidates import add_candidate

        where = "add_ice_candidate"
        if isinstance(candidate, RTCIceCandidate):
            init: dict[str, Any] = dict(candidate._init)
        else:
            init = CANDIDATE.convert(_without_extras(candidate), where)
        if init["candidate"] and init["sdp_mid"] is None and init["sdp_m_line_index"] is None:
            raise TypeError(f"{where}: a candidate needs sdp_mid or sdp_m_line_index")
        self._owner.check(where)
        await self._operations.chain(where, lambda: add_candidate(self, init, where))

    # --- states ---------------------------------------------------------------------------------------------------

    @property
    def signaling_state(self) -> RTCSignalingState:
        """Where offer and answer stand."""
        return self._signaling_state

    @property
    def ice_gathering_state(self) -> RTCIceGatheringState:
        """How far the gathering of candidates is."""
        return self._ice_gathering_state

    @property
    def ice_connection_state(self) -> RTCIceConnectionState:
        """How the way to the peer is."""
        return self._ice_connection_state

    @property
    def connection_state(self) -> RTCPeerConnectionState:
        """How the connection is as a whole."""
        return self._connection_state

    @property
    def can_trickle_ice_candidates(self) -> bool | None:
        """Whether the peer takes candidates later; ``None`` before its description."""
        record = self._pending_remote or self._current_remote
        if record is None:
            return None
        return any("trickle" in section.ice_options for section in record.parsed.sections)

    def restart_ice(self) -> None:
        """Look for a new way to the peer: with the next offer, which is then needed.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-restartice
        """
        self._owner.check("restart_ice")
        if self._is_closed:
            return
        records = (self._current_local, self._pending_local)
        self._credentials_to_replace = {
            (section.ufrag, section.password)
            for record in records
            if record is not None
            for section in record.parsed.sections
            if section.ufrag
        }
        self._update_negotiation_needed()

    def get_configuration(self) -> RTCConfiguration:
        """A copy of the configuration, to be changed and given to `set_configuration`."""
        return self._configuration.public()

    def set_configuration(
        self, configuration: RTCConfiguration | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Change ICE servers and policy; they are used from the next gathering on.

        Raises:
            InvalidStateError: the connection is closed.
            InvalidModificationError: what cannot be changed was.
            TypeError, SyntaxError, InvalidAccessError: as for the constructor.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-setconfiguration
        """
        where = "set_configuration"
        self._owner.check(where)
        if self._is_closed:
            raise closed_error(where)
        self._configuration = read_configuration(
            merge_arguments(configuration, members, where),
            where,
            self._configuration,
            pool_is_fixed=self._set_local_called,
        )

    @staticmethod
    async def generate_certificate(keygen_algorithm: str | Mapping[str, Any]) -> RTCCertificate:
        """Make a certificate for ``certificates``: ``"ECDSA"``, or a mapping of ``name``, ``named_curve``, ``expires``.

        Raises:
            NotSupportedError: another algorithm.
            TypeError: no algorithm.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-generatecertificate
        """
        return await generate_certificate(keygen_algorithm)

    # --- media ----------------------------------------------------------------------------------------------------

    def get_senders(self) -> list[RTCRtpSender]:
        """List what sends."""
        return [one._sender for one in self._transceivers if not one._stopped]

    def get_receivers(self) -> list[RTCRtpReceiver]:
        """List what receives."""
        return [one._receiver for one in self._transceivers if not one._stopped]

    def get_transceivers(self) -> list[RTCRtpTransceiver]:
        """List both in pairs, in the order in which they were made."""
        return list(self._transceivers)

    def add_track(self, track: MediaStreamTrack, *streams: MediaStream) -> RTCRtpSender:
        """Send a track; the peer finds it in streams of these ids.

        Raises:
            InvalidAccessError: it is sent already.
            InvalidStateError: the connection is closed.
            TypeError: no track, or no streams.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-addtrack
        """
        where = "add_track"
        # 1-5. The arguments.
        if not isinstance(track, MediaStreamTrack):
            raise wrong_type(f"{where}: track", "a MediaStreamTrack", track)
        check_streams(streams, where)
        self._check_loop(where)
        if self._is_closed:
            raise closed_error(where)
        # 6-7. Each track once.
        if any(sender._track is track for sender in self.get_senders()):
            raise InvalidAccessError(f"{where}: this track is sent already; clone it to send it twice")
        # 8-9. A sender that has never sent is used.
        kind = cast("Kind", track.kind)
        transceiver = next(
            (
                one
                for one in self._transceivers
                if one._sender._track is None and one._kind == kind and not one._stopping and not one._has_sent
            ),
            None,
        )
        if transceiver is not None:
            sender = transceiver._sender
            sender._track = track
            sender._track_of_outlet(track)
            sender._stream_ids = tuple(dict.fromkeys(stream.id for stream in streams))
            if transceiver._direction is RTCRtpTransceiverDirection.RECVONLY:
                transceiver._direction = RTCRtpTransceiverDirection.SENDRECV
            elif transceiver._direction is RTCRtpTransceiverDirection.INACTIVE:
                transceiver._direction = RTCRtpTransceiverDirection.SENDONLY
        # 10. Or a new one.
        else:
            sender = RTCRtpSender._create(self, kind, track, streams)
            receiver = RTCRtpReceiver._create(self, kind)
            transceiver = RTCRtpTransceiver._create(self, sender, receiver, RTCRtpTransceiverDirection.SENDRECV)
            self._transceivers.append(transceiver)
        transceiver._added_by_track = True
        # 12-13. To be negotiated.
        self._update_negotiation_needed()
        return sender

    def remove_track(self, sender: RTCRtpSender) -> None:
        """Stop sending by a sender of this connection; the track lives on.

        Raises:
            InvalidAccessError: a sender of another connection.
            InvalidStateError: the connection is closed.
            TypeError: no sender.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-removetrack
        """
        where = "remove_track"
        if not isinstance(sender, RTCRtpSender):
            raise wrong_type(f"{where}: sender", "an RTCRtpSender", sender)
        self._owner.check(where)
        if self._is_closed:
            raise closed_error(where)
        if sender._connection is not self:
            raise InvalidAccessError(f"{where}: the sender is another connection's")
        transceiver = sender._transceiver
        if transceiver._stopping or sender not in self.get_senders() or sender._track is None:
            return
        sender._track = None
        sender._track_of_outlet(None)
        if transceiver._direction is RTCRtpTransceiverDirection.SENDRECV:
            transceiver._direction = RTCRtpTransceiverDirection.RECVONLY
        elif transceiver._direction is RTCRtpTransceiverDirection.SENDONLY:
            transceiver._direction = RTCRtpTransceiverDirection.INACTIVE
        self._update_negotiation_needed()

    def add_transceiver(
        self,
        track_or_kind: MediaStreamTrack | str,
        init: RTCRtpTransceiverInit | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> RTCRtpTransceiver:
        """Add a pair of sender and receiver, of a track or of a kind.

        Raises:
            TypeError: neither a track nor ``"audio"`` or ``"video"``, or a member of the wrong type.
            ValueError, OperationError, InvalidAccessError: the encodings.
            InvalidStateError: the connection is closed.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-addtransceiver
        """
        where = "add_transceiver"
        given = TRANSCEIVER_INIT.convert(merge_arguments(init, members, where), where)
        check_streams(given["streams"], where)
        # 5-6. The kind.
        track = track_or_kind if isinstance(track_or_kind, MediaStreamTrack) else None
        name = track_or_kind.kind if track is not None else track_or_kind  # type: ignore[union-attr]  # no track: a str
        if name not in {"audio", "video"}:
            raise wrong_type(f"{where}: track_or_kind", "a MediaStreamTrack, 'audio' or 'video'", track_or_kind)
        kind = cast("Kind", name)
        if given["direction"] is RTCRtpTransceiverDirection.STOPPED:
            raise TypeError(f"{where}: a transceiver does not begin stopped")
        self._check_loop(where)
        # 7. Not when closed.
        if self._is_closed:
            raise closed_error(where)
        # 8. The encodings.
        encodings = checked_encodings([dict(one) for one in given["send_encodings"]], kind, where)
        # 9-13. The three of them.
        sender = RTCRtpSender._create(self, kind, track, given["streams"], encodings)
        receiver = RTCRtpReceiver._create(self, kind)
        transceiver: RTCRtpTransceiver = RTCRtpTransceiver._create(self, sender, receiver, given["direction"])
        self._transceivers.append(transceiver)
        self._update_negotiation_needed()
        return transceiver

    # --- data -----------------------------------------------------------------------------------------------------

    @property
    def sctp(self) -> RTCSctpTransport | None:
        """What data channels share; ``None`` while none were negotiated."""
        return None if self._bundle is None else self._bundle.sctp

    def create_data_channel(
        self, label: str, data_channel_dict: RTCDataChannelInit | Mapping[str, Any] | None = None, **members: Any
    ) -> RTCDataChannel:
        """Make a data channel; it opens when the peer is there.

        Raises:
            TypeError: label or protocol of more than 65535 bytes, both limits, no id where one is agreed on, 65535.
            InvalidStateError: the connection is closed.
            OperationError: the id is taken, or there are too many channels.

        https://w3c.github.io/webrtc-pc/#dom-peerconnection-createdatachannel
        """
        where = "create_data_channel"
        init = DATA_CHANNEL_INIT.convert(merge_arguments(data_channel_dict, members, where), where)
        name = usv_string(label, f"{where}: label")
        self._check_loop(where)
        if self._is_closed:
            raise closed_error(where)
        return self._data.create(name, init, where)

    # --- figures and the end ----------------------------------------------------------------------------------------

    async def get_stats(self, selector: MediaStreamTrack | None = None) -> RTCStatsReport:
        """Figures of all, or of what sends or receives a track.

        Raises:
            InvalidAccessError: the track is sent or received by none here, or by more than one.
            TypeError: no track.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-getstats
        """
        from mediastreams.webrtc.statistics import report_of

        where = "get_stats"
        if selector is not None and not isinstance(selector, MediaStreamTrack):
            raise wrong_type(f"{where}: selector", "a MediaStreamTrack or None", selector)
        if selector is None:
            return report_of(self, None)
        users: list[Any] = [one._sender._outlet for one in self._transceivers if one._sender._track is selector]
        users += [one._receiver._inlet for one in self._transceivers if one._receiver.track is selector]
        if len(users) != 1:
            raise InvalidAccessError(f"{where}: {len(users)} senders and receivers have this track, not one")
        return self._stats_of(users[0])

    def _stats_of(self, user: Any) -> RTCStatsReport:
        from mediastreams.webrtc.statistics import report_of

        return report_of(self, user)

    def close(self) -> None:
        """End it: the peer is told, remote tracks end, local ones live on. Any thread; idempotent.

        https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-close
        """
        if self._is_closed:
            return
        # 1-3. It is closed from now on.
        self._is_closed = True
        self._signaling_state = RTCSignalingState.CLOSED
        self._ice_connection_state = RTCIceConnectionState.CLOSED
        self._connection_state = RTCPeerConnectionState.CLOSED
        if self._owner.loop is None:
            return  # nothing was ever begun, or its loop is gone
        if self._owner.here:
            self._end()
        else:
            queue_task(self._owner, self._end)

    def _end(self) -> None:
        """4-11. Transceivers, channels and transports are closed; no events but those of the tracks."""
        transceivers = [one for one in self._transceivers if not one._stopped]
        for transceiver in transceivers:
            if not transceiver._stopping:
                transceiver._direction = RTCRtpTransceiverDirection.INACTIVE
                transceiver._stopping = True
            transceiver._stopped = True
            transceiver._current_direction = None
        self._data.close()
        self._ending = asyncio.get_running_loop().create_task(self._end_all(transceivers), name="closing a connection")
        self._recheck_waits()

    async def _end_all(self, transceivers: list[RTCRtpTransceiver]) -> None:
        bundle = self._bundle
        try:
            await asyncio.gather(*(one._end_media(disappear=False) for one in transceivers))
        finally:
            if bundle is not None:
                bundle.shut()
                await bundle.close()

    def _can_still_fire(self, _type: str) -> bool:
        return not self._is_closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._ending is not None:
            await asyncio.shield(self._ending)

    def __repr__(self) -> str:
        return f"<RTCPeerConnection {self._connection_state.value} {self._signaling_state.value}>"

    # --- algorithms -----------------------------------------------------------------------------------------------

    def _check_loop(self, where: str) -> None:
        """See that this is called on the connection's loop: what it makes works there.

        Raises:
            RuntimeError: it is not, or no loop runs.
        """
        self._owner.check(where)
        if not self._owner.here:
            raise RuntimeError(f"{where} needs a running event loop: call it from a coroutine")

    # --- for the algorithms -----------------------------------------------------------------------------------------

    def _by_mid(self, mid: str) -> RTCRtpTransceiver | None:
        return next((one for one in self._transceivers if one._mid == mid), None)

    def _make_remote_transceiver(self, section: Section) -> RTCRtpTransceiver:
        """A transceiver for what the peer offers: it receives only, until a track is added."""
        kind = cast("Kind", section.kind)
        track_id = next((track for _, track in section.msids if track), None)
        sender = RTCRtpSender._create(self, kind, None, ())
        receiver = RTCRtpReceiver._create(self, kind, track_id)
        transceiver: RTCRtpTransceiver = RTCRtpTransceiver._create(
            self, sender, receiver, RTCRtpTransceiverDirection.RECVONLY
        )
        transceiver._by_remote = self._pending_remote
        self._transceivers.append(transceiver)
        return transceiver

    def _update_negotiation_needed(self) -> None:
        """*Update the negotiation-needed flag*.

        https://w3c.github.io/webrtc-pc/#dfn-update-the-negotiation-needed-flag
        """
        if not self._operations.empty:
            self._operations.update_when_empty = True
        else:
            queue_task(self._owner, self._look_at_needs)

    def _look_at_needs(self) -> None:
        if self._is_closed:
            return
        if not self._operations.empty:
            self._operations.update_when_empty = True
            return
        if self._signaling_state is not RTCSignalingState.STABLE:
            return
        needed = negotiation_is_needed(self)
        if needed and not self._negotiation_needed:
            self._negotiation_needed = True
            fire_event(self, "negotiationneeded")
        elif not needed:
            self._negotiation_needed = False

    def _need_bundle(self) -> Bundle:
        if self._bundle is None:
            from mediastreams.webrtc.transport.bundle import Bundle

            self._bundle = Bundle(self._news, self._certificate)
        return self._bundle

    def _discard_bundle(self) -> None:
        bundle, self._bundle = self._bundle, None
        if bundle is not None:
            bundle.shut()
            start_task(bundle.close(), "closing of transports that were offered in vain")

    def _gather(self, username: str, password: str) -> None:
        bundle = self._need_bundle()
        if self._prepared == (username, password):
            self._prepared = None
        bundle.ice._set_local(
            username,
            password,
            list(self._configuration.servers),
            relay_only=self._configuration.relay_only,
        )

    def _media_changed(self, transceiver: RTCRtpTransceiver) -> None:
        """Put what was agreed on into force."""
        from mediastreams.webrtc.negotiation.media import put_in_force

        bundle = self._bundle
        if bundle is None or self._is_closed:
            return
        record = self._current_remote if self._pending_remote is None else self._pending_remote
        found = None if record is None else record.find(transceiver._mid)
        put_in_force(transceiver, bundle.link, None if found is None else found[1])


def _public(record: Record | None) -> RTCSessionDescription | None:
    return None if record is None else record.public


def _without_extras(candidate: object) -> object:
    """A candidate as JSON may have members of a local one, which mean nothing here."""
    if isinstance(candidate, Mapping):
        return {key: value for key, value in candidate.items() if key not in {"relay_protocol", "relayProtocol", "url"}}
    return candidate
