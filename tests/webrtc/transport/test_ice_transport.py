"""The way to the peer: silence and return, failure, restarts, candidates, addresses."""

import asyncio
import contextlib
import socket

import ifaddr
import pytest
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import RTCIceCandidate, RTCIceTransport, RTCPeerConnection
from mediastreams.webrtc.transport import ice_generation
from mediastreams.webrtc.transport.ice_generation import Timing, host_addresses

pytestmark = pytest.mark.may_block(reason="the first connection of a process loads what it needs")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(RTCIceTransport, "_timing", Timing(1.5, 0.05, 0.3, 1.0))


def sockets_of(connection):
    return [protocol.transport for protocol in connection._bundle.ice._active._protocols]


@contextlib.contextmanager
def deaf(connection):
    """Let a connection hear nothing, as if its cable were out."""
    loop = asyncio.get_running_loop()
    transports = sockets_of(connection)
    for transport in transports:
        loop._remove_reader(transport.get_extra_info("socket").fileno())
    yield
    for transport in transports:
        if not transport.is_closing():
            loop._add_reader(transport.get_extra_info("socket").fileno(), transport._read_ready)


async def data_pair(one, other):
    """Connect with a channel; what ``other`` gets goes into the list."""
    channel = one.create_data_channel("x")
    received = []
    other.ondatachannel = lambda event: setattr(
        event.channel, "onmessage", lambda message: received.append(message.data)
    )
    await pairs.connect(one, other)
    if channel.ready_state != "open":
        await channel.wait_for("open", timeout=10)
    return channel, received


async def test_a_silent_peer_is_told_of_and_may_return(impatient):
    async with pairs.pair() as (one, other):
        states = []
        one.onconnectionstatechange = lambda _: states.append(one.connection_state)
        channel, received = await data_pair(one, other)
        with deaf(other):
            async with asyncio.timeout(5):
                while one.connection_state != "disconnected":
                    await one.wait_for("connectionstatechange")
            assert one.ice_connection_state == "disconnected"
            channel.send("are you there?")
        async with asyncio.timeout(5):
            while one.connection_state != "connected":
                await one.wait_for("connectionstatechange")
        await pairs.until(lambda: received == ["are you there?"])
        assert states[-3:] == ["connected", "disconnected", "connected"]


async def test_a_peer_that_stays_silent_fails_and_a_restart_revives_it(impatient):
    async with pairs.pair() as (one, other):
        channel, received = await data_pair(one, other)
        old = one.sctp.transport.ice_transport.get_local_parameters()
        with deaf(other):
            async with asyncio.timeout(10):
                while one.connection_state != "failed":
                    await one.wait_for("connectionstatechange")
            await pairs.until(lambda: other.connection_state == "failed")
            one.restart_ice()
            await one.wait_for("negotiationneeded", timeout=2)
            await pairs.connect(one, other)
        assert one.sctp.transport.ice_transport.get_local_parameters() != old
        channel.send("again")
        await pairs.until(lambda: received[-1:] == ["again"])
        assert channel.ready_state == "open"


