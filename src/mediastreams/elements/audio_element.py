"""`AudioElement`: a `MediaElement` that is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mediastreams._webidl.interfaces import public
from mediastreams.elements.media_element import MediaElement

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = ["AudioElement"]


@public
class AudioElement(MediaElement):
    """Plays sound on the default output, or on another one: ``await AudioElement("song.mp3").play()``.

    Of a `MediaStream` only the sounds count. Where there is no output it plays on unheard.

    https://html.spec.whatwg.org/multipage/media.html#htmlaudioelement
    """

    _kinds: ClassVar[frozenset[Kind]] = frozenset({"audio"})
    _sounds: ClassVar[bool] = True
