"""A TURN server between two connections that may use no other way: coturn, on the loopback."""

import asyncio
import time

import pytest
from tests.virtual.network_servers import start_turn
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import RTCIceTransport
from mediastreams.webrtc.transport.ice_generation import Timing

__all__ = []

pytestmark = pytest.mark.may_block(reason="encoders and decoders of a busy machine")


@pytest.fixture
def turn(tmp_path):
    with start_turn(tmp_path / "turn") as (address, process):
        yield address, process, tmp_path / "turn" / "log"


def relayed(address, *, transport="udp", credential="secret"):
    url = f"turn:{address}?transport={transport}"
    server = {"urls": url, "username": "user", "credential": credential}
    return {"ice_servers": [server], "ice_transport_policy": "relay"}


async def watched(stream, one, other):
    """Send a camera and data from one to the other: the far end's track, the channel, what came over it."""
    tracks, said = [], []
    other.ontrack = lambda event: tracks.append(event.track)
    other.ondatachannel = lambda event: setattr(event.channel, "onmessage", lambda message: said.append(message.data))
    one.add_track(stream.video, stream)
    channel = one.create_data_channel("words")
    await pairs.connect(one, other)
    if channel.ready_state != "open":
        await channel.wait_for("open", timeout=10)
    return tracks[0], channel, said


async def counted(track, count):
    numbers = []
    with track.frames() as frames:
        async for frame in frames:
            numbers.append(await asyncio.to_thread(lambda frame=frame: read_counter(frame.to_ndarray("rgb24"))))
            if len(numbers) == count:
                break
    return numbers


@pytest.fixture
async def stream():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}) as opened:
        yield opened


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_media_and_data_go_over_a_relay(turn, stream, transport):
    address, _, log = turn
    async with pairs.pair(**relayed(address, transport=transport)) as (one, other):
        found = []
        one.add_event_listener("icecandidate", lambda event: found.append(event.candidate))
        track, channel, said = await watched(stream, one, other)
        async with asyncio.timeout(20):
            numbers = await counted(track, 30)
        assert numbers == sorted(set(numbers))
        tasks = []
        relay = next(iter(one._bundle.ice._active._relays.values()))
        plain, relay._transport.sendto = relay._transport.sendto, lambda *packet: tasks.append(packet) or plain(*packet)
        channel.send("over there")
        await pairs.until(lambda: said == ["over there"])
        await counted(track, 30)
        assert len([data for data, _ in tasks if data[0] > 3]) <= 1  # packets need no task each; ICE's questions do
        for connection in (one, other):
            pair = connection.sctp.transport.ice_transport.get_selected_candidate_pair()
            assert (pair.local.type, pair.remote.type) == ("relay", "relay")
        candidates = [one for one in found if one is not None and one.candidate]
        assert {one.type for one in candidates} == {"relay"}
        assert {one.relay_protocol for one in candidates} == {transport}
        assert {one.related_address for one in candidates} == {"0.0.0.0"}  # it says nothing of this machine
    await pairs.until(lambda: log.read_bytes().count(b"delete: realm") >= 2)  # the server is not left with them


async def test_wrong_credentials_are_told_and_nothing_hangs(turn):
    address, *_ = turn
    async with pairs.pair(**relayed(address, credential="wrong")) as (one, _):
        errors, found = [], []
        one.add_event_listener("icecandidateerror", errors.append)
        one.add_event_listener("icecandidate", lambda event: found.append(event.candidate))
        one.create_data_channel("words")
        await one.set_local_description()
        await pairs.until(lambda: one.ice_gathering_state == "complete", seconds=8)
        (error,) = errors
        assert error.error_code == 401
        assert error.url == relayed(address)["ice_servers"][0]["urls"]
        assert [one for one in found if one is not None and one.candidate] == []


async def test_a_relay_that_dies_is_noticed_and_closing_does_not_wait_for_it(turn, stream, monkeypatch):
    monkeypatch.setattr(RTCIceTransport, "_timing", Timing(10, 0.25, 1.0, 20.0))
    address, process, _ = turn
    async with pairs.pair(**relayed(address)) as (one, other):
        await watched(stream, one, other)
        process.kill()
        process.wait()
        async with asyncio.timeout(20):
            while one.connection_state != "disconnected":
                await one.wait_for("connectionstatechange")
        began = time.monotonic()
    assert time.monotonic() - began < 3
