"""What a media element does to *seek*.

Not for: finding the place in a file (``_backends/ffmpeg/deck.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._rules.media_state import HAVE_ENOUGH_DATA, HAVE_METADATA, HAVE_NOTHING, joined, seek_target
from mediastreams._webidl.events import fire_event
from mediastreams.elements import playing

if TYPE_CHECKING:
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.playback import Playback

__all__ = ["repeated", "seek", "sought"]


def seek(element: MediaElement, wanted: float, *, exact: bool = True) -> None:
    """*Seek*: steps 2 to 12; the rest is in `sought`.

    https://html.spec.whatwg.org/multipage/media.html#dom-media-seek
    """
    from mediastreams.elements import loading

    playback = element._playback
    # 2. Nothing is known of the resource yet, or nothing will be any more: an error has ended it.
    if playback is None or element._ready_state == HAVE_NOTHING or playback.live or element._error is not None:
        return
    # 6-8. A place that there is.
    place = seek_target(wanted, duration=playback.duration, seekable=playback.seekable, now=element.current_time)
    if place is None:
        element._seeking = False
        return
    # 3-4. A seek that is under way is given up: its "sought" comes with another number.
    playing.note_played(element)
    ended = element._ended
    element._seeking = True
    element._ended = False
    # 10-11. The task that tells it, and the new place.
    loading.queue_event(element, "seeking")
    element._seek_ticket = playback.seek(place, exact=exact)
    element._official.forget()
    if element._playing_since is not None:
        element._playing_since = place
    # 12. Wait until it is there: the ready state tells that it is not. What is captured stays as it is meanwhile.
    if ended:  # what was captured has ended with the playing; new tracks begin
        element._captures.end()
        element._captures.begin(playback)
    element._ready_state = HAVE_METADATA


def sought(element: MediaElement, playback: Playback, ticket: object) -> None:
    """Steps 13 to 17 of *seek*: the data of the new place is there.

    https://html.spec.whatwg.org/multipage/media.html#dom-media-seek
    """
    from mediastreams.elements import loading

    if ticket != element._seek_ticket:
        return
    if element._playing_since is not None:
        element._playing_since = element.current_time
    # 14-17. It is there, and that is told.
    element._seeking = False
    fire_event(element, "timeupdate")
    if playback is element._playback and not element._seeking:
        fire_event(element, "seeked")
    if playback is element._playback and not element._seeking:
        loading.set_ready_state(element, HAVE_ENOUGH_DATA)
        # At rest nobody else will say that this is the end; what plays shows its last picture and says it then.
        if element._paused and playing.at_end(element, playback):
            loading.queue_element_task(element, _rest_at_end, element, playback)


def _rest_at_end(element: MediaElement, playback: Playback) -> None:
    if playback is element._playback and element._paused and playing.at_end(element, playback):
        playing.reach_end(element, playback)


def repeated(element: MediaElement) -> None:
    """A file that repeats itself has begun anew, which is a seek to its beginning.

    FAST-PATH: nothing is sought: the next round was opened and decoded before the last one ended, so there is no gap.
    """
    if element._playing_since is not None and element._playback is not None:
        element._played = joined(element._played, (element._playing_since, element._playback.duration))
        element._playing_since = 0.0
    load = element._loads
    for type in ("seeking", "timeupdate", "seeked"):
        if load == element._loads:  # no listener has loaded something else
            fire_event(element, type)
