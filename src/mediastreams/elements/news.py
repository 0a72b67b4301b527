"""What a media element does when its playback tells something: one task for each piece of news.

Not for: the algorithms themselves (``loading.py``, ``playing.py``, ``seeking.py``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from mediastreams.elements import loading, playing, seeking

if TYPE_CHECKING:
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.playback import News, Playback
    from mediastreams.errors import DOMException

__all__ = ["hear", "resume"]


def hear(element: MediaElement, playback: Playback, news: News, value: object) -> None:
    """Take one piece of news; of a former resource it is ignored."""
    if playback is not element._playback or element._closed:
        return
    match news:
        case "metadata":
            element._known_duration = playback.duration
            loading.have_metadata(element, playback, value)
        case "data":
            loading.have_data(element, playback)
        case "sought":
            seeking.sought(element, playback, value)
        case "repeated":
            seeking.repeated(element)
        case "ended":
            playing.reach_end(element, playback)
        case "failed":
            loading.fail(element, playback, cast("DOMException", value))
        case "tracks":
            _look_at_stream(element, playback)
        case "resize":
            element._set_size(value)
        case _:
            element._present_frame(playback)


def _look_at_stream(element: MediaElement, playback: Playback) -> None:
    """A stream's tracks have changed, ended, or shown something for the first time."""
    what = playback.look()
    if what == "metadata":
        latest = playback.view.latest
        element._known_duration = playback.duration
        loading.have_metadata(element, playback, None if latest is None else latest.size)
        loading.have_data(element, playback)
    elif what == "ended":
        playing.reach_end(element, playback)
    elif what == "resumed":
        element._known_duration = playback.duration
        loading.queue_event(element, "durationchange")
        if element._autoplay:
            resume(element)
            element._paused = False
            loading.queue_event(element, "play")
            playing.notify_about_playing(element)
            playing.follow(element)
    elif element._ready_state > element.HAVE_NOTHING and not element._ended:
        element._captures.refresh(playback)
        playing.follow(element)


def resume(element: MediaElement) -> None:
    """A stream that had ended plays again, if it has live tracks."""
    playback = element._playback
    if playback is not None and math.isinf(playback.duration):
        element._ended = False
        element._known_duration = playback.duration
        element._captures.end()
        element._captures.begin(playback)
