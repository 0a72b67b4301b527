"""`RTCRtpSender`.

Not for: encoding and sending (``sending/``).

https://w3c.github.io/webrtc-pc/#rtcrtpsender-interface
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict

from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import after_queued_tasks
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.errors import InvalidModificationError, InvalidStateError, OperationError
from mediastreams.webrtc.capabilities import all_codecs, capabilities, codec_parameters, matching
from mediastreams.webrtc.dictionaries import (
    SEND_PARAMETERS,
    RTCRtcpParameters,
    RTCRtpCapabilities,
    RTCRtpCodec,
    RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpSendParameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mediastreams._rules.values import Kind
    from mediastreams.webrtc.enums import RTCDegradationPreference
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.plans import Codec, SendPlan
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver
    from mediastreams.webrtc.sending.outlet import Outlet
    from mediastreams.webrtc.stats_report import RTCStatsReport
    from mediastreams.webrtc.transport.dtls_transport import RTCDtlsTransport

__all__ = ["RTCRtpSender", "RTCSetParameterOptions", "check_streams", "checked_encodings"]

_RID: Final = re.compile(r"[0-9A-Za-z\-_]{1,255}")


@public
class RTCSetParameterOptions(TypedDict, total=False):
    """Empty in the standard.

    https://w3c.github.io/webrtc-pc/#dom-rtcsetparameteroptions
    """


@public
class RTCRtpSender:
    """Sends a track. The track stays the program's: it is never stopped here. Belongs to its connection.

    https://w3c.github.io/webrtc-pc/#rtcrtpsender-interface
    """

    __init__ = illegal_constructor("Call RTCPeerConnection.add_track() or add_transceiver().")

    _connection: RTCPeerConnection
    _transceiver: RTCRtpTransceiver
    _kind: Kind
    _track: MediaStreamTrack | None
    _transport: RTCDtlsTransport | None
    _stable_transport: RTCDtlsTransport | None
    _stream_ids: tuple[str, ...]
    _encodings: list[dict[str, Any]]
    _degradation: RTCDegradationPreference | None
    _codecs: tuple[Codec, ...]
    _extensions: Mapping[str, int]
    _plan: SendPlan | None
    _last_parameters: RTCRtpSendParameters | None
    _outlet: Outlet
    _track_id: str

    @classmethod
    def _create(
        cls,
        connection: RTCPeerConnection,
        kind: Kind,
        track: MediaStreamTrack | None,
        streams: Iterable[MediaStream],
        encodings: list[dict[str, Any]] | None = None,
    ) -> Self:
        """*Create an RTCRtpSender*.

        https://w3c.github.io/webrtc-pc/#dfn-create-an-rtcrtpsender
        """
        from mediastreams.webrtc.sending.outlet import Outlet

        made = cls.__new__(cls)
        made._connection = connection
        made._kind = kind
        made._track = track  # [[SenderTrack]]
        made._track_id = str(uuid.uuid4()) if track is None else track.id
        made._transport = made._stable_transport = None  # [[SenderTransport]], [[LastStableStateSenderTransport]]
        made._stream_ids = tuple(dict.fromkeys(stream.id for stream in streams))  # [[AssociatedMediaStreamIds]]
        default: dict[str, Any] = {"active": True}
        if kind == "video":
            default["scale_resolution_down_by"] = 1.0
        made._encodings = encodings or [default]  # [[SendEncodings]]
        made._degradation = None
        made._codecs = ()  # [[SendCodecs]]
        made._extensions = {}
        made._plan = None
        made._last_parameters = None  # [[LastReturnedParameters]]
        made._outlet = Outlet(kind)
        made._apply_encodings()
        if track is not None:
            made._outlet.set_track(track)
        return made

    # --- the standard ---------------------------------------------------------------------------------------------

    @property
    def track(self) -> MediaStreamTrack | None:
        """What is sent."""
        return self._track

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """By which way."""
        return self._transport

    @staticmethod
    def get_capabilities(kind: str) -> RTCRtpCapabilities | None:
        """List what can be sent of a kind; ``None`` when it is neither ``"audio"`` nor ``"video"``."""
        return capabilities(kind, sending=True)

    def get_parameters(self) -> RTCRtpSendParameters:
        """How the track is sent. Change ``encodings`` and give it to `set_parameters`, in the same task or a later one.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-getparameters
        """
        if self._last_parameters is None:
            self._last_parameters = self._parameters(str(uuid.uuid4()))
        return self._parameters(self._last_parameters.transaction_id)

    def _parameters(self, transaction: str) -> RTCRtpSendParameters:
        return RTCRtpSendParameters(
            transaction_id=transaction,
            encodings=[_public_encoding(one) for one in self._encodings],
            header_extensions=[
                RTCRtpHeaderExtensionParameters(uri=uri, id=number, encrypted=False)
                for uri, number in self._extensions.items()
            ],
            rtcp=RTCRtcpParameters(cname=self._connection._cname, reduced_size=True),
            codecs=codec_parameters(self._codecs),
            degradation_preference=self._degradation,
        )

    async def set_parameters(
        self,
        parameters: RTCRtpSendParameters | Mapping[str, Any],
        set_parameter_options: RTCSetParameterOptions | Mapping[str, Any] | None = None,  # noqa: ARG002 - empty
    ) -> None:
        """Send from now on as these say.

        Raises:
            InvalidStateError: stopped, or `get_parameters` was not called before.
            InvalidModificationError: something else than ``degradation_preference`` and the encodings' own members was
                changed.
            ValueError: scaled up, or a negative frame rate.
            TypeError: a member is missing or has the wrong type.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-setparameters
        """
        where = "RTCRtpSender.set_parameters"
        given = SEND_PARAMETERS.convert(parameters, f"{where}: parameters")
        self._connection._owner.check(where)
        # 4-5. Not when stopped, nor without get_parameters().
        if self._transceiver._stopping:
            raise InvalidStateError(f"{where}: the transceiver is stopped")
        if self._last_parameters is None:
            raise InvalidStateError(f"{where}: call get_parameters() first, and again after each call")
        # 6. What may not change.
        encodings: list[dict[str, Any]] = given["encodings"]
        before = self._last_parameters
        same = (
            given["transaction_id"] == before.transaction_id
            and len(encodings) == len(self._encodings)
            and [one.get("rid") for one in encodings] == [one.get("rid") for one in self._encodings]
            and given["rtcp"] == dict(before.rtcp)
            and given["header_extensions"] == [dict(one) for one in before.header_extensions]
            and given["codecs"] == [dict(one) for one in before.codecs]
        )
        if not same:
            raise InvalidModificationError(
                f"{where}: only degradation_preference and members of the encodings may differ from what"
                " get_parameters() gave last"
            )
        choosable = self._codecs or all_codecs(self._kind)
        for one in encodings:
            if "codec" in one and not any(matching(one["codec"], codec) for codec in choosable):
                raise InvalidModificationError(f"{where}: the codec {one['codec']} was not negotiated")
        _check_ranges(encodings, self._kind, where, least_rate=0.0)
        if self._kind == "video":
            for one in encodings:
                one.setdefault("scale_resolution_down_by", 1.0)
        # 7-10. In force, with the end of this task.
        await after_queued_tasks()
        self._last_parameters = None
        self._encodings = encodings
        self._degradation = given.get("degradation_preference")
        self._apply_encodings()
        self._connection._media_changed(self._transceiver)

    async def replace_track(self, with_track: MediaStreamTrack | None) -> None:
        """Send another track, without a new offer. ``None``: send nothing.

        Raises:
            TypeError: a track of the other kind, or no track.
            InvalidStateError: stopped, or the connection is closed.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-replacetrack
        """
        where = "RTCRtpSender.replace_track"
        if with_track is not None and not isinstance(with_track, MediaStreamTrack):
            raise wrong_type(f"{where}: with_track", "a MediaStreamTrack or None", with_track)
        self._connection._owner.check(where)
        if with_track is not None and with_track.kind != self._kind:
            raise TypeError(f"{where}: a sender of {self._kind} cannot send {with_track.kind}")

        def replace_it() -> None:
            if self._transceiver._stopping:
                raise InvalidStateError(f"{where}: the transceiver is stopped")
            self._track = with_track
            self._track_of_outlet(with_track)

        await self._connection._operations.chain(where, replace_it)

    def set_streams(self, *streams: MediaStream) -> None:
        """Say which streams the peer is to find the track in; the next offer does.

        Raises:
            InvalidStateError: the connection is closed.
            TypeError: no streams.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-setstreams
        """
        where = "RTCRtpSender.set_streams"
        check_streams(streams, where)
        self._connection._owner.check(where)
        if self._connection._is_closed:
            raise InvalidStateError(f"{where}: the connection is closed")
        self._stream_ids = tuple(dict.fromkeys(stream.id for stream in streams))
        self._connection._update_negotiation_needed()

    async def get_stats(self) -> RTCStatsReport:
        """Figures of what is sent.

        https://w3c.github.io/webrtc-pc/#dom-rtcrtpsender-getstats
        """
        return self._connection._stats_of(self._outlet)

    def __repr__(self) -> str:
        return f"<RTCRtpSender {self._kind} {self._track!r}>"

    # --- inside ---------------------------------------------------------------------------------------------------

    def _track_of_outlet(self, track: MediaStreamTrack | None) -> None:
        self._outlet.set_track(track)

    def _apply_encodings(self) -> None:
        first = self._encodings[0]
        self._outlet.set_encoding(
            max_bitrate=first.get("max_bitrate"),
            max_framerate=first.get("max_framerate"),
            scale_resolution_down_by=first.get("scale_resolution_down_by", 1.0),
            active=first["active"],
            degradation_preference=self._degradation,
        )

    def _chosen_codec(self) -> Codec | None:
        """What to send in: as the encoding says, else what the peer likes best."""
        wanted = self._encodings[0].get("codec")
        if wanted is not None:
            for codec in self._codecs:
                if matching(wanted, codec):
                    return codec
        return self._codecs[0] if self._codecs else None

    def _forget_codecs(self) -> None:
        """Drop the choice of a codec that was not negotiated."""
        for one in self._encodings:
            if self._codecs and "codec" in one and not any(matching(one["codec"], codec) for codec in self._codecs):
                del one["codec"]


def _public_encoding(one: Mapping[str, Any]) -> RTCRtpEncodingParameters:
    members = dict(one)
    if "codec" in members:
        members["codec"] = RTCRtpCodec(**members["codec"])
    return RTCRtpEncodingParameters(**members)


def check_streams(streams: Sequence[object], where: str) -> None:
    """See that these are streams.

    Raises:
        TypeError: they are not.
    """
    for stream in streams:
        if not isinstance(stream, MediaStream):
            raise wrong_type(f"{where}: streams", "a MediaStream", stream)


def checked_encodings(encodings: list[dict[str, Any]], kind: Kind, where: str) -> list[dict[str, Any]]:
    """*The addTransceiver sendEncodings validation steps*; one encoding remains.

    DEVIATION: simulcast is not sent: renditions are chosen by what a viewer can receive. Only the first encoding is
    kept.

    https://w3c.github.io/webrtc-pc/#dfn-addtransceiver-sendencodings-validation-steps
    """
    rids = [one["rid"] for one in encodings if "rid" in one]
    if rids and (len(rids) != len(encodings) or len(set(rids)) != len(rids) or not all(map(_RID.fullmatch, rids))):
        raise TypeError(f"{where}: send_encodings: rids are distinct, alphanumeric, and in all encodings or in none")
    for one in encodings:
        if "codec" in one and not any(matching(one["codec"], codec) for codec in all_codecs(kind)):
            raise OperationError(f"{where}: {one['codec']} is not among the codecs that can be sent")
    _check_ranges(encodings, kind, where, least_rate=None)
    kept = [{name: value for name, value in one.items() if name != "rid"} for one in encodings[:1]]
    if kind == "video":
        for one in kept:
            one.setdefault("scale_resolution_down_by", 1.0)
    return kept


def _check_ranges(encodings: list[dict[str, Any]], kind: Kind, where: str, *, least_rate: float | None) -> None:
    for one in encodings:
        if kind == "audio":
            one.pop("scale_resolution_down_by", None)
            one.pop("max_framerate", None)
        if one.get("scale_resolution_down_by", 1.0) < 1.0:
            raise ValueError(f"{where}: scale_resolution_down_by is at least 1: pictures are not enlarged")
        rate = one.get("max_framerate")
        if rate is not None and (rate < 0 or (least_rate is None and rate == 0)):
            raise ValueError(f"{where}: max_framerate is positive")
