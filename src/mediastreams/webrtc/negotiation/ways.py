"""How each side is reached, as the descriptions say: credentials, the leading section, candidates that are known.

Not for: the transports.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mediastreams._rules.bundles import lead_of
from mediastreams.webrtc.enums import RTCSdpType

if TYPE_CHECKING:
    from mediastreams._rules.sdp_values import Section
    from mediastreams.webrtc.peer_connection import RTCPeerConnection

__all__ = ["credentials_for", "known_candidates", "remote_lead", "restore_remote"]


def credentials_for(connection: RTCPeerConnection, kind: RTCSdpType, *, restart: bool) -> tuple[str, str]:
    """The ufrag and password of a description that is being made: those in use, or new ones."""
    bundle = connection._bundle
    newest = None if bundle is None else bundle.ice._newest
    if newest is not None and bundle is not None:
        own = (newest.local_username, newest.local_password)
        if kind is RTCSdpType.OFFER:
            renewed = restart or own in connection._credentials_to_replace
            if connection._pending_local is not None and newest.remote_username is None:
                renewed = False  # offered already, and new enough
        else:
            theirs = remote_lead(connection)
            renewed = newest.remote_username is not None and (
                theirs is not None and theirs.ufrag != newest.remote_username
            )
        if not renewed:
            return own
    if connection._prepared is None:
        connection._prepared = (secrets.token_hex(4), secrets.token_hex(16))
    return connection._prepared


def known_candidates(connection: RTCPeerConnection, username: str) -> tuple[tuple[str, ...], bool]:
    """The candidates of a generation that were found, and whether that is all."""
    bundle = connection._bundle
    newest = None if bundle is None else bundle.ice._newest
    if newest is None or bundle is None or newest.local_username != username:
        return (), False
    found = tuple(one.to_sdp() for one in newest.local_candidates)
    return found, bundle.ice.gathering_state == "complete"


def remote_lead(connection: RTCPeerConnection) -> Section | None:
    """The peer's section that says how to reach it."""
    record = connection._pending_remote or connection._current_remote
    return None if record is None else lead_of(record.parsed)


def restore_remote(connection: RTCPeerConnection) -> None:
    """After a rollback: the peer is reached as it was."""
    record = connection._current_remote
    if record is not None and connection._bundle is not None:
        lead = lead_of(record.parsed)
        if lead is not None:
            connection._bundle.use_remote(lead, lite=record.parsed.ice_lite)