async def test_data_go_on_while_ice_is_restarted():
    async with pairs.pair() as (one, other):
        channel, received = await data_pair(one, other)
        ice = one.sctp.transport.ice_transport
        before = ice.get_selected_candidate_pair()
        states = []
        one.oniceconnectionstatechange = lambda _: states.append(one.ice_connection_state)
        sent = 0

        async def send_on():
            nonlocal sent
            while True:
                channel.send(str(sent))
                sent += 1
                await asyncio.sleep(0.005)

        sending = asyncio.ensure_future(send_on())
        changed = asyncio.ensure_future(ice.wait_for("selectedcandidatepairchange", timeout=10))
        await one.set_local_description(await one.create_offer(ice_restart=True))
        await other.set_remote_description(one.local_description)
        await other.set_local_description()
        await one.set_remote_description(other.local_description)
        await changed
        await pairs.until(lambda: len(received) > sent // 2)
        sending.cancel()
        await pairs.until(lambda: len(received) == sent)
        assert received == [str(number) for number in range(sent)]
        after = ice.get_selected_candidate_pair()
        assert after.local.candidate != before.local.candidate
        assert after.local.username_fragment in one.local_description.sdp
        assert states == []  # connected all the while
        assert one.connection_state == other.connection_state == "connected"


async def test_a_restart_that_is_taken_back_changes_nothing():
    async with pairs.pair() as (one, other):
        channel, received = await data_pair(one, other)
        parameters = one.sctp.transport.ice_transport.get_local_parameters()
        await one.set_local_description(await one.create_offer(ice_restart=True))
        assert one.sctp.transport.ice_transport.get_local_parameters() != parameters
        await one.set_local_description(type="rollback")
        assert one.sctp.transport.ice_transport.get_local_parameters() == parameters
        channel.send("still here")
        await pairs.until(lambda: received == ["still here"])


async def test_no_way_at_all_fails_in_the_end(impatient):
    async with RTCPeerConnection() as one, RTCPeerConnection() as other:
        one.create_data_channel("x")
        await pairs.exchange(one, other)  # no candidates are exchanged, and ours are not in the description yet
        async with asyncio.timeout(10):
            while one.connection_state != "failed":
                await one.wait_for("connectionstatechange")
        assert one.ice_connection_state == "failed"


async def test_candidates_are_events_and_lines_of_the_description():
    async with RTCPeerConnection() as one:
        one.create_data_channel("x")
        found, states = [], []
        one.onicecandidate = lambda event: found.append(event.candidate)
        one.onicegatheringstatechange = lambda _: states.append(one.ice_gathering_state)
        offer = await one.create_offer()
        assert "a=candidate" not in offer.sdp
        await one.set_local_description(offer)
        await pairs.until(lambda: one.ice_gathering_state == "complete")
        assert states == ["gathering", "complete"]
        *real, end, nothing = found
        assert real
        assert nothing is None
        assert end.candidate == ""
        for candidate in real:
            assert candidate.type == "host"
            assert candidate.protocol == "udp"
            assert candidate.component == "rtp"
            assert (candidate.sdp_mid, candidate.sdp_m_line_index) == ("0", 0)
            assert f" {candidate.address} {candidate.port} typ host" in one.local_description.sdp
            assert RTCIceCandidate(candidate.to_json()).to_json() == candidate.to_json()
        assert "a=end-of-candidates" in one.local_description.sdp
        assert one.local_description.sdp.count("a=candidate") == len(real)


async def test_candidates_inside_the_description_are_enough():
    async with RTCPeerConnection() as one, RTCPeerConnection() as other:
        one.create_data_channel("x")
        await one.set_local_description()
        await pairs.until(lambda: one.ice_gathering_state == "complete")
        await other.set_remote_description(one.local_description)
        await other.set_local_description()
        await pairs.until(lambda: other.ice_gathering_state == "complete")
        await one.set_remote_description(other.local_description)
        await pairs.until(lambda: one.connection_state == "connected")


async def test_a_candidate_that_fits_nothing_is_refused():
    async with RTCPeerConnection() as one, RTCPeerConnection() as other:
        one.add_transceiver("audio")
        await one.set_local_description()
        with pytest.raises(TypeError):
            await other.add_ice_candidate({"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host"})
        await other.set_remote_description(one.local_description)
        line = "candidate:1 1 udp 1 192.0.2.1 9 typ host"
        for wrong in (
            {"candidate": line, "sdp_mid": "none"},
            {"candidate": line, "sdp_m_line_index": 7},
            {"candidate": line, "sdp_mid": "0", "username_fragment": "other"},
            {"candidate": line + " ufrag other", "sdp_mid": "0"},
            {"candidate": "nonsense", "sdp_mid": "0"},
            {"candidate": "candidate:1 1 udp 1 192.0.2.1 99999 typ host", "sdp_mid": "0"},
        ):
            with pytest.raises(ms.OperationError):
                await other.add_ice_candidate(wrong)
        assert "a=candidate" not in other.remote_description.sdp
        for right in (
            {"candidate": line, "sdpMid": "0"},
            {"candidate": "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "sdpMLineIndex": 0},
            {"candidate": "candidate:1 2 udp 1 192.0.2.1 9 typ host", "sdp_mid": "0"},
            {"candidate": "candidate:1 1 udp 1 a0b1.local 9 typ host", "sdp_mid": "0"},
            {"candidate": "", "sdp_mid": "0"},
            {},
            None,
        ):
            await other.add_ice_candidate(right)
        assert other.remote_description.sdp.count("a=candidate") == 4
        with pytest.raises(TypeError):
            RTCIceCandidate(candidate=line)
        candidate = RTCIceCandidate(candidate=line, sdp_mid="0")
        assert (candidate.foundation, candidate.priority, candidate.port) == ("1", 1, 9)


def adapters(*addresses):
    found = [ifaddr.IP(address, 24, "x") for address in addresses]
    return lambda: [ifaddr.Adapter("x", "x", found)]


def test_this_machine_itself_is_offered_only_where_nothing_else_is(monkeypatch):
    monkeypatch.delenv(ice_generation.LOOPBACK_VARIABLE, raising=False)
    own = ("::1", 0, 0)
    monkeypatch.setattr(ice_generation.ifaddr, "get_adapters", adapters("127.0.0.1", own))
    assert host_addresses() == ["127.0.0.1", "::1"]
    monkeypatch.setattr(
        ice_generation.ifaddr,
        "get_adapters",
        adapters("127.0.0.1", own, "192.0.2.7", ("fe80::1", 0, 3), ("fd00::7", 0, 0)),
    )
    assert host_addresses() == ["192.0.2.7", "fd00::7"]
    monkeypatch.setenv(ice_generation.LOOPBACK_VARIABLE, "1")
    assert host_addresses() == ["192.0.2.7", "fd00::7", "127.0.0.1", "::1"]


async def test_two_connections_meet_on_loopback_where_there_is_no_network(monkeypatch):
    monkeypatch.setattr(ice_generation.ifaddr, "get_adapters", adapters("127.0.0.1"))
    async with pairs.pair() as (one, other):
        channel, received = await data_pair(one, other)
        channel.send("hello")
        await pairs.until(lambda: received == ["hello"])
        pair = one.sctp.transport.ice_transport.get_selected_candidate_pair()
        assert pair.local.address == pair.remote.address == "127.0.0.1"


async def test_an_address_that_cannot_be_bound_is_left_out(monkeypatch):
    monkeypatch.setattr(ice_generation.ifaddr, "get_adapters", adapters("203.0.113.9", "127.0.0.1"))
    monkeypatch.setenv(ice_generation.LOOPBACK_VARIABLE, "1")
    async with pairs.pair() as (one, other):
        await data_pair(one, other)
        assert [candidate.address for candidate in one.sctp.transport.ice_transport.get_local_candidates()] == [
            "127.0.0.1"
        ]


# --- servers ---------------------------------------------------------------------------------------------------------


async def test_a_stun_server_gives_a_candidate_and_a_dead_one_is_told_of():
    import aioice.stun

    loop = asyncio.get_running_loop()

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            request = aioice.stun.parse_message(data)
            response = aioice.stun.Message(
                request.message_method, aioice.stun.Class.RESPONSE, transaction_id=request.transaction_id
            )
            response.attributes["XOR-MAPPED-ADDRESS"] = ("198.51.100.4", 4321)
            self.transport.sendto(bytes(response), address)

    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("0.0.0.0", 0))
    port = transport.get_extra_info("sockname")[1]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"turn:127.0.0.1:{taken.getsockname()[1]}?transport=tcp"
        servers = [{"urls": f"stun:127.0.0.1:{port}"}, {"urls": [dead], "username": "u", "credential": "c"}]
        async with RTCPeerConnection(ice_servers=servers) as one:
            found, errors = [], []
            one.onicecandidate = lambda event: found.append(event.candidate)
            one.onicecandidateerror = errors.append
            one.create_data_channel("x")
            await one.set_local_description()
            await pairs.until(lambda: one.ice_gathering_state == "complete")
        transport.close()
    (reflexive,) = [candidate for candidate in found if candidate and candidate.type == "srflx"]
    assert (reflexive.address, reflexive.port) == ("198.51.100.4", 4321)
    assert reflexive.url == servers[0]["urls"]
    (error,) = errors
    assert (error.url, error.error_code) == (dead, 701)


async def test_relay_only_offers_nothing_of_this_machine():
    async with RTCPeerConnection(ice_transport_policy="relay") as one:
        found = []
        one.onicecandidate = lambda event: found.append(event.candidate)
        one.create_data_channel("x")
        await one.set_local_description()
        await pairs.until(lambda: one.ice_gathering_state == "complete")
        assert [candidate for candidate in found if candidate and candidate.candidate] == []


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ({"ice_servers": [{"urls": []}]}, ms.SyntaxError),
        ({"ice_servers": [{"urls": "http://example.org"}]}, ms.SyntaxError),
        ({"ice_servers": [{"urls": "stun:host:99999"}]}, ms.SyntaxError),
        ({"ice_servers": [{"urls": "stun:host?transport=udp"}]}, ms.SyntaxError),
        (
            {"ice_servers": [{"urls": "turn:host?transport=smoke", "username": "a", "credential": "b"}]},
            ms.NotSupportedError,
        ),
        ({"ice_servers": [{"urls": "turn:host"}]}, ms.InvalidAccessError),
        ({"ice_servers": [{"urls": "turn:host", "username": "a" * 509, "credential": ""}]}, ms.InvalidAccessError),
        ({"ice_servers": [{}]}, TypeError),
        ({"ice_servers": "stun:host"}, TypeError),
        ({"bundle_policy": "none"}, TypeError),
        ({"rtcp_mux_policy": "negotiate"}, TypeError),
        ({"ice_candidate_pool_size": 256}, TypeError),
        ({"certificates": ["x"]}, TypeError),
    ],
)
def test_a_wrong_configuration_is_refused(configuration, error):
    with pytest.raises(error):
        RTCPeerConnection(configuration)


