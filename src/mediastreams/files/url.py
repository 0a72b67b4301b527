"""`URL.create_object_url`, and what becomes of such URLs.

Not for: URLs in general: ``urllib.parse`` is Python's.

https://w3c.github.io/FileAPI/#url
"""

from __future__ import annotations

import uuid
from typing import Final

from mediastreams._webidl.conversions import dom_string, wrong_type
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.errors import NotReadableError
from mediastreams.files.blob import Blob

__all__ = ["URL", "resolve"]

_store: Final[dict[str, Blob]] = {}
"""*The blob URL store*: one for the process, as the standard has it; single operations on it need no lock."""


@public
class URL:
    """Two functions: a ``blob:`` URL for a Blob, and its end.

    NOT-HERE: parsing, which is ``urllib.parse``'s.

    https://w3c.github.io/FileAPI/#creating-revoking
    """

    __init__ = illegal_constructor("Parse with urllib.parse; URL.create_object_url(blob) needs no instance.")

    @staticmethod
    def create_object_url(obj: Blob) -> str:
        """Make a URL that stands for a Blob within this process, wherever a URL to play is taken.

        It cannot be guessed, and keeps the Blob until it is revoked.

        Raises:
            TypeError: not a Blob. A stream is played by setting ``element.src_object``.

        https://w3c.github.io/FileAPI/#dfn-createObjectURL
        """
        if hasattr(obj, "get_tracks"):
            raise TypeError("URL.create_object_url: a stream has no URL: set element.src_object = stream")
        if not isinstance(obj, Blob):
            raise wrong_type("URL.create_object_url", "a Blob or File", obj)
        # *Generate a new blob URL*: the origin of a process is opaque, hence null; the UUID is 122 random bits.
        url = f"blob:null/{uuid.uuid4()}"
        _store[url] = obj
        return url

    @staticmethod
    def revoke_object_url(url: str) -> None:
        """End a URL and let go of its Blob. What plays it already goes on. An unknown URL is no error.

        Raises:
            TypeError: not a string.

        https://w3c.github.io/FileAPI/#dfn-revokeObjectURL
        """
        _store.pop(dom_string(url, "URL.revoke_object_url: url"), None)


def resolve(url: str) -> Blob:
    """*Resolve a blob URL*; a fragment (``#t=10``) is left out.

    Raises: NotReadableError (unknown or revoked).

    https://w3c.github.io/FileAPI/#blob-url-resolve
    """
    blob = _store.get(url.partition("#")[0])
    if blob is None:
        raise NotReadableError(f"{url!r} stands for nothing: it was revoked, or was not made in this process")
    return blob
