"""What WHIP needs of a connection beyond the standard's calls: to wait for candidates, and for the media path.

Not for: HTTP.
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mediastreams.errors import NetworkError, TimeoutError

if TYPE_CHECKING:
    from mediastreams._webidl.event import Event
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["end", "new_peer", "until_connected", "until_gathered", "until_lost"]

_GATHERING_SECONDS: Final = 3.0  # then what there is must do: a STUN server that is silent holds nobody up

_INTERRUPTED_SECONDS: Final = 5.0  # a link that comes back by itself does so sooner
_LOST: Final = ("disconnected", "failed", "closed")


def new_peer(ice_servers: Sequence[Mapping[str, object]]) -> RTCPeerConnection:
    """A connection as WHIP wants it: everything in one bundle."""
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

    return RTCPeerConnection({"ice_servers": list(ice_servers), "bundle_policy": "max-bundle"})


async def end(peer: RTCPeerConnection) -> None:
    """Close a connection, and wait until its sockets are."""
    async with peer:
        pass


async def until_gathered(peer: RTCPeerConnection) -> None:
    """Wait until the local description has all candidates, or for as long as is reasonable."""
    try:
        await _until(
            peer, "icegatheringstatechange", lambda: peer.ice_gathering_state == "complete", _GATHERING_SECONDS
        )
    except TimeoutError:
        return


async def until_connected(peer: RTCPeerConnection, seconds: float, *, again: bool = False) -> None:
    """Wait until media can flow; ``again``: after an ICE restart, which begins where the connection has failed.

    Raises:
        NetworkError: there is no way to the other side.
        TimeoutError: none was found in time.
    """
    ends = ("connected", "closed") if again else ("connected", "failed", "closed")
    await _until(peer, "connectionstatechange", lambda: peer.connection_state in ends, seconds)
    if peer.connection_state != "connected":
        raise NetworkError("There is no network path for the media: all pairs of addresses failed (a TURN server?)")


async def until_lost(peer: RTCPeerConnection) -> None:
    """Wait until the connection has failed, was closed, or has been interrupted for too long."""
    while True:
        await _until(peer, "connectionstatechange", lambda: peer.connection_state in _LOST, None)
        if peer.connection_state != "disconnected":
            return
        try:
            await _until(
                peer, "connectionstatechange", lambda: peer.connection_state != "disconnected", _INTERRUPTED_SECONDS
            )
        except TimeoutError:
            return


async def _until(peer: RTCPeerConnection, event: str, holds: Callable[[], bool], seconds: float | None) -> None:
    if holds():
        return
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def look(_event: Event) -> None:
        if holds() and not future.done():
            future.set_result(None)

    peer.add_event_listener(event, look)
    try:
        async with asyncio.timeout(seconds):
            await future
    except builtins.TimeoutError:
        raise TimeoutError(f"No connection for media within {seconds:g} s") from None
    finally:
        peer.remove_event_listener(event, look)
