"""`Blob`: immutable bytes of any size, in memory or on disk.

Not for: files with a name (``file.py``), writing (``spool.py``).

https://w3c.github.io/FileAPI/#blob-section
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn, Self, TypeAlias, TypedDict, TypeVar, Unpack

from mediastreams._webidl.conversions import clamped_long_long, dom_string, enumeration
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.readable_stream import ReadableStream, readable_stream
from mediastreams._webidl.tasks import in_parallel
from mediastreams.files.content import EMPTY, Content, content_of_bytes
from mediastreams.files.parts import normal_type, process_blob_parts

if TYPE_CHECKING:
    from mediastreams.files.parts import BlobPart

__all__ = ["BLOB_OPTIONS", "Blob", "BlobPropertyBag", "EndingType"]

_Bytes: TypeAlias = bytes  # the class has a method of that name
_T = TypeVar("_T")

_CHUNK: Final = 262_144
_QUICK: Final = 1_048_576  # so many bytes of memory are copied on the loop; more, and what is on disk, elsewhere


@public
class EndingType(StrEnum):
    """What becomes of line endings in a blob's text.

    https://w3c.github.io/FileAPI/#enumdef-endingtype
    """

    TRANSPARENT = "transparent"
    NATIVE = "native"


@public
class BlobPropertyBag(TypedDict, total=False):
    """What `Blob` takes beside its parts.

    https://w3c.github.io/FileAPI/#dfn-BlobPropertyBag
    """

    type: str
    endings: EndingType | str


BLOB_OPTIONS: Final[Schema[BlobPropertyBag]] = Schema(
    "BlobPropertyBag",
    Member("type", dom_string, ""),
    Member("endings", enumeration(EndingType), EndingType.TRANSPARENT),
)


@public
class Blob:
    """Immutable bytes with a media type: ``Blob([b"…", "text", other_blob], type="text/plain")``.

    Slices and sums of blobs share their bytes. Those may be in memory, in a file (`File.from_path`), or in a temporary
    file, as of recordings, which is deleted with the last blob on it. Any thread; ``await`` and `stream` on any
    loop. ``bytes(blob)`` reads at once, and blocks where the bytes are on disk. Compared by identity.

    https://w3c.github.io/FileAPI/#dfn-Blob
    """

    _content: Content
    _type: str

    def __init__(
        self,
        blob_parts: Iterable[BlobPart] | None = None,
        options: BlobPropertyBag | Mapping[str, object] | None = None,
        /,
        **members: Unpack[BlobPropertyBag],
    ) -> None:
        """*The Blob constructor*.

        Raises:
            TypeError: no sequence, a part that is neither buffer nor Blob nor text, or wrong options.

        https://w3c.github.io/FileAPI/#constructorBlob
        """
        given = BLOB_OPTIONS.convert(merge_arguments(options, members, "Blob"), "Blob")
        # 1-2. The bytes.
        self._content = EMPTY if blob_parts is None else process_blob_parts(blob_parts, given["endings"], "Blob")
        # 3. The type.
        self._type = normal_type(given["type"])

    @classmethod
    def _of(cls, content: Content, type: str) -> Self:
        """Make one of content that is there already; the type as it is."""
        self = cls.__new__(cls)
        self._content = content
        self._type = type
        return self

    @classmethod
    def _made(cls, data: _Bytes, type: str) -> Self:
        """Make one of bytes, without copying them; the type as it is."""
        return cls._of(content_of_bytes(data), type)

    @property
    def size(self) -> int:
        """How many bytes there are.

        https://w3c.github.io/FileAPI/#dfn-size
        """
        return self._content.size

    @property
    def type(self) -> str:
        """The media type in lower case, ``""`` when unknown.

        https://w3c.github.io/FileAPI/#dfn-type
        """
        return self._type

    def slice(self, start: int | None = None, end: int | None = None, content_type: str | None = None) -> Blob:
        """A blob of the bytes from ``start`` up to ``end``; negative numbers count from the end. Copies nothing.

        Raises:
            TypeError: not numbers, or not a string.

        https://w3c.github.io/FileAPI/#slice-blob
        """
        size = self._content.size

        def place(given: int | None, default: int, name: str) -> int:
            if given is None:
                return default
            number = clamped_long_long(given, f"Blob.slice: {name}")
            return max(size + number, 0) if number < 0 else min(number, size)

        # 2-3. From where to where.
        first = place(start, 0, "start")
        last = place(end, size, "end")
        # 4. The type; this blob's is not taken over.
        named = "" if content_type is None else normal_type(dom_string(content_type, "Blob.slice: content_type"))
        # 5-6. As many bytes as lie between.
        return Blob._of(self._content.part(first, max(first, last)), named)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    async def text(self) -> str:
        """Read everything as UTF-8; what is none becomes U+FFFD, a byte order mark is left out.

        Raises:
            NotReadableError: the file has changed, or cannot be read; keeps ``errno``.
            NotAllowedError: the system does not permit it (any more).

        https://w3c.github.io/FileAPI/#text-method-algo
        """
        return await self._read(_utf8_decode)

    async def array_buffer(self) -> _Bytes:
        """Read everything.

        Raises:
            NotReadableError: the file has changed, or cannot be read; keeps ``errno``.
            NotAllowedError: the system does not permit it (any more).

        https://w3c.github.io/FileAPI/#arraybuffer-method-algo
        """
        return await self._read(_unchanged)

    async def bytes(self) -> _Bytes:
        """Read everything: the same as `array_buffer`, as Python has one type for both.

        Raises:
            NotReadableError: the file has changed, or cannot be read; keeps ``errno``.
            NotAllowedError: the system does not permit it (any more).

        https://w3c.github.io/FileAPI/#bytes-method-algo
        """
        return await self._read(_unchanged)

    async def _read(self, convert: Callable[[_Bytes], _T]) -> _T:
        content = self._content
        if content.size <= _QUICK and content.in_memory:
            return convert(content.read())

        def read_blob() -> _T:
            return convert(content.read())

        return await in_parallel(read_blob)

    def __bytes__(self) -> _Bytes:
        return self._content.read()

    def stream(self) -> ReadableStream[_Bytes]:
        """Read in chunks of at most 256 KiB, each when it is asked for: ``async for chunk in blob.stream()``.

        What is on disk is read off the event loop; a chunk that cannot be read raises `NotReadableError` in the loop.

        https://w3c.github.io/FileAPI/#stream-method-algo
        """
        return readable_stream(_Chunks(self._content), of_bytes=True)

    def text_stream(self) -> ReadableStream[str]:
        """Read as `stream` does, as UTF-8; no character is cut in two.

        https://w3c.github.io/FileAPI/#dom-blob-textstream
        """
        return readable_stream(_Texts(self._content))

    # ── Python ───────────────────────────────────────────────────────────────────────────────────

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a Blob cannot be copied or pickled: it is immutable, so share it, or send bytes(blob)")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.size:,} bytes{self._type and f' {self._type!r}'}>"


def _utf8_decode(data: _Bytes) -> str:
    """*UTF-8 decode*.

    https://encoding.spec.whatwg.org/#utf-8-decode
    """
    return data.decode("utf-8-sig", "replace")


def _unchanged(data: _Bytes) -> _Bytes:
    return data


class _Chunks:
    """Reads content piece by piece: the underlying source of `Blob.stream`.

    https://w3c.github.io/FileAPI/#blob-get-stream
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._place = 0
        self._in_memory = content.in_memory

    async def pull_chunk(self) -> _Bytes | None:
        start = self._place
        if start >= self._content.size:
            return None
        if self._in_memory:
            chunk = self._content.read(start, start + _CHUNK)
        else:
            chunk = await in_parallel(self._content.read, start, start + _CHUNK)
        self._place = start + len(chunk)
        return chunk

    def cancel_source(self) -> None:
        self._content = EMPTY  # lets go of the bytes


class _Texts:
    """The same as text: the underlying source of `Blob.text_stream`."""

    def __init__(self, content: Content) -> None:
        self._chunks = _Chunks(content)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")

    async def pull_chunk(self) -> str | None:
        while (chunk := await self._chunks.pull_chunk()) is not None:
            text = self._decoder.decode(chunk)
            if text:
                return text
        return self._decoder.decode(b"", final=True) or None  # what an unfinished character becomes; then nothing

    def cancel_source(self) -> None:
        self._chunks.cancel_source()
