"""What the states of transports make of a connection's states.

https://w3c.github.io/webrtc-pc/#rtcpeerconnectionstate-enum · #rtciceconnectionstate-enum · #rtcicegatheringstate-enum
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["connection_state", "gathering_state", "ice_connection_state"]


def ice_connection_state(ice: Collection[str]) -> str:
    """Of the states of all ICE transports. The first that fits."""
    states = set(ice)
    if "failed" in states:
        return "failed"
    if "disconnected" in states:
        return "disconnected"
    if states <= {"new", "closed"}:
        return "new"
    if states & {"new", "checking"}:
        return "checking"
    if states <= {"completed", "closed"}:
        return "completed"
    return "connected"


def connection_state(ice: Collection[str], dtls: Collection[str]) -> str:
    """Of the states of all ICE and DTLS transports. The first that fits."""
    ice_states, dtls_states = set(ice), set(dtls)
    if "failed" in ice_states | dtls_states:
        return "failed"
    if "disconnected" in ice_states:
        return "disconnected"
    if ice_states | dtls_states <= {"new", "closed"}:
        return "new"
    if ice_states & {"new", "checking"} or dtls_states & {"new", "connecting"}:
        return "connecting"
    return "connected"


def gathering_state(gatherers: Collection[str]) -> str:
    """Of the gathering states of all ICE transports."""
    states = set(gatherers)
    if "gathering" in states:
        return "gathering"
    if states and states <= {"complete"}:
        return "complete"
    return "new"
