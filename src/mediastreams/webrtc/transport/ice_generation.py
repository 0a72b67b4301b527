"""One generation of ICE: a pair of ufrags, the candidates under it, the checks, and the pair that was nominated.

Not for: what a program sees of it, and the change of generations (``ice_transport.py``).

Rules of the file: gathering and checks are `aioice`'s; here is what it lacks. Candidates are told of as they are found,
from any number of servers. Packets are handed on as they come, without a queue. A peer that stays silent is told of
before it is given up. Sending never waits: what the socket does not take is lost, as on the network.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aioice.candidate
import aioice.ice
import aioice.stun
import ifaddr

from mediastreams.webrtc.transport.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mediastreams._rules.ice_server_urls import IceServerUrl

__all__ = ["LOOPBACK_VARIABLE", "IceGeneration", "Server", "Timing", "host_addresses"]

LOOPBACK_VARIABLE: Final = "MEDIASTREAMS_ICE_LOOPBACK"
"""Set to 1 it makes connections offer 127.0.0.1 and ::1, too. They do when this machine has no other address."""

_logger = logging.getLogger(__name__)

_MOST_WAITING_BYTES: Final = 1 << 20  # in the socket's queue in this process; more is lost
_SOCKET_BYTES: Final = 1 << 20  # what may come while the loop does something else
_MOST_REMOTE_CANDIDATES: Final = 200
_STUN_SECONDS: Final = 5.0
_MOST_QUESTIONS: Final = 50


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``patience``: for a first pair that works (RFC 8863). The others are RFC 7675's consent."""

    patience: float = 30.0
    consent_interval: float = 2.0
    disconnected_after: float = 5.0
    failed_after: float = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """An ICE server."""

    url: str
    address: IceServerUrl
    username: str | None
    credential: str | None


def host_addresses() -> list[str]:
    """The addresses of this machine that a peer may reach."""
    usual: list[str] = []
    loopback: list[str] = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if isinstance(ip.ip, str):
                (loopback if ip.ip.startswith("127.") else usual).append(ip.ip)
            elif ip.ip[2] == 0:  # no scope: not the link's own
                (loopback if ip.ip[0] == "::1" else usual).append(ip.ip[0])
    return usual + loopback if not usual or os.environ.get(LOOPBACK_VARIABLE) == "1" else usual


