"""``Link`` header fields that name STUN and TURN servers, read and written.

https://www.rfc-editor.org/rfc/rfc9725#section-4.6 · https://www.rfc-editor.org/rfc/rfc8288#section-3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

__all__ = ["ice_servers_of", "links_for"]

_MAX_SERVERS: Final = 20
_SCHEMES: Final = ("stun:", "stuns:", "turn:", "turns:")
_LINK: Final = re.compile(r"""<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))?)*)""")
_PARAMETER: Final = re.compile(r""";\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+)))?""")


def ice_servers_of(fields: Iterable[str]) -> list[dict[str, str]]:
    """The ICE servers that ``Link`` header fields name, as `RTCIceServer` dictionaries; other links are left out."""
    servers: list[dict[str, str]] = []
    for field in fields:
        for address, rest in _LINK.findall(field):
            parameters = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
                for name, quoted, plain in _PARAMETER.findall(rest)
            }
            if "ice-server" not in parameters.get("rel", "").split() or not address.startswith(_SCHEMES):
                continue
            server = {"urls": address}
            server.update({name: parameters[name] for name in ("username", "credential") if name in parameters})
            if address.startswith("turn") and len(server) < 3:
                continue  # a relay without credentials lets nobody in
            servers.append(server)
    return servers[:_MAX_SERVERS]


def links_for(servers: Iterable[Mapping[str, object]]) -> list[str]:
    """`RTCIceServer` dictionaries as ``Link`` header fields, one an address."""
    found = []
    for server in servers:
        urls = server.get("urls", ())
        for url in [urls] if isinstance(urls, str) else urls if isinstance(urls, Sequence) else ():
            text = f'<{url}>; rel="ice-server"'
            if server.get("username") is not None:
                username, credential = (_quoted(str(server.get(name, ""))) for name in ("username", "credential"))
                text += f'; username={username}; credential={credential}; credential-type="password"'
            found.append(text)
    return found


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
