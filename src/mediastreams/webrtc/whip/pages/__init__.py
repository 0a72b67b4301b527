"""The pages that the server shows, as files beside this one: `page`. They work without any other server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["Page", "page"]

_FILES: Final = {
    "view.html": "text/html",
    "view.js": "text/javascript",
    "phone.html": "text/html",
    "phone.js": "text/javascript",
    "session.js": "text/javascript",
    "style.css": "text/css",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a file holds."""

    data: bytes
    type: str


@cache
def page(name: str) -> Page | None:
    """One of the files, ``None`` for any other name."""
    type = _FILES.get(name)
    return None if type is None else Page(files(__package__).joinpath(name).read_bytes(), type)
