"""What a PATCH carries: the ICE part of a session description (``application/trickle-ice-sdpfrag``), read and written.

Not for: whole descriptions; those are `RTCPeerConnection`'s to understand. Nothing here waits or sends.

https://www.rfc-editor.org/rfc/rfc8840#section-9 · https://www.rfc-editor.org/rfc/rfc9725#section-4.3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Fragment", "fragment_of", "parse_fragment", "with_fragment", "write_fragment"]

_MAX_CANDIDATES: Final = 100  # a host with more is none: each costs a check
_MAX_LINE: Final = 1000
_ICE_CHARACTERS: Final = re.compile(r"[A-Za-z0-9+/]+")
_ICE_LINES: Final = ("a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One end's ICE credentials and candidates. ``candidates``: pairs of a section's mid and ``candidate:…``.

    ``complete``: no more will come. Credentials are ``None`` where the fragment has none.
    """

    ufrag: str | None = None
    password: str | None = None
    candidates: tuple[tuple[str | None, str], ...] = ()
    complete: bool = False


def parse_fragment(text: str) -> Fragment:
    """Read a fragment, or what a whole description says of ICE.

    Raises:
        ValueError: it is none: a line without ``type=``, credentials outside ICE's alphabet, too many candidates.
    """
    ufrag: str | None = None
    password: str | None = None
    mid: str | None = None
    candidates: list[tuple[str | None, str]] = []
    complete = False
    section: list[int] = []  # where the candidates of a section without a mid yet begin
    for line in text.splitlines():
        if not line:
            continue
        if len(line) > _MAX_LINE or line[1:2] != "=" or not line.isprintable():
            raise ValueError(f"{line[:40]!r} is no line of a session description")
        name, _, value = line[2:].partition(":")
        if line.startswith("m="):
            mid = None
            section = [len(candidates)]
        elif line.startswith("a=mid:"):
            mid = value
            if section:  # candidates may stand before their section's mid
                candidates[section[0] :] = [(mid, one) for _, one in candidates[section[0] :]]
        elif name == "ice-ufrag" and ufrag is None:
            ufrag = _credential(value, 4)
        elif name == "ice-pwd" and password is None:
            password = _credential(value, 22)
        elif line.startswith("a=candidate:"):
            candidates.append((mid, line[2:]))
        elif line == "a=end-of-candidates":
            complete = True
    if len(candidates) > _MAX_CANDIDATES:
        raise ValueError(f"{len(candidates)} candidates are too many")
    return Fragment(ufrag, password, tuple(candidates), complete)


def fragment_of(description: str) -> Fragment:
    """What the first section of a description says of ICE; the others are bundled with it.

    https://www.rfc-editor.org/rfc/rfc9725#section-4.4.2
    """
    found = parse_fragment(description)
    first = next((mid for mid in re.findall(r"^a=mid:(\S+)", description, re.MULTILINE)), None)
    return Fragment(
        found.ufrag, found.password, tuple(one for one in found.candidates if one[0] == first), found.complete
    )


def write_fragment(fragment: Fragment, mid: str | None = None) -> str:
    """A fragment as text. ``mid`` names the section of a fragment that has no candidates."""
    lines = []
    if fragment.ufrag is not None:
        lines += [f"a=ice-ufrag:{fragment.ufrag}", f"a=ice-pwd:{fragment.password}"]
    mids = list(dict.fromkeys(one for one, _ in fragment.candidates)) or [mid]
    for one in mids:
        lines.append("m=audio 9 UDP/TLS/RTP/SAVPF 0")  # a stand-in: only the mid counts
        if one is not None:
            lines.append(f"a=mid:{one}")
        lines += [f"a={candidate}" for owner, candidate in fragment.candidates if owner == one]
        if fragment.complete:
            lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"


def with_fragment(description: str, fragment: Fragment) -> str:
    """The same description after an ICE restart: the fragment's credentials and candidates instead of the old ones.

    Everything that is not about ICE stays as it was negotiated. The version in ``o=`` is one higher. A fragment without
    any candidate leaves the old ones: there are servers that keep their addresses and do not say them again.

    Raises:
        ValueError: the fragment has no credentials.

    https://www.rfc-editor.org/rfc/rfc9725#section-4.3.3
    """
    if fragment.ufrag is None or fragment.password is None:
        raise ValueError("an ICE restart needs a=ice-ufrag and a=ice-pwd")
    lines: list[str] = []
    replaced = _ICE_LINES if fragment.candidates else _ICE_LINES[:2]
    for line in description.splitlines():
        if line.startswith(replaced):
            continue
        if line.startswith("o="):
            user, number, version, *rest = line[2:].split(" ")
            lines.append(" ".join([f"o={user}", number, str(int(version) + 1), *rest]))
            continue
        lines.append(line)
        if line.startswith("a=mid:"):
            mid = line[6:]
            lines += [f"a=ice-ufrag:{fragment.ufrag}", f"a=ice-pwd:{fragment.password}"]
            lines += [f"a={text}" for owner, text in fragment.candidates if owner == mid]
            lines += ["a=end-of-candidates"] if fragment.complete else []
    return "\r\n".join(lines) + "\r\n"


def _credential(text: str, shortest: int) -> str:
    if not shortest <= len(text) <= 256 or not _ICE_CHARACTERS.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no ICE credential")
    return text
