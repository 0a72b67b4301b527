"""What the rooms of a connection agree on: `Codec`, `SendPlan`, `ReceivePlan`, and the `MediaTransport` they share.

Not for: the public dictionaries of the standard (``dictionaries.py``), nor for SDP (``negotiation/``).

Rules of the file: values are immutable. Negotiation makes them; what sends and what receives heeds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = ["Codec", "MediaTransport", "PacketUser", "Parameters", "ReceivePlan", "SendPlan"]

Parameters: TypeAlias = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format as it was, or may be, negotiated.

    ``parameters`` are the ``a=fmtp`` line's, ``feedback`` the ``a=rtcp-fb`` lines' ("nack", "nack pli", "goog-remb").
    ``rtx`` is the payload type under which its packets are sent again, ``None`` without retransmission.

    https://w3c.github.io/webrtc-pc/#dom-rtcrtpcodec
    """

    mime_type: str
    clock_rate: int
    payload_type: int
    channels: int | None = None
    parameters: Parameters = field(default_factory=dict)
    feedback: tuple[str, ...] = ()
    rtx: int | None = None

    @property
    def name(self) -> str:
        """The format's name in lower case: ``vp8``, ``h264``, ``opus``."""
        return self.mime_type.partition("/")[2].lower()

    @property
    def kind(self) -> Kind:
        """``"audio"`` or ``"video"``."""
        return "video" if self.mime_type.lower().startswith("video/") else "audio"


@dataclass(frozen=True, slots=True)
class SendPlan:
    """How one sender sends: in which codec, under which numbers. ``extensions``: URI of a header extension → its id."""

    codec: Codec
    mid: str
    cname: str
    extensions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReceivePlan:
    """What one receiver may be sent.

    ``ssrcs`` are those that the peer announced (none: by ``mid`` and payload type only), ``rtx_ssrcs`` maps those of
    retransmissions to what they repeat. ``feedback_ssrc`` is ours in the RTCP packets that we send.
    """

    codecs: tuple[Codec, ...]
    mid: str
    extensions: Mapping[str, int]
    feedback_ssrc: int
    ssrcs: tuple[int, ...] = ()
    rtx_ssrcs: Mapping[int, int] = field(default_factory=dict)


class PacketUser(Protocol):
    """Whom a transport hands packets to; called on the loop, once a packet: must be quick."""

    def handle_rtcp(self, packet: object) -> None:
        """Take one RTCP packet (of ``aiortc.rtp``) that concerns this user's SSRC."""


class MediaTransport(Protocol):
    """The protected way of RTP and RTCP to a peer, shared by all senders and receivers of a bundle. On one loop.

    Packets that come in are routed by SSRC, else by MID, else by payload type.
    """

    @property
    def connected(self) -> bool:
        """Whether packets can be sent now."""

    def add_inlet(self, inlet: PacketUser, plan: ReceivePlan) -> None:
        """Route what ``plan`` describes to ``inlet.handle_rtp`` and ``handle_rtcp``; again: by the new plan."""

    def add_outlet(self, outlet: PacketUser, plan: SendPlan) -> None:
        """Route feedback on ``outlet.ssrc`` to ``outlet.handle_rtcp``."""

    def remove(self, user: PacketUser) -> None:
        """Route nothing to it any more. Idempotent."""

    def send(self, data: bytes) -> None:
        """Protect one plain RTP or RTCP packet and send it now.

        Raises:
            ConnectionError: not connected (yet, or any more).
        """
