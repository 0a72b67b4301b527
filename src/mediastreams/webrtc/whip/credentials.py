"""`Credentials`: bearer tokens, compared in constant time; who guesses is slowed down. `may_ask`: whose pages may ask.

https://www.rfc-editor.org/rfc/rfc6750#section-2.1
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

__all__ = ["Credentials", "check_token", "is_loopback", "may_ask"]

_GUESSES: Final = 10
_GUESSING_SECONDS: Final = 30.0
_REMEMBERED: Final = 1000  # addresses
_NAMES_OF_THIS_MACHINE: Final = ("localhost", "localhost.", "ip6-localhost")


def check_token(token: object, what: str) -> str | None:
    """A token that fits into a header, or ``None``.

    Raises:
        TypeError: neither text nor ``None``.
        ValueError: empty, or with characters that a header does not carry.
    """
    if token is None:
        return None
    if not isinstance(token, str):
        raise TypeError(f"{what} must be text, not {type(token).__name__}")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{what} must be of visible ASCII characters, without spaces")
    return token


class Credentials:
    """The token of one kind of request. ``clock`` gives seconds that only grow."""

    def __init__(self, token: str | None, clock: Callable[[], float]) -> None:
        self._digest = None if token is None else _digest(token)
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # address → how many, until when

    @property
    def needed(self) -> bool:
        """Whether a token is needed at all."""
        return self._digest is not None

    def blocked(self, address: str) -> bool:
        """Whether this address has guessed too often of late."""
        count, until = self._failures.get(address, (0, 0.0))
        return count >= _GUESSES and self._clock() < until

    def check(self, header: str | None, address: str) -> bool:
        """Whether an ``Authorization`` header field carries the token. A failure is counted against the address."""
        if self._digest is None:
            return True
        scheme, _, token = (header or "").strip().partition(" ")
        right = hmac.compare_digest(_digest(token.strip()), self._digest)
        if right and scheme.lower() == "bearer":
            self._failures.pop(address, None)
            return True
        if header is not None:  # who came without any token guesses nothing
            count, until = self._failures.get(address, (0, 0.0))
            now = self._clock()
            self._failures[address] = (count + 1 if now < until else 1, now + _GUESSING_SECONDS)
            self._failures.move_to_end(address)
            if len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)
        return False


def _digest(token: str) -> bytes:
    """Of equal length for every token: how long it is must not be told by time either."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in _NAMES_OF_THIS_MACHINE


def may_ask(host: str | None, origin: str | None, scheme: str, names: Collection[str], *, token: bool) -> bool:
    """Whether a page of that origin may use the server, called by that name.

    A browser sends requests for any page that its user looks at, to this machine too. A token that such a page does not
    know keeps it out. Without one, only our own pages may ask, under names that nobody else can give us: addresses,
    ``localhost``, and ``names``.
    """
    if token:
        return True
    name = _host_of(host or "")
    if name is None or not (name in names or is_loopback(name) or _is_address(name)):
        return False
    return origin is None or origin.lower() == f"{scheme}://{(host or '').lower()}"


def _host_of(field: str) -> str | None:
    try:
        return urlsplit(f"//{field}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
