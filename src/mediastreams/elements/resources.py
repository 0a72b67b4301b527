"""`media_input`: what a program names as a source, made into what can be opened.

Not for: paths and addresses, which the reader of files understands itself (``_backends/ffmpeg/locations.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mediastreams._backends.ffmpeg.locations import MediaInput
    from mediastreams.files.blob import Blob

__all__ = ["MediaResource", "media_input"]

MediaResource: TypeAlias = "MediaInput | Blob"
"""A path, a URL (``blob:`` among them), bytes, a binary file object, a Blob or File."""


def media_input(src: MediaResource) -> MediaInput:
    """Turn a Blob, or the URL of one, into a file object of its own; leave everything else as it is.

    To be called when the source is named, not when it is opened: a URL that is revoked afterwards has done its work.

    Raises: NotReadableError (a ``blob:`` URL that stands for nothing).
    """
    from mediastreams.files.blob import Blob
    from mediastreams.files.reader import BlobReader
    from mediastreams.files.url import resolve

    if isinstance(src, str) and src[:5].lower() == "blob:":
        src = resolve(src)
    return BlobReader(src) if isinstance(src, Blob) else src
