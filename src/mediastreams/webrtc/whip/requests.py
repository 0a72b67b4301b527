"""The arguments that `publish` and `subscribe` share, checked."""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mediastreams._webidl.conversions import wrong_type
from mediastreams.webrtc.whip.credentials import check_token

if TYPE_CHECKING:
    from mediastreams.webrtc.whip.client import Client, Trust

__all__ = ["ClientRequest", "checked_url", "client_request", "seconds"]


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """Whom to ask, and how."""

    url: str
    token: str | None
    headers: Mapping[str, str]
    ice_servers: tuple[Mapping[str, object], ...]
    timeout: float
    trust: Trust

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def client(self) -> Client:
        """A client for it. On the loop."""
        from mediastreams.webrtc.whip.client import Client

        return Client(self.url, token=self.token, headers=self.headers, seconds=self.timeout, trust=self.trust)


def client_request(
    where: str,
    url: object,
    token: object,
    headers: Mapping[str, str] | None,
    ice_servers: Sequence[Mapping[str, object]],
    timeout: object,
    tls: object,
) -> ClientRequest:
    """Check them.

    Raises:
        TypeError, ValueError: one is wrong.
    """
    checked = {}
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise wrong_type(f"{where}: headers", "a mapping of text to text", headers)
        if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII) or not value.isprintable():
            raise ValueError(f"{where}: {name!r} is no header field")
        checked[name] = value
    if isinstance(tls, str):
        if not re.fullmatch(r"[0-9a-fA-F]{64}", tls.replace(":", "")):
            raise ValueError(f"{where}: tls: {tls!r} is no SHA-256 fingerprint")
    elif tls is not None and not isinstance(tls, ssl.SSLContext):
        raise wrong_type(f"{where}: tls", "an ssl.SSLContext or a certificate's fingerprint", tls)
    return ClientRequest(
        url=checked_url(url, where),
        token=check_token(token, f"{where}: token"),
        headers=checked,
        ice_servers=tuple(ice_servers),
        timeout=seconds(timeout, f"{where}: timeout"),
        trust=tls,
    )


def checked_url(url: object, what: str) -> str:
    """An endpoint's address.

    Raises:
        TypeError: not text.
        ValueError: not an ``http:`` or ``https:`` address.
    """
    if not isinstance(url, str):
        raise wrong_type(f"{what}: url", "text", url)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        raise ValueError(f"{what}: {url!r} is no http: or https: address")
    return url


def seconds(value: object, what: str, lowest: float = 0.0) -> float:
    """A finite number of seconds above ``lowest``.

    Raises:
        TypeError, ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise wrong_type(what, "a number of seconds", value)
    number = float(value)
    if not math.isfinite(number) or number <= lowest:
        raise ValueError(f"{what} must be more than {lowest:g} s, not {value!r}")
    return number
