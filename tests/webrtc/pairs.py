"""Two connections that talk to each other, in one process."""

import asyncio
import contextlib

import aiortc  # noqa: F401 - loaded here, so that its half second is not taken for a blocked loop

from mediastreams.webrtc import RTCPeerConnection

__all__ = ["connect", "exchange", "pair", "trickle", "until"]


def trickle(one, other):
    """Send candidates of ``one`` to ``other`` as they are found."""

    @one.on("icecandidate")
    async def send(event):
        candidate = event.candidate
        with contextlib.suppress(RuntimeError):  # closed meanwhile, or taken back
            await other.add_ice_candidate(None if candidate is None else candidate.to_json())


@contextlib.asynccontextmanager
async def pair(**configuration):
    """Two connections that exchange their candidates; closed at the end."""
    async with RTCPeerConnection(**configuration) as one, RTCPeerConnection(**configuration) as other:
        trickle(one, other)
        trickle(other, one)
        yield one, other


async def exchange(one, other):
    """One round of offer and answer."""
    await one.set_local_description()
    await other.set_remote_description(one.local_description.to_json())
    await other.set_local_description()
    await one.set_remote_description(other.local_description.to_json())


async def connect(one, other):
    """Exchange, and wait until both are connected."""
    await exchange(one, other)
    async with asyncio.timeout(20):
        for connection in (one, other):
            while connection.connection_state != "connected":
                await connection.wait_for("connectionstatechange")


async def until(what, *, seconds=20):
    """Wait until ``what()`` holds; for what fires no event on the object at hand."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)