class IceGeneration(aioice.ice.Connection):
    """One generation; on its loop.

    ``on_data`` gets each packet that is not STUN's; ``on_silence`` how long the peer has not answered, after each
    question; ``on_candidate`` each local candidate with the URL it was got from; ``on_error`` a server that did not
    give one: its URL, an error code of STUN, a text.
    """

    def __init__(
        self,
        *,
        controlling: bool,
        username: str,
        password: str,
        relay_only: bool,
        timing: Timing,
        on_data: Callable[[bytes], object],
        on_silence: Callable[[IceGeneration, float], object],
        on_candidate: Callable[[IceGeneration, aioice.Candidate, Server | None], object],
        on_error: Callable[[IceGeneration, str, int, str], object],
    ) -> None:
        super().__init__(
            ice_controlling=controlling,
            local_username=username,
            local_password=password,
            transport_policy=aioice.TransportPolicy.RELAY if relay_only else aioice.TransportPolicy.ALL,
        )
        self._relay_only = relay_only
        self._timing = timing
        self._on_data = on_data
        self._on_silence = on_silence
        self._on_candidate = on_candidate
        self._on_error = on_error
        self._hosts_gathered = asyncio.Event()
        self._heard_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._relays: dict[aioice.ice.StunProtocol, Relay] = {}
        self._given_remote = 0
        self.lost_packets = 0
        self.round_trip: float | None = None  # seconds, of the latest question

    # --- gathering ------------------------------------------------------------------------------------------------

    async def gather(self, servers: list[Server]) -> None:
        """Gather candidates: this machine's first, then those of the servers, all at once."""
        self._local_candidates_start = True
        if not self._relay_only:
            for address in host_addresses():
                await self._open(address)
        self._local_candidates_end = True  # checks may begin; what comes later joins in
        self._hosts_gathered.set()
        # IPv4 only: who has IPv6 needs no reflection, as a rule.
        hosts = [one for one in self._protocols if ":" not in one.local_candidate.host]
        jobs = [self._ask_relay(server) for server in servers if server.address.is_turn]
        if not self._relay_only:
            jobs += [
                self._ask_reflexive(server, protocol)
                for server in servers
                if not server.address.is_turn
                for protocol in hosts
            ]
        if jobs:
            await asyncio.gather(*jobs)

    async def _open(self, address: str) -> None:
        """Open a socket on an address of this machine: a candidate. One by one, so that none is lost on the way."""
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: aioice.ice.StunProtocol(self), local_addr=(address, 0)
            )
        except OSError as error:  # an address that is being set up, or was just taken away
            _logger.debug("no socket on %s: %s", address, error)
            return
        if self._closing:
            transport.close()
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES)
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = candidate = aioice.Candidate(
            foundation=aioice.candidate.candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=aioice.candidate.candidate_priority(1, "host", 65535 - len(self._protocols)),
            host=host,
            port=port,
            type="host",
        )
        self._protocols.append(protocol)
        self._found(candidate, None)

    def _found(self, candidate: aioice.Candidate, server: Server | None) -> None:
        if not self._closing:
            self._local_candidates.append(candidate)
            self._on_candidate(self, candidate, server)

    async def _ask_reflexive(self, server: Server, protocol: aioice.ice.StunProtocol) -> None:
        try:
            async with asyncio.timeout(_STUN_SECONDS):
                address = (server.address.host, server.address.port)
                candidate, _ = await aioice.ice.server_reflexive_candidate(protocol, address)
        except (OSError, TimeoutError, aioice.stun.TransactionError, ValueError, KeyError) as error:
            self._on_error(self, server.url, 701, f"no answer from the STUN server: {error!r}")
            return
        known = {(one.host, one.port) for one in self._local_candidates}
        if (candidate.host, candidate.port) not in known:
            self._found(candidate, server)

    async def _ask_relay(self, server: Server) -> None:
        address = server.address
        try:
            async with asyncio.timeout(_STUN_SECONDS):
                candidate, protocol = await aioice.ice.relayed_candidate(
                    component=1,
                    hide_related_address=self._relay_only,
                    protocol_factory=lambda: aioice.ice.StunProtocol(self),
                    turn_server=(address.host, address.port),
                    turn_username=server.username,
                    turn_password=server.credential,
                    turn_ssl=address.scheme == "turns",
                    turn_transport=address.transport,
                )
        except aioice.stun.TransactionFailed as error:
            code, text = error.response.attributes.get("ERROR-CODE", (701, "refused"))
            self._on_error(self, server.url, int(code), str(text))
            return
        except (OSError, TimeoutError, aioice.stun.TransactionError, ValueError, KeyError) as error:
            self._on_error(self, server.url, 701, f"no answer from the TURN server: {error!r}")
            return
        self._relays[protocol] = Relay(protocol)
        self._protocols.append(protocol)
        self._found(candidate, server)
        for remote in self._remote_candidates:
            self._pair_remote_candidate(remote)
        self.sort_check_list()

    # --- the peer's candidates ------------------------------------------------------------------------------------

    def add_remote(self, candidate: aioice.Candidate | None) -> None:
        """Take a candidate of the peer, ``None``: that was all. More than a peer can have are ignored."""
        if self._remote_candidates_end or self._closing:
            return
        self._given_remote += candidate is not None
        if self._given_remote > _MOST_REMOTE_CANDIDATES and candidate is not None:
            return
        self._keep(self._add(candidate))

    async def _add(self, candidate: aioice.Candidate | None) -> None:
        # Names need multicast, which may be missing; a candidate after the end is too late.
        with contextlib.suppress(OSError, ValueError):
            await self.add_remote_candidate(candidate)

    def _remote_candidates_expected(self) -> bool:
        return not self._closing  # not even the end of candidates ends the checks: `establish` has a limit

    def _prune_components(self) -> None:
        """Keep the one component there is: a peer without candidates may still be heard from."""

    def _check_list_maybe_fail(self) -> None:
        """Never by itself: checks from a peer may come at any time (RFC 8863); `establish` has a limit."""

    # --- connecting -----------------------------------------------------------------------------------------------

    async def establish(self, username: str, password: str, *, lite: bool) -> None:
        """Check pairs until one is nominated.

        Raises:
            ConnectionError: none works, or it was closed.
        """
        self.remote_username, self.remote_password, self.remote_is_lite = username, password, lite
        await self._hosts_gathered.wait()
        try:
            async with asyncio.timeout(self._timing.patience):
                await self.connect()
        except TimeoutError:
            raise ConnectionError("no pair of candidates works") from None

    async def query_consent(self) -> None:
        """Ask the peer again and again, and tell how long it has been silent (RFC 7675)."""
        assert self.remote_password is not None
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while True:
            await asyncio.sleep(self._timing.consent_interval * random.uniform(0.8, 1.2))
            pair = self._nominated.get(1)
            if pair is not None and not _is_closing(pair.protocol.transport) and len(self._tasks) < _MOST_QUESTIONS:
                self._keep(self._ask(pair, self.remote_password))
            self._on_silence(self, loop.time() - self._heard_at)

    async def _ask(self, pair: aioice.ice.CandidatePair, password: str) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        with contextlib.suppress(aioice.stun.TransactionError, OSError):
            await pair.protocol.request(
                self.build_request(pair, nominate=False),
                pair.remote_addr,
                integrity_key=password.encode(),
                retransmissions=1,
            )
            self._heard_at = loop.time()
            self.round_trip = self._heard_at - asked_at
            self._on_silence(self, 0.0)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def pair(self) -> aioice.ice.CandidatePair | None:
        """The pair that carries data."""
        return self._nominated.get(1)

    # --- packets --------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes, component: int) -> None:  # noqa: ARG002 - aioice's
        """Hand a packet on."""
        if not self._closing:
            self._on_data(data)

    def protocol_lost(self, protocol: aioice.ice.StunProtocol) -> None:
        """Wait for nobody: nobody waits for packets."""

    def send_now(self, data: bytes) -> bool:
        """Send a packet by the nominated pair; whether there is one."""
        pair = self._nominated.get(1)
        if pair is None or _is_closing(pair.protocol.transport):
            return False
        relay = self._relays.get(pair.protocol)
        if relay is not None:
            self.lost_packets += not relay.send(data, pair.remote_addr)
            return True
        transport = pair.protocol.transport
        if transport.get_write_buffer_size() > _MOST_WAITING_BYTES:  # type: ignore[attr-defined]  # typeshed's lacks it
            self.lost_packets += 1
            return True
        transport.sendto(data, pair.remote_addr)
        return True

    # --- the end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close sockets and stop checks. Idempotent."""
        for task in list(self._tasks):
            task.cancel()
        for protocol in self._protocols:  # at once, whatever becomes of this coroutine
            protocol.transport.close()
        relays, self._relays = self._relays, {}
        self._protocols = [protocol for protocol in self._protocols if protocol not in relays]
        await super().close()
        await asyncio.gather(*(relay.close() for relay in relays.values()))


def _is_closing(transport: Any) -> bool:
    asked = getattr(transport, "is_closing", None)  # a relay's has none
    return bool(asked is not None and asked())
