"""`File`: a `Blob` with a name and a date.

https://w3c.github.io/FileAPI/#file-section
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, Unpack

from mediastreams._engine.clock import get_clock, wall_time
from mediastreams._webidl.conversions import dom_string, long_long, usv_string
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.files.blob import BLOB_OPTIONS, Blob, BlobPropertyBag
from mediastreams.files.content import Content, Extent
from mediastreams.files.parts import normal_type, process_blob_parts
from mediastreams.files.stores import PathStore

if TYPE_CHECKING:
    from mediastreams.files.parts import BlobPart

__all__ = ["File", "FilePropertyBag"]


@public
class FilePropertyBag(BlobPropertyBag, total=False):
    """What `File` takes beside its parts and name.

    https://w3c.github.io/FileAPI/#dfn-FilePropertyBag
    """

    last_modified: int


_OPTIONS: Final[Schema[FilePropertyBag]] = Schema(
    "FilePropertyBag", Member("last_modified", long_long), inherits=BLOB_OPTIONS
)


@public
class File(Blob):
    """A `Blob` with a name: ``File([data], "still.jpg", type="image/jpeg")``, or ``File.from_path("film.mp4")``.

    https://w3c.github.io/FileAPI/#dfn-file
    """

    _name: str
    _last_modified: int

    def __init__(
        self,
        file_bits: Iterable[BlobPart],
        file_name: str,
        options: FilePropertyBag | Mapping[str, object] | None = None,
        /,
        **members: Unpack[FilePropertyBag],
    ) -> None:
        """*The File constructor*.

        Raises:
            TypeError: no sequence, a part that is neither buffer nor Blob nor text, a name that is no string, or
                wrong options.

        https://w3c.github.io/FileAPI/#file-constructor
        """
        given = _OPTIONS.convert(merge_arguments(options, members, "File"), "File")
        # 1-2. The bytes and the name.
        self._content = process_blob_parts(file_bits, given["endings"], "File")
        self._name = usv_string(file_name, "File: file_name")
        # 3. Type and date; without one it is now.
        self._type = normal_type(given["type"])
        if "last_modified" in given:
            self._last_modified = given["last_modified"]
        else:
            self._last_modified = int(wall_time(get_clock().now_us()).timestamp() * 1000)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, type: str | None = None) -> Self:
        """Make a File of a file on disk without reading it: an addition to the standard, where a page's visitor picks.

        Reading raises `NotReadableError` when the file has changed since. Without ``type`` it is what the
        name's extension says.

        Raises:
            NotReadableError: there is no such file, or it is a directory; keeps ``errno``.
            NotAllowedError: the system does not permit it.
            NotSupportedError: a pipe or device.
            TypeError: not a path.
        """
        place = os.fspath(path)
        if not isinstance(place, str):
            raise TypeError(f"File.from_path: path must be a str or a path object, not {place!r}")
        store = PathStore(place)
        known = mimetypes.guess_type(store.path)[0] or "" if type is None else dom_string(type, "File.from_path: type")
        self = cls._of(Content((Extent(store, 0, store.size),)), normal_type(known))
        self._name = Path(store.path).name
        self._last_modified = store.modified_ns // 1_000_000
        return self

    @property
    def name(self) -> str:
        """The name, without a folder.

        https://w3c.github.io/FileAPI/#dfn-name
        """
        return self._name

    @property
    def last_modified(self) -> int:
        """When the file was changed, in milliseconds since 1970.

        https://w3c.github.io/FileAPI/#dfn-lastModified
        """
        return self._last_modified

    def __repr__(self) -> str:
        return f"<File {self._name!r} {self.size:,} bytes{self._type and f' {self._type!r}'}>"
