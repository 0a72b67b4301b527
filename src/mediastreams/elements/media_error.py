"""`MediaError`: why a media element stopped.

Not for: exceptions; `play` raises those.
"""

from __future__ import annotations

from typing import Final

from mediastreams._webidl.interfaces import illegal_constructor, public

__all__ = ["MediaError"]


@public
class MediaError:
    """What went wrong in an element: a code and a sentence.

    https://html.spec.whatwg.org/multipage/media.html#mediaerror
    """

    MEDIA_ERR_ABORTED: Final = 1
    MEDIA_ERR_NETWORK: Final = 2
    MEDIA_ERR_DECODE: Final = 3
    MEDIA_ERR_SRC_NOT_SUPPORTED: Final = 4

    __init__ = illegal_constructor("It is MediaElement.error.")

    _code: int
    _message: str

    @classmethod
    def _create(cls, code: int, message: str) -> MediaError:
        error = cls.__new__(cls)
        error._code = code
        error._message = message
        return error

    @property
    def code(self) -> int:
        """One of the ``MEDIA_ERR_`` numbers."""
        return self._code

    @property
    def message(self) -> str:
        """What happened."""
        return self._message

    def __repr__(self) -> str:
        return f"<MediaError {self._code} {self._message!r}>"
