"""Data channels: options, ids, kinds of messages, closing, limits, errors."""

import asyncio

import pytest
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import RTCPeerConnection
from mediastreams.webrtc.transport import association as association_module

pytestmark = pytest.mark.may_block(reason="the first connection of a process loads what it needs")


async def opened(channel):
    if channel.ready_state == "connecting":
        await channel.wait_for("open", timeout=10)
    return channel


async def channels(one, other, label="x", **init):
    """Connect the two, and give both ends of a channel."""
    far = asyncio.get_running_loop().create_future()
    other.ondatachannel = lambda event: far.set_result(event.channel)
    near = one.create_data_channel(label, init)
    await pairs.connect(one, other)
    await opened(near)
    return near, await asyncio.wait_for(far, 10)


async def test_the_options_reach_the_other_side():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other, "äöü", protocol="ä", ordered=False, max_retransmits=3)
        for end in (near, far):
            assert (end.label, end.protocol, end.ordered) == ("äöü", "ä", False)
            assert (end.max_retransmits, end.max_packet_life_time, end.negotiated) == (3, None, False)
        assert near.id == far.id
        second = one.create_data_channel("y", max_packet_life_time=50)
        other.ondatachannel = None
        event = await other.wait_for("datachannel", timeout=5)
        assert event.channel.max_packet_life_time == 50
        assert event.channel.id == second.id
        assert {near.id % 2, second.id % 2} in ({0}, {1})


async def test_both_sides_make_channels_and_no_id_is_used_twice():
    async with pairs.pair() as (one, other):
        near = [one.create_data_channel(str(number)) for number in range(5)]
        seen = []
        one.ondatachannel = lambda event: seen.append(event.channel)
        await pairs.connect(one, other)
        far = [other.create_data_channel(str(number)) for number in range(5)]
        await asyncio.gather(*map(opened, near + far))
        await pairs.until(lambda: len(seen) == 5)
        assert {channel.id % 2 for channel in near} != {channel.id % 2 for channel in far}
        assert len({channel.id for channel in near + far}) == 10


async def test_a_channel_that_both_agreed_on_opens_without_an_event():
    async with pairs.pair() as (one, other):
        events = []
        other.ondatachannel = events.append
        near = one.create_data_channel("n", negotiated=True, id=7)
        far = other.create_data_channel("f", {"negotiated": True, "id": 7})
        await pairs.connect(one, other)
        await asyncio.gather(opened(near), opened(far))
        near.send("hello")
        assert (await far.wait_for("message", timeout=5)).data == "hello"
        assert events == []
        with pytest.raises(ms.OperationError):
            one.create_data_channel("again", negotiated=True, id=7)


async def test_messages_are_text_bytes_or_blobs():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        received = []
        far.onmessage = lambda event: received.append(event.data)
        for sent in ("ä\ud800", b"b", bytearray(b"c"), memoryview(b"d"), ms.Blob([b"e"]), "", b""):
            near.send(sent)
        await pairs.until(lambda: len(received) == 7)
        assert received == ["ä\ufffd", b"b", b"c", b"d", b"e", "", b""]
        assert far.binary_type == "arraybuffer"
        far.binary_type = "blob"
        near.send(b"f")
        await pairs.until(lambda: len(received) == 8)
        assert isinstance(received[-1], ms.Blob)
        assert bytes(received[-1]) == b"f"
        with pytest.raises(TypeError):
            far.binary_type = "text"
        for wrong in (None, 1, ["x"]):
            with pytest.raises(TypeError):
                near.send(wrong)


async def test_closing_sends_what_waits_and_tells_the_other_side():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        events, received = [], []
        for name in ("closing", "close", "error"):
            far.add_event_listener(name, lambda event: events.append(event.type))
            near.add_event_listener(name, lambda event: events.append(f"near {event.type}"))
        far.onmessage = lambda event: received.append(event.data)
        for _ in range(20):
            near.send(bytes(60_000))
        near.close()
        near.close()
        assert near.ready_state == "closing"
        with pytest.raises(ms.InvalidStateError):
            near.send("too late")
        await pairs.until(lambda: near.ready_state == far.ready_state == "closed")
        assert len(received) == 20
        assert events[0] == "closing"
        assert sorted(events) == ["close", "closing", "near close"]
        again, _ = one.create_data_channel("again"), await other.wait_for("datachannel", timeout=5)
        await opened(again)


