"""Where a recording can go besides files: which address means which format, and what is written there.

Not for: writing (``_engine/encoding/network_target.py``).
"""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from mediastreams._rules.mime_types import ContainerType

__all__ = ["network_container", "scheme_of", "without_secrets"]

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_FLV: Final = ContainerType("flv", ("video/x-flv",), (), (), ("h264",), ("aac",))
_RTSP: Final = ContainerType("rtsp", ("application/x-rtsp",), (), (), ("h264", "h265", "vp8"), ("aac", "opus"))
_TS: Final = ContainerType("mpegts", ("video/mp2t",), (), (), ("h264", "h265"), ("aac", "opus"))
_RTP: Final = ContainerType("rtp_mpegts", ("video/mp2t",), (), (), ("h264", "h265"), ("aac", "opus"))
_HLS: Final = ContainerType("hls", ("application/vnd.apple.mpegurl",), (".m3u8",), (), ("h264", "h265"), ("aac",))
_BY_SCHEME: Final = {
    "rtmp": _FLV,
    "rtmps": _FLV,
    "rtsp": _RTSP,
    "udp": _TS,
    "tcp": _TS,
    "rtp": _RTP,
    "http": _HLS,
    "https": _HLS,
}
_ELSEWHERE: Final = {
    "srt": "this FFmpeg was built without SRT; send udp:// on a network of your own, or rtmps:// through the internet",
    "rtsps": "FFmpeg publishes RTSP without encryption only; use rtmps://",
    "whip": "mediastreams.webrtc publishes by WHIP",
}


def scheme_of(target: object) -> str:
    """The scheme of an address, in small letters; ``""`` for paths and file objects."""
    match = _SCHEME.match(target) if isinstance(target, str) else None
    return match[1].lower() if match else ""


def network_container(target: object) -> ContainerType | None:
    """What is written to an address or a playlist; ``None`` for files.

    Raises:
        ValueError: nothing can be written there; the message says what can.
    """
    scheme = scheme_of(target)
    if not scheme:
        name = os.fspath(target) if isinstance(target, str | os.PathLike) else ""
        return _HLS if str(name).lower().endswith(".m3u8") else None
    if scheme in _ELSEWHERE:
        raise ValueError(f"{scheme}:// is not written: {_ELSEWHERE[scheme]}")
    container = _BY_SCHEME.get(scheme)
    if container is None:
        known = ", ".join(f"{name}://" for name in _BY_SCHEME)
        raise ValueError(f"{scheme}:// is not written; recordings go to files, playlists (.m3u8) and {known}")
    try:
        parts = urlsplit(str(target))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"the address of the target is not valid: {error}") from error
    if not host or (port is None and container in (_TS, _RTP)):
        missing = "host" if not host else "port"
        raise ValueError(f"the address {without_secrets(str(target))} names no {missing}")
    if container is _HLS and not parts.path.lower().endswith(".m3u8"):
        raise ValueError("http:// takes playlists only: let the address end with .m3u8")
    return container


def without_secrets(url: str) -> str:
    """An address as it may stand in a message: without user, password and query, and without a stream's key."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    path = parts.path
    if parts.scheme.lower() in {"rtmp", "rtmps"}:
        path = re.sub(r"^(/[^/]+/).+", r"\1…", path)
    return urlunsplit((parts.scheme, host if parts.port is None else f"{host}:{parts.port}", path, "", ""))
