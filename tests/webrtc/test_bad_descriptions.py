"""What a peer may send as a description: refused by the standard's name for it, and nothing has changed."""

import asyncio
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import RTCError, RTCPeerConnection

pytestmark = pytest.mark.may_block(reason="the first connection of a process loads what it needs")

NAMED = (RTCError, ms.InvalidAccessError, ms.OperationError)


async def offered():
    """A real offer of everything, with candidates."""
    async with RTCPeerConnection() as one:
        one.add_transceiver("audio")
        one.add_transceiver("video")
        one.create_data_channel("x")
        await one.set_local_description()
        await pairs.until(lambda: one.ice_gathering_state == "complete")
        return one.local_description.sdp


def state_of(connection):
    return (
        connection.signaling_state,
        connection.remote_description,
        connection.local_description is None,
        connection.get_transceivers(),
        connection.sctp,
    )


def without(pattern):
    return lambda sdp: re.sub(rf"(?m)^{pattern}.*\r\n", "", sdp)


BAD = {
    "no session id": (lambda sdp: sdp.replace("o=- ", "o=- x"), RTCError, 2),
    "nothing": (lambda _: "", RTCError, 1),
    "not SDP": (lambda _: "hello", RTCError, 1),
    "a port too high": (lambda sdp: sdp.replace("m=audio 9", "m=audio 99999"), RTCError, None),
    "no RTCP mux": (without("a=rtcp-mux"), ms.InvalidAccessError, None),
    "no ufrag": (without("a=ice-ufrag"), ms.InvalidAccessError, None),
    "no password": (without("a=ice-pwd"), ms.InvalidAccessError, None),
    "no fingerprint": (without("a=fingerprint"), ms.InvalidAccessError, None),
    "no mids": (without("a=mid"), ms.InvalidAccessError, None),
    "a mid twice": (lambda sdp: sdp.replace("a=mid:1", "a=mid:0"), ms.InvalidAccessError, None),
    "a mid of nobody in the bundle": (lambda sdp: sdp.replace("BUNDLE 0", "BUNDLE 7 0"), ms.InvalidAccessError, None),
    "a mid twice in the bundle": (lambda sdp: sdp.replace("BUNDLE 0", "BUNDLE 0 0"), ms.InvalidAccessError, None),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_offer_is_refused_and_nothing_has_changed(name):
    spoil, error, line = BAD[name]
    sdp = await offered()
    async with RTCPeerConnection() as connection:
        connection.add_transceiver("audio")
        before = state_of(connection)
        with pytest.raises(error) as caught:
            await connection.set_remote_description({"type": "offer", "sdp": spoil(sdp)})
        assert state_of(connection) == before
        if error is RTCError:
            assert caught.value.error_detail == "sdp-syntax-error"
            assert caught.value.name == "OperationError"
            assert line is None or caught.value.sdp_line_number == line
        await connection.set_remote_description({"type": "offer", "sdp": sdp})  # a good one is still taken
        await connection.set_local_description()


BAD_ANSWERS = {
    "a section less": lambda sdp: sdp[: sdp.rindex("m=")],
    "a section more": lambda sdp: sdp + sdp[sdp.rindex("m=") :].replace("a=mid:2", "a=mid:9"),
    "another kind": lambda sdp: sdp.replace("m=audio", "m=video", 1),
    "another mid": lambda sdp: sdp.replace("a=mid:1", "a=mid:9").replace("BUNDLE 0 1", "BUNDLE 0 9"),
    "no decision who begins": lambda sdp: sdp.replace("a=setup:active", "a=setup:actpass"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_is_refused_and_a_good_one_still_taken(name):
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        one.add_transceiver("video")
        one.create_data_channel("x")
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        await other.set_local_description()
        answer = other.local_description.sdp
        with pytest.raises(ms.InvalidAccessError):
            await one.set_remote_description({"type": "answer", "sdp": BAD_ANSWERS[name](answer)})
        assert one.signaling_state == "have-local-offer"
        await one.set_remote_description({"type": "answer", "sdp": answer})


async def test_a_further_offer_keeps_its_sections():
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        one.add_transceiver("video")
        await pairs.exchange(one, other)
        offer = (await one.create_offer()).sdp
        for spoiled in (
            offer[: offer.rindex("m=")].replace("BUNDLE 0 1", "BUNDLE 0"),
            offer.replace("a=mid:1", "a=mid:5").replace("BUNDLE 0 1", "BUNDLE 0 5"),
        ):
            with pytest.raises(ms.InvalidAccessError):
                await other.set_remote_description({"type": "offer", "sdp": spoiled})
        assert other.signaling_state == "stable"


async def test_sections_that_cannot_be_served_are_rejected_the_others_served():
    sdp = await offered()
    head, audio, video, data = re.split(r"(?m)^(?=m=)", sdp)
    strange = (
        "m=video 9 UDP/TLS/RTP/SAVPF 50\r\nc=IN IP4 0.0.0.0\r\na=mid:s\r\na=rtcp-mux\r\na=rtpmap:50 CINEPAK/90000\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n"
        + re.search(r"a=fingerprint.*\r\n", sdp)[0]
        + "m=text 9 RTP/AVP 98\r\na=mid:t\r\n"
        + "m=audio 9 WHAT/EVER 0\r\na=mid:w\r\na=rtcp-mux\r\n"
        + "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:z\r\n"
    )
    head = head.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 s")
    async with RTCPeerConnection() as connection:
        await connection.set_remote_description({"type": "offer", "sdp": head + audio + video + data + strange})
        await connection.set_local_description()
        ports = re.findall(r"(?m)^m=\S+ (\d+)", connection.local_description.sdp)
        assert ports == ["9", "9", "9", "0", "0", "0", "0"]
        assert [one.receiver.track.kind for one in connection.get_transceivers()] == ["audio", "video"]


async def test_an_offer_of_nothing_is_answered_with_nothing():
    sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    async with RTCPeerConnection() as connection:
        await connection.set_remote_description({"type": "offer", "sdp": sdp})
        await connection.set_local_description()
        assert connection.signaling_state == "stable"
        assert connection.connection_state == "new"
        assert "m=" not in connection.local_description.sdp


async def test_one_section_needs_neither_group_nor_mid():
    async with RTCPeerConnection() as one, RTCPeerConnection() as other:
        one.create_data_channel("x")
        await one.set_local_description()
        await pairs.until(lambda: one.ice_gathering_state == "complete")
        bare = without("a=(mid|group)")(one.local_description.sdp)
        await other.set_remote_description({"type": "offer", "sdp": bare})
        await other.set_local_description()
        await pairs.until(lambda: other.ice_gathering_state == "complete")
        answer = without("a=(mid|group)")(other.local_description.sdp)
        await one.set_remote_description({"type": "answer", "sdp": answer})
        await pairs.until(lambda: one.connection_state == "connected")


async def test_a_peer_with_another_certificate_fails():
    async with pairs.pair() as (one, other):
        one.create_data_channel("x")
        errors = []
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        await other.set_local_description()
        sdp = re.sub(
            r"a=fingerprint:sha-256 (..)",
            lambda match: f"a=fingerprint:sha-256 {int(match[1], 16) ^ 1:02X}",
            other.local_description.sdp,
        )
        await one.set_remote_description({"type": "answer", "sdp": sdp})
        one.sctp.transport.onerror = lambda event: errors.append(event.error)
        await pairs.until(lambda: one.connection_state == "failed")
        assert errors[0].error_detail == "fingerprint-failure"
        assert one.sctp.transport.state == "failed"


@pytest.fixture(scope="module")
def good():
    return asyncio.run(offered())


async def take(kind, sdp):
    async with RTCPeerConnection() as connection:
        connection.add_transceiver("video")
        if kind != "offer":
            await connection.set_local_description()
        before = state_of(connection)
        try:
            await connection.set_remote_description({"type": kind, "sdp": sdp})
        except NAMED:
            assert state_of(connection) == before
            return
        if kind == "offer":
            await connection.set_local_description()
            assert connection.signaling_state == "stable"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_offer_that_was_shaken_is_taken_or_refused_by_name(good, data):
    lines = good.split("\r\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "swap", "spoil", "cut"]))
        if change == "drop":
            lines.pop(at)
        elif change == "double":
            lines.insert(at, data.draw(st.sampled_from(lines)))
        elif change == "swap":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif change == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, 20))]
        else:
            place = data.draw(st.integers(0, 40))
            lines[at] = lines[at][:place] + data.draw(st.text(max_size=3)) + lines[at][place + 1 :]
        if not lines:
            break
    asyncio.run(take(data.draw(st.sampled_from(["offer", "answer", "pranswer"])), "\r\n".join(lines)))


@given(st.text(), st.sampled_from(["offer", "answer", "pranswer"]))
@settings(max_examples=30, deadline=None)
def test_any_text_is_refused_by_name(text, kind):
    asyncio.run(take(kind, text))


async def test_an_answer_that_wants_several_transports_is_refused():
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        one.add_transceiver("video")
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        answer = (await other.create_answer()).sdp
        for spoil in (without("a=group:BUNDLE"), lambda sdp: sdp.replace("BUNDLE 0 1", "BUNDLE 0")):
            with pytest.raises(ms.OperationError, match="share one"):
                await one.set_remote_description({"type": "answer", "sdp": spoil(answer)})
        assert one.signaling_state == "have-local-offer"
        await one.set_remote_description({"type": "answer", "sdp": answer})


def test_what_needs_a_loop_says_so():
    connection = RTCPeerConnection()
    for call in (
        lambda: connection.add_transceiver("audio"),
        lambda: connection.create_data_channel("x"),
    ):
        with pytest.raises(RuntimeError, match="running event loop"):
            call()
    connection.close()
    assert connection.connection_state == "closed"
