"""*Process blob parts*: what the constructors of `Blob` and `File` are given becomes content.

https://w3c.github.io/FileAPI/#process-blob-parts
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from mediastreams._webidl.conversions import usv_string, wrong_type
from mediastreams.files.content import Content, Extent
from mediastreams.files.stores import Memory

if TYPE_CHECKING:
    from typing_extensions import Buffer  # Python's own from 3.12 on; type checkers know it

    from mediastreams.files.blob import Blob

__all__ = ["BlobPart", "normal_type", "process_blob_parts"]

BlobPart: TypeAlias = "Buffer | Blob | str"
"""What a blob is put together of: anything with a buffer (`bytes`, NumPy arrays …), blobs, text.

https://w3c.github.io/FileAPI/#typedefdef-blobpart
"""

_LARGE: Final = 65_536  # an immutable part from this size on is shared rather than copied
_NEWLINES: Final = re.compile("\r\n|\r|\n")
_OUTSIDE: Final = re.compile("[^\x20-\x7e]")


def process_blob_parts(parts: object, endings: str, where: str) -> Content:
    """Put the parts together: text as UTF-8, buffers copied as they are now, blobs shared.

    Raises: TypeError (no sequence, or a part that is none of the three).
    """
    from mediastreams.files.blob import Blob

    # A blob has no iterator; text and buffers have one in Python, though not in the standard's sense.
    if isinstance(parts, (str, Mapping)) or _is_buffer(parts) or not isinstance(parts, Iterable):
        raise wrong_type(where, "a sequence of buffers, Blobs and strings", parts)
    extents: list[Extent] = []
    small = bytearray()

    def flush() -> None:
        if small:
            extents.append(Extent(Memory(bytes(small)), 0, len(small)))
            small.clear()

    for index, part in enumerate(parts):
        if isinstance(part, Blob):
            flush()
            extents.extend(part._content.extents)
        elif isinstance(part, bytes) and len(part) >= _LARGE:
            flush()
            extents.append(Extent(Memory(part), 0, len(part)))
        elif isinstance(part, str):
            text = usv_string(part, where)
            small += (_NEWLINES.sub(os.linesep, text) if endings == "native" else text).encode()
        elif _is_buffer(part):
            view = memoryview(part)
            small += view.cast("B") if view.c_contiguous and view.nbytes else view.tobytes()
        else:
            raise wrong_type(f"{where}[{index}]", "a buffer, a Blob or a str", part)
    flush()
    return Content(extents)


def _is_buffer(value: object) -> bool:
    try:
        memoryview(value).release()  # type: ignore[arg-type]  # the question is whether it is one
    except TypeError:
        return False
    return True


def normal_type(given: str) -> str:
    """Make a media type as blobs have it: lower case, or empty when it has characters outside of ASCII's printable.

    https://w3c.github.io/FileAPI/#constructorBlob
    """
    return "" if _OUTSIDE.search(given) else given.lower()
