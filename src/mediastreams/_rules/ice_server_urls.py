"""The URL of an ICE server: ``stun:``, ``stuns:``, ``turn:``, ``turns:``.

https://www.rfc-editor.org/rfc/rfc7064 · https://www.rfc-editor.org/rfc/rfc7065
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from mediastreams.errors import NotSupportedError, SyntaxError

__all__ = ["IceServerUrl", "read_ice_server_url"]

_URL: Final = re.compile(
    r"(?P<scheme>[a-z]+):(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z\-._~%]+)(:(?P<port>\d{1,5}))?(\?(?P<query>.*))?"
)
_PORTS: Final = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}


@dataclass(frozen=True, slots=True)
class IceServerUrl:
    """A server's address. ``transport`` is how a TURN server is reached."""

    scheme: Literal["stun", "stuns", "turn", "turns"]
    host: str
    port: int
    transport: Literal["udp", "tcp"]

    @property
    def is_turn(self) -> bool:
        """Whether it relays."""
        return self.scheme in {"turn", "turns"}


def read_ice_server_url(url: str) -> IceServerUrl:
    """*Validate an ICE server URL*, the part that looks at the URL.

    Raises:
        SyntaxError: it is none.
        NotSupportedError: a scheme or transport that is not known.

    https://w3c.github.io/webrtc-pc/#dfn-validate-an-ice-server-url
    """
    match = _URL.fullmatch(url)
    if match is None or int(match["port"] or 0) > 65535:
        raise SyntaxError(f"{url[:60]!r} is no URL of an ICE server; they look like stun:host:3478 or turn:host")
    scheme = match["scheme"]
    if scheme not in _PORTS:
        raise SyntaxError(f"an ICE server is reached by stun:, turn: or turns:, not by {scheme[:20]}:")
    secure = scheme == "turns"
    query = match["query"]
    transport = "tcp" if secure else "udp"
    if query is not None:
        name, _, transport = query.partition("=")
        if scheme in {"stun", "stuns"} or name != "transport":
            raise SyntaxError(f"{url[:60]!r}: a TURN URL may end with ?transport=udp or =tcp, nothing else")
        if transport not in {"udp", "tcp"} or (secure and transport == "udp"):
            raise NotSupportedError(f"{url[:60]!r}: transport {transport[:20]!r} is not supported")
    return IceServerUrl(
        cast("Literal['stun', 'stuns', 'turn', 'turns']", scheme),
        match["host"].strip("[]"),
        int(match["port"] or _PORTS[scheme]),
        cast("Literal['udp', 'tcp']", transport),
    )
