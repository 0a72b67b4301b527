"""A bad network between two connections: a UDP relay that loses, delays, repeats, reorders, and goes dead.

Where the kernel has ``sch_netem`` a network namespace would do the same; not every kernel has it, and this is the same
everywhere. It knows nothing of what it carries but whether it looks like RTP, whose payload type stands in the open.
"""

import asyncio
import contextlib
import random
import re

__all__ = ["BadLink", "connect_over", "negotiate_over"]

_ADDRESS = re.compile(r"^(candidate:\S+ \d+ udp \d+) (\S+) (\d+) (typ host.*)$", re.IGNORECASE)


class BadLink:
    """Every change of an attribute holds from the next datagram on.

    ``delay``, ``jitter``: seconds; ``loss``, ``twice``: chances from 0 to 1, each way; ``extra``: further seconds by
    RTP payload type; ``ordered``: jitter does not reorder; ``cut``: nothing gets through. ``carried``, ``lost`` count.
    """

    def __init__(self, *, seed=1):
        self.delay = self.jitter = self.loss = self.twice = 0.0
        self.extra = {}
        self.ordered = False
        self.cut = False
        self.carried = self.lost = 0
        self.described = asyncio.Event()  # both sides know of each other: candidates may be told
        self._chance = random.Random(seed)
        self._transports = []
        self._latest = {}

    async def through(self, candidate):
        """The same candidate, at an address of the link's; ``None`` for one that the link does not carry."""
        found = _ADDRESS.match(candidate)
        if found is None or ":" in found[2]:
            return None
        entrance = _Entrance(self, (found[2], int(found[3])))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: entrance, local_addr=(found[2], 0)
        )
        self._transports.append(transport)
        return f"{found[1]} {found[2]} {transport.get_extra_info('sockname')[1]} {found[4]}"

    def carry(self, data, send, way):
        """Do to a datagram what the link does."""
        if self.cut or self._chance.random() < self.loss:
            self.lost += 1
            return
        rtp = len(data) > 12 and 0x80 <= data[0] <= 0xBF and not 192 <= data[1] <= 223
        kind = data[1] & 0x7F if rtp else None
        delay = self.delay + self._chance.random() * self.jitter + self.extra.get(kind, 0.0)
        loop = asyncio.get_running_loop()
        for _ in range(1 + (self._chance.random() < self.twice)):
            due = loop.time() + delay
            if self.ordered:
                due = self._latest[way, kind] = max(due, self._latest.get((way, kind), 0.0))
            self.carried += 1
            loop.call_at(due, send, data)

    def close(self):
        for transport in self._transports:
            transport.close()


class _Entrance(asyncio.DatagramProtocol):
    """Where one side sends to; what it sends comes out of a socket of its own, as behind a router."""

    def __init__(self, link, target):
        self._link, self._target = link, target
        self._exits = {}
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, source):
        way_out = self._exits.get(source)
        if way_out is None:
            way_out = self._exits[source] = _Exit(self, source)
            opening = asyncio.ensure_future(way_out.open())
            way_out.opening = opening
        self._link.carry(data, way_out.send, (source, self._target))

    def connection_lost(self, error):
        for way_out in self._exits.values():
            way_out.close()


class _Exit(asyncio.DatagramProtocol):
    def __init__(self, entrance, source):
        self._entrance, self._source = entrance, source
        self._transport = None
        self.opening = None

    async def open(self):
        entrance = self._entrance
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(entrance._target[0], 0), remote_addr=entrance._target
        )
        self._transport = transport
        entrance._link._transports.append(transport)

    def send(self, data):
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)

    def datagram_received(self, data, source):
        entrance = self._entrance
        entrance._link.carry(data, self._back, (entrance._target, self._source))

    def _back(self, data):
        if not self._entrance._transport.is_closing():
            self._entrance._transport.sendto(data, self._source)

    def error_received(self, error):
        """The other end has closed its socket: it will not hear this."""

    def close(self):
        if self._transport is not None:
            self._transport.close()


def _without_candidates(description):
    lines = [line for line in description.sdp.splitlines() if not line.startswith(("a=candidate", "a=end-of"))]
    return {"type": str(description.type), "sdp": "\r\n".join(lines) + "\r\n"}


async def connect_over(link, one, other):
    """Let two connections find each other over the link and no other way."""

    def tell(source, target):
        @source.on("icecandidate")
        async def send(event):
            if event.candidate is None:
                return
            found = event.candidate.to_json()
            changed = await link.through(found["candidate"])
            await link.described.wait()
            if changed is not None:
                with contextlib.suppress(RuntimeError):  # closed meanwhile
                    await target.add_ice_candidate({**found, "candidate": changed})

    tell(one, other)
    tell(other, one)
    await negotiate_over(link, one, other)


async def negotiate_over(link, one, other):
    """A round of offer and answer between two that were connected over the link; until both are connected."""
    link.described.clear()
    await one.set_local_description()
    await other.set_remote_description(_without_candidates(one.local_description))
    await other.set_local_description()
    await one.set_remote_description(_without_candidates(other.local_description))
    link.described.set()
    async with asyncio.timeout(30):
        for connection in (one, other):
            while connection.connection_state != "connected":
                await connection.wait_for("connectionstatechange")
