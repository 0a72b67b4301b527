"""What may be opened, and what an opened thing may open in turn.

Not for: opening (``passes.py``).

Rules of the file: what the program names is trusted, what stands inside a playlist or container is not.
Every scheme has the list of protocols that FFmpeg may use while reading from it, and no list of a network
scheme holds ``file``. A local playlist reaches local files (FFmpeg itself restricts them to media
extensions, and ffconcat lists to names below their folder), never the network. What was handed over as
bytes or as a file object reaches nothing else. Paths are handed over as ``file:`` plus the absolute
path, so that no file name can be taken for a protocol (``concat:``, ``pipe:`` …).
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias, cast, runtime_checkable
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname

from mediastreams.errors import DOMException, NotAllowedError, NotReadableError, NotSupportedError

__all__ = ["BinaryReader", "Location", "MediaInput", "locate", "reader_of"]


@runtime_checkable
class BinaryReader(Protocol):
    """A binary file object: at least ``read``; with ``seek`` and ``tell`` more formats can be read."""

    def read(self, size: int, /) -> bytes: ...


MediaInput: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryReader"

_FILE: Final = "file,crypto,data"
_NOTHING: Final = "crypto,data"
_WEB: Final = "http,https,httpproxy,tcp,tls,crypto,data"
_PROTOCOLS: Final = {
    "file": _FILE,
    "data": _NOTHING,
    "http": _WEB,
    "https": _WEB,
    "ftp": "ftp,tcp",
    "rtsp": "rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto,data",
    "rtsps": "rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto,data",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,rtmp,tls,tcp",
    "rtmpt": "rtmpt,ffrtmphttp,http,tcp",
    "rtp": "rtp,srtp,udp",
    "udp": "udp",
    "tcp": "tcp",
    "srt": "srt",
    "mmsh": "mmsh,http,tcp",
    "mmst": "mmst,tcp",
}
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: C: is a drive


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """One thing to read. ``name`` is for labels, ``where`` for messages: no password of a URL is in them."""

    name: str
    url: str = ""
    data: bytes | memoryview | None = None
    reader: BinaryReader | None = None
    protocols: str = _NOTHING
    network: bool = False
    address: str = ""

    @property
    def where(self) -> str:
        """What a message calls it: of an address scheme, host and path."""
        return self.address or self.name

    @property
    def again(self) -> bool:
        """Whether it can be read from its beginning a second time."""
        if self.reader is None:
            return True
        seekable = getattr(self.reader, "seekable", None)
        return bool(seekable()) if callable(seekable) else hasattr(self.reader, "seek")


def locate(src: MediaInput) -> Location:
    """Say what a program means by ``src``; look at local files without reading them.

    Raises:
        TypeError: not a path, URL, bytes or binary file object.
        NotReadableError, NotAllowedError: no such file, a directory, not permitted; with ``errno``.
        NotSupportedError: a scheme nobody reads here; a pipe or device given by its path.
    """
    if isinstance(src, (bytes, bytearray, memoryview)):
        data = src if isinstance(src, bytes) else bytes(src)
        if not data:
            raise NotSupportedError("There is no media in no bytes")
        return Location("bytes", data=data)
    if isinstance(src, os.PathLike):
        path = os.fspath(src)
        return _locate_file(os.fsdecode(path))
    if isinstance(src, str):
        return _locate_text(src)
    if isinstance(src, io.TextIOBase):
        raise TypeError("src is a text file: open it with mode 'rb'")
    if isinstance(src, BinaryReader):
        name = getattr(src, "name", None)
        return Location(Path(name).name if isinstance(name, str) and name else "file object", reader=src)
    raise TypeError(f"src must be a path, a URL, bytes or a binary file object, not {type(src).__name__}")


def _locate_text(src: str) -> Location:
    if not src or "\0" in src:
        raise NotSupportedError("src is empty" if not src else "src contains a null character")
    match = _SCHEME.match(src)
    scheme = match[1].lower() if match else ""
    if not match or (scheme not in _PROTOCOLS and Path(src).exists()):
        return _locate_file(src)
    if scheme not in _PROTOCOLS:
        known = ", ".join(sorted(_PROTOCOLS))
        raise NotSupportedError(f"There is no file {src!r}, and {scheme}: is not among the schemes read here ({known})")
    if scheme == "file":
        return _locate_file(_path_of(src))
    if scheme == "data":
        return Location("data:", url=src, protocols=_PROTOCOLS[scheme])
    try:
        parts = urlsplit(src)
        host = parts.hostname or ""
        address = _address(parts)
    except ValueError as error:
        raise NotSupportedError(f"src is not a valid URL: {error}") from error
    name = unquote(parts.path.rsplit("/", 1)[-1]) or host or scheme
    return Location(name, url=src, protocols=_PROTOCOLS[scheme], network=True, address=address)


def _address(parts: SplitResult) -> str:
    """An address without what may be secret: user, password, query."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}{unquote(parts.path)}"


def _path_of(url: str) -> str:
    """Turn a ``file:`` URL into a path; ``file:name`` is taken as FFmpeg takes it."""
    rest = url[len("file:") :]
    if not rest.startswith("//"):
        return rest
    host, _, path = rest[2:].partition("/")
    if host not in {"", "localhost"}:
        raise NotSupportedError(f"{url!r} names a file on another machine")
    return url2pathname("/" + path)


def _locate_file(path: str) -> Location:
    full = str(Path(path).absolute())
    try:
        mode = Path(full).stat().st_mode
        if stat.S_ISREG(mode):
            with open(full, "rb") as file:  # noqa: PTH123 - asks the system whether we may
                empty = not file.read(1)
        else:
            empty = False
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error
    if stat.S_ISDIR(mode):
        raise NotReadableError(f"{path!r} is a directory", errno=errno.EISDIR)
    if not stat.S_ISREG(mode):
        raise NotSupportedError(f"{path!r} is no regular file: open it yourself and pass the file object")
    if empty:
        raise NotSupportedError(f"{path!r} is empty")
    return Location(Path(full).name, url="file:" + full, protocols=_FILE)


def _refused(path: str, error: OSError | ValueError) -> DOMException:
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return NotAllowedError(f"Reading {path!r} is not permitted", errno=number)
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return NotReadableError(f"There is no file {path!r}", errno=number)
    return NotReadableError(f"{path!r} cannot be read: {getattr(error, 'strerror', None) or error}", errno=number)


def reader_of(location: Location) -> BinaryReader | None:
    """A file object at the beginning of what was handed over as bytes or file object; ``None`` for URLs and paths."""
    if location.data is not None:
        return cast("BinaryReader", io.BytesIO(location.data))
    return location.reader