async def test_the_configuration_is_changed_as_far_as_it_can_be():
    async with RTCPeerConnection(ice_servers=[{"urls": "stun:one.example"}]) as one:
        configuration = one.get_configuration()
        assert configuration.bundle_policy == "balanced"
        configuration.ice_servers[0].urls = ["stun:two.example", "stun:[::1]:3479"]
        one.set_configuration(configuration)
        assert [server.address.host for server in one._configuration.servers] == ["two.example", "::1"]
        configuration["bundle_policy"] = "max-bundle"
        with pytest.raises(ms.InvalidModificationError):
            one.set_configuration(configuration)
        with pytest.raises(ms.InvalidModificationError):
            one.set_configuration(certificates=[await RTCPeerConnection.generate_certificate("ECDSA")])
        one.set_configuration(ice_candidate_pool_size=3)
        one.create_data_channel("x")
        await one.set_local_description()
        with pytest.raises(ms.InvalidModificationError):
            one.set_configuration()


async def test_a_name_that_hides_an_address_is_looked_up():
    """As browsers give theirs: by multicast DNS."""
    import uuid

    from aioice import mdns

    async with RTCPeerConnection() as one, RTCPeerConnection() as other:
        names = {}
        responder = await mdns.create_mdns_protocol()

        @one.on("icecandidate")
        async def send(event):
            candidate = event.candidate
            if candidate is None or not candidate.candidate or candidate.address.count(":"):
                return
            if candidate.address not in names:
                names[candidate.address] = f"{uuid.uuid4()}.local"
                await responder.publish(names[candidate.address], candidate.address)
            hidden = candidate.to_json()
            hidden["candidate"] = hidden["candidate"].replace(candidate.address, names[candidate.address])
            await other.add_ice_candidate(hidden)

        one.create_data_channel("x")
        await one.set_local_description()
        await other.set_remote_description({"type": "offer", "sdp": one.local_description.sdp})
        await other.set_local_description()
        await one.set_remote_description({"type": "answer", "sdp": other.local_description.sdp})
        await pairs.until(lambda: one.connection_state == other.connection_state == "connected")
        await responder.close()
