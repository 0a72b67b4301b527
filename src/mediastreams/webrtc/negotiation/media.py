"""What was agreed on, put into force: senders and receivers get their plans.

Not for: agreeing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mediastreams._rules.directions import receives, sends
from mediastreams.webrtc.codecs import HEADER_EXTENSIONS, compatible, receive_codecs, send_codecs
from mediastreams.webrtc.negotiation.formats import codecs_of
from mediastreams.webrtc.plans import Codec, ReceivePlan, SendPlan

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Section
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver
    from mediastreams.webrtc.transport.dtls_transport import MediaLink

__all__ = ["agree_on_receiving", "agree_on_sending", "put_in_force"]


def agree_on_sending(transceiver: RTCRtpTransceiver, ours: Section, theirs: Section, *, answer: Section) -> None:
    """Set [[SendCodecs]]: what the peer takes, with its parameters, of what we can send, in the order of the answer.

    https://w3c.github.io/webrtc-pc/#set-description
    """
    sender = transceiver._sender
    known = send_codecs(transceiver._kind)
    numbers = {one.payload_type for one in ours.formats}
    found = []
    for codec in codecs_of(theirs):
        mine = next((one for one in known if compatible(one, codec)), None)
        if mine is not None and codec.payload_type in numbers:
            feedback = tuple(one for one in codec.feedback if one in mine.feedback)
            found.append(replace(codec, feedback=feedback, rtx=codec.rtx if codec.rtx in numbers else None))
    order = [one.payload_type for one in answer.formats]
    found.sort(key=lambda one: order.index(one.payload_type) if one.payload_type in order else len(order))
    sender._codecs = tuple(found)
    sender._extensions = _extensions(transceiver, ours, theirs)
    sender._last_parameters = None
    sender._forget_codecs()


def agree_on_receiving(transceiver: RTCRtpTransceiver, ours: Section, theirs: Section | None) -> None:
    """Set [[ReceiveCodecs]]: what our side names, as far as the peer's does, when there is its side."""
    receiver = transceiver._receiver
    numbers = None if theirs is None else {one.payload_type for one in theirs.formats}
    known = receive_codecs(transceiver._kind)
    found: list[Codec] = []
    for codec in codecs_of(ours):
        if (numbers is None or codec.payload_type in numbers) and any(compatible(one, codec) for one in known):
            rtx = codec.rtx if numbers is None or codec.rtx in numbers else None
            found.append(replace(codec, rtx=rtx))
    receiver._codecs = tuple(found) if receives(ours.direction) else ()
    if theirs is not None:
        receiver._extensions = _extensions(transceiver, ours, theirs)


def _extensions(transceiver: RTCRtpTransceiver, ours: Section, theirs: Section) -> dict[str, int]:
    known = {uri for uri, _ in HEADER_EXTENSIONS[transceiver._kind]}
    mine = {one.uri: one.id for one in ours.extensions}
    return {one.uri: one.id for one in theirs.extensions if one.uri in known and mine.get(one.uri) == one.id}


def put_in_force(transceiver: RTCRtpTransceiver, link: MediaLink, theirs: Section | None) -> None:
    """Start, go on or pause: as the current direction and the codecs say."""
    if transceiver._stopping or transceiver._mid is None:
        return
    sender, receiver, direction = transceiver._sender, transceiver._receiver, transceiver._current_direction
    codec = sender._chosen_codec()
    sending = sends(direction) and codec is not None
    if sending and codec is not None and link.secured:
        plan = SendPlan(codec, transceiver._mid, sender._connection._cname, dict(sender._extensions))
        if plan != sender._plan:
            sender._plan = plan
            sender._outlet.start(link, plan)
    sender._outlet.set_active(sending)
    transceiver._has_sent |= sends(direction)
    receiving = receives(direction) and bool(receiver._codecs)
    if receiving and theirs is not None:
        repeats = {
            numbers[1]: numbers[0]
            for semantics, numbers in theirs.ssrc_groups
            if semantics == "FID" and len(numbers) == 2
        }
        wanted = ReceivePlan(
            receiver._codecs,
            transceiver._mid,
            dict(receiver._extensions),
            sender._outlet.ssrc,
            tuple(one.ssrc for one in theirs.ssrcs if one.ssrc not in repeats),
            repeats,
        )
        if wanted != receiver._plan:
            receiver._plan = wanted
            receiver._inlet.start(link, wanted)
    receiver._inlet.set_active(receiving)
