"""Figures of a connection, put together: *the stats selection algorithm*.

Not for: the figures of media, which their rooms keep.

https://w3c.github.io/webrtc-pc/#the-stats-selection-algorithm · https://w3c.github.io/webrtc-stats/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediastreams._engine.clock import get_clock, wall_time
from mediastreams.webrtc.stats_report import RTCStatsReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.transport.bundle import Bundle

__all__ = ["report_of"]

_MEDIA_TYPES = frozenset({"inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp", "codec"})


def report_of(connection: RTCPeerConnection, user: Any) -> RTCStatsReport:
    """All figures, or those of one sender or receiver and what they stand on."""
    now = wall_time(get_clock().now_us()).timestamp() * 1000
    found: dict[str, dict[str, Any]] = {}
    users = [user] if user is not None else _users(connection)
    for one in users:
        for stats in one.stats():
            _add(found, stats, now, "transport" if stats["type"] in _MEDIA_TYPES else "")
    if user is None:
        _add(found, _connection(connection), now, "")
        for stats in _channels(connection):
            _add(found, stats, now, "")
    if connection._bundle is not None:
        for stats in _transports(connection, connection._bundle):
            _add(found, stats, now, "")
    report: RTCStatsReport = RTCStatsReport._of(found.values())
    return report


def _users(connection: RTCPeerConnection) -> list[Any]:
    live = [one for one in connection._transceivers if not one._stopped]
    return [end for one in live for end in (one._sender._outlet, one._receiver._inlet)]


def _add(found: dict[str, dict[str, Any]], stats: Mapping[str, Any], now: float, transport: str) -> None:
    one = {name: value for name, value in stats.items() if value is not None}
    one.setdefault("timestamp", now)
    one.setdefault("id", f"{one['type']}-{len(found)}")
    if transport:
        one.setdefault("transport_id", transport)
    found[str(one["id"])] = one


def _connection(connection: RTCPeerConnection) -> dict[str, Any]:
    opened = connection._data.opened
    return {
        "type": "peer-connection",
        "id": "peer-connection",
        "data_channels_opened": opened,
        "data_channels_closed": opened - len(connection._data.live),
    }


def _channels(connection: RTCPeerConnection) -> Iterator[dict[str, Any]]:
    for number, channel in enumerate(connection._data.live):
        yield {
            "type": "data-channel",
            "id": f"data-channel-{number}",
            "label": channel.label,
            "protocol": channel.protocol,
            "data_channel_identifier": channel.id,
            "state": channel.ready_state.value,
            **channel._counts,
        }


def _transports(connection: RTCPeerConnection, bundle: Bundle) -> Iterator[dict[str, Any]]:
    link, ice = bundle.link, bundle.ice
    session = link.session
    pair = ice.get_selected_candidate_pair()
    yield {
        "type": "transport",
        "id": "transport",
        "packets_sent": link.packets_sent,
        "packets_received": link.packets_received,
        "bytes_sent": link.bytes_sent,
        "bytes_received": link.bytes_received,
        "ice_role": ice.role.value,
        "ice_state": ice.state.value,
        "dtls_state": bundle.dtls.state.value,
        "dtls_role": link.role or "unknown",
        "dtls_cipher": None if session is None or not session.connected else session.cipher(),
        "tls_version": None if session is None or not session.connected else session.version(),
        "selected_candidate_pair_id": None if pair is None else "candidate-pair",
        "local_certificate_id": "certificate-local",
    }
    fingerprint = connection._certificate.get_fingerprints()[0]
    yield {
        "type": "certificate",
        "id": "certificate-local",
        "fingerprint": fingerprint.value,
        "fingerprint_algorithm": fingerprint.algorithm,
    }
    if pair is not None:
        for side, candidate in (("local", pair.local), ("remote", pair.remote)):
            yield {
                "type": f"{side}-candidate",
                "id": f"{side}-candidate",
                "transport_id": "transport",
                "address": candidate.address,
                "port": candidate.port,
                "protocol": None if candidate.protocol is None else candidate.protocol.value,
                "candidate_type": None if candidate.type is None else candidate.type.value,
                "priority": candidate.priority,
                "foundation": candidate.foundation,
                "username_fragment": candidate.username_fragment,
                "url": candidate.url,
            }
        yield {
            "type": "candidate-pair",
            "id": "candidate-pair",
            "transport_id": "transport",
            "local_candidate_id": "local-candidate",
            "remote_candidate_id": "remote-candidate",
            "state": "succeeded",
            "nominated": True,
            "packets_sent": link.packets_sent,
            "packets_received": link.packets_received,
            "bytes_sent": link.bytes_sent,
            "bytes_received": link.bytes_received,
            "current_round_trip_time": ice._round_trip,
        }