async def test_a_channel_that_never_opened_closes_by_itself():
    async with RTCPeerConnection() as one:
        channel = one.create_data_channel("x")
        with pytest.raises(ms.InvalidStateError):
            channel.send("x")
        channel.close()
        await channel.wait_for("close", timeout=2)
        assert channel.ready_state == "closed"
        with pytest.raises(ms.InvalidStateError):
            await channel.wait_for("open")


async def test_a_channel_closes_with_its_connection_and_its_peer_hears():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        errors = []
        far.onerror = lambda event: errors.append(event.error)
        one.close()
        assert near.ready_state == "closed"
        await pairs.until(lambda: far.ready_state == "closed")
        assert other.sctp.state == "closed"


async def test_too_much_is_refused():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        assert one.sctp.max_message_size == 262144
        assert one.sctp.max_channels == 65535
        with pytest.raises(TypeError, match="262144"):
            near.send(bytes(262145))
        while near.buffered_amount + 262144 <= 16 << 20:
            near.send(bytes(262144))
        with pytest.raises(ms.OperationError, match="bufferedamountlow"):
            near.send(bytes(262144))
        assert near.buffered_amount > 1 << 20
        near.buffered_amount_low_threshold = 1 << 20
        await near.wait_for("bufferedamountlow", timeout=30)
        assert near.buffered_amount <= 1 << 20
        far.close()


@pytest.mark.parametrize(
    ("label", "init", "error"),
    [
        ("x" * 65536, {}, TypeError),
        ("x", {"protocol": "ä" * 33000}, TypeError),
        ("x", {"negotiated": True}, TypeError),
        ("x", {"negotiated": True, "id": 65535}, TypeError),
        ("x", {"id": 65536}, TypeError),
        ("x", {"max_retransmits": 1, "max_packet_life_time": 1}, TypeError),
        ("x", {"max_retransmits": -1}, TypeError),
        (7, {}, TypeError),
    ],
)
async def test_a_channel_that_cannot_be_is_refused(label, init, error):
    async with RTCPeerConnection() as one:
        with pytest.raises(error):
            one.create_data_channel(label, init)
        assert one.create_data_channel("y", id=3).id is None  # an id counts only where it was agreed on


async def test_what_a_peer_sends_wrongly_disturbs_nobody():
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        received = []
        far.onmessage = lambda event: received.append(event.data)
        bundle = one._bundle
        for junk in (b"", b"x", bytes(12), bytes(16), bytes(40), b"\xff" * 1000):
            bundle.link.send_data(junk or b"\0")
        association = bundle.association
        sctp = association_module.sctp
        for number, kind, data in (
            (near.id, sctp.WEBRTC_DCEP, b""),
            (near.id, sctp.WEBRTC_DCEP, b"\x03" + bytes(11)),
            (9, sctp.WEBRTC_DCEP, b"\x03short"),
            (11, sctp.WEBRTC_DCEP, b"\x02"),
            (13, sctp.WEBRTC_STRING, b"to nobody"),
            (near.id, 99, b"of no kind"),
            (near.id, sctp.WEBRTC_STRING, b"\xff\xfe"),
        ):
            association_module._to_its_end(association._send(number, kind, data or b"\0"))
        near.send("still here")
        await pairs.until(lambda: received[-1:] == ["still here"])
        assert received == ["\ufffd\ufffd", "still here"]


async def test_messages_without_an_end_end_the_association(monkeypatch):
    monkeypatch.setattr(association_module, "_MOST_UNFINISHED", 900_000)
    async with pairs.pair() as (one, other):
        near, far = await channels(one, other)
        errors = []
        far.onerror = lambda event: errors.append(event.error.error_detail)
        association = one._bundle.association
        send_chunk = association._send_chunk

        async def without_last(chunk):
            if isinstance(chunk, association_module.sctp.DataChunk):
                chunk.flags &= ~association_module.sctp.SCTP_DATA_LAST_FRAG
            await send_chunk(chunk)

        association._send_chunk = without_last
        near.send(bytes(262_000))
        await pairs.until(lambda: far.ready_state == "closed")
        assert other.sctp.state == "closed"
