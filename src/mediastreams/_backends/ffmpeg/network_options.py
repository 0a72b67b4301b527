"""What FFmpeg is told of a network address: transports, buffers, how long it may wait; and whether it is live.

Not for: which protocols it may use (``locations.py``), trying again (``live_reader.py``).

Rules of the file: RTSP goes over TCP, which loses nothing and passes firewalls, unless the address says otherwise,
``rtsp://camera/live?udp`` (``tcp``, ``udp_multicast``, ``http``, ``https``). A file whose server breaks off in its
middle is asked for the rest by FFmpeg itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from mediastreams._engine.tls import tls_options

__all__ = ["LIVE_SCHEMES", "network_options", "read_seconds", "scheme_of"]

LIVE_SCHEMES: Final = frozenset(
    {"rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "rtp", "udp", "tcp", "srt", "mmsh", "mmst", "sdp"}
)
"""Where what has no length is sent as it happens."""
_LIVE_READ_SECONDS: Final = 5.0
_LIST_READ_SECONDS: Final = 30.0  # a playlist's next segment may be that far off
_TRANSPORTS: Final = ("udp", "tcp", "udp_multicast", "multicast", "http", "https")
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "http": {"reconnect": "1", "reconnect_delay_max": "4"},
    "udp": {"overrun_nonfatal": "1", "fifo_size": "57344"},  # packets of 188 bytes: 10 MB
}


def scheme_of(url: str) -> str:
    """The scheme of an address in small letters, ``""`` for none."""
    scheme, colon, _ = url.partition(":")
    return scheme.lower() if colon else ""


def network_options(url: str) -> dict[str, str]:
    """FFmpeg's options for an address."""
    scheme = scheme_of(url)
    if scheme in {"rtsp", "rtsps"}:
        words = urlsplit(url).query.split("&")
        transport = {} if any(word in words for word in _TRANSPORTS) else {"rtsp_transport": "tcp"}
        return transport | tls_options(url)
    return {**_OPTIONS.get("http" if scheme == "https" else scheme, {}), **tls_options(url)}


def read_seconds(url: str, usual: float) -> float:
    """How many seconds one read may take, ``usual`` for a file."""
    if scheme_of(url) in LIVE_SCHEMES:
        return min(usual, _LIVE_READ_SECONDS)
    listed = urlsplit(url).path.lower().endswith((".m3u8", ".mpd"))
    return max(usual, _LIST_READ_SECONDS) if listed else usual
