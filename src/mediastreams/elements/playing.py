"""What a media element does to play: *internal play*, *internal pause*, its end, and that time passes when it should.

Not for: loading (``loading.py``), seeking (``seeking.py``).

Rules of the file: on the element's owner loop only. `follow` is the one place that lets time pass and sound be heard:
it brings both to what the element's state says.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mediastreams._rules.media_state import (
    HAVE_CURRENT_DATA,
    HAVE_ENOUGH_DATA,
    HAVE_FUTURE_DATA,
    HAVE_NOTHING,
    joined,
    potentially_playing,
)
from mediastreams._webidl.events import fire_event
from mediastreams._webidl.tasks import queue_task
from mediastreams.errors import AbortError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.playback import Playback

__all__ = [
    "at_end",
    "follow",
    "hopeless",
    "internal_pause",
    "internal_play",
    "note_played",
    "notify_about_playing",
    "reach_end",
    "reject",
    "tick",
]

_STALL_TICKS: Final = 12
"""Three seconds without data: the *media element stall timeout*."""


def follow(element: MediaElement) -> None:
    """Let time pass, and sound be heard, exactly while the element is *potentially playing*.

    A file's time begins when its output is open: else the beginning would pass unheard.
    """
    playback = element._playback
    if playback is None:
        return
    output = element._output
    may_play = potentially_playing(
        paused=element._paused,
        ended=element._ended,
        failed=element._error is not None,
        ready_state=element._ready_state,
    )
    if may_play and output.wanted:
        output.hear(playback.sounds())
    elif not may_play and output.sounds:
        output.rest(ended=element._ended)
    was = element._playing_since is not None
    plays = may_play and (was or playback.live or output.ready)
    # A file goes on by itself when it starves: to stop it then would be to starve it for ever.
    starves = not element._paused and not playback.live and element._error is None and playback.starving
    if may_play:
        playback.kept = element
    elif not starves:
        playback.kept = None
    if plays and not was:
        element._playing_since = element.current_time
        playback.play()
        element._ticker.start()
    elif was and not plays:
        if not starves:
            playback.pause()
            element._ticker.stop()
        element._official.forget()
        note_played(element)
        element._playing_since = None
    element._captures.follow()


def note_played(element: MediaElement) -> None:
    """Add to `played` what was played since it was noted last."""
    since = element._playing_since
    if since is not None:
        now = element.current_time
        if now > since:
            element._played = joined(element._played, (since, now))
        element._playing_since = now


def hopeless(element: MediaElement) -> bool:
    """Whether it will never play, by an error: who waits for `play` is told so.

    DEVIATION: `play` raises, too, when data broke off before there was anything to play. In the standard only what
    could not be opened rejects, and that promise would wait for ever.

    https://html.spec.whatwg.org/multipage/media.html#dom-media-play
    """
    return element._error is not None and (
        element._error.code == element._error.MEDIA_ERR_SRC_NOT_SUPPORTED or element._ready_state < HAVE_FUTURE_DATA
    )


def internal_play(element: MediaElement) -> None:
    """*The internal play steps*.

    https://html.spec.whatwg.org/multipage/media.html#internal-play-steps
    """
    from mediastreams.elements import loading, news, seeking

    # 1. Nothing was loaded yet for want of a loop.
    if element._load_due:
        loading.select_resource(element)
    # 2. After the end: from the beginning.
    playback = element._playback
    rests = element._paused or element._seeking  # what plays tells of its end by itself
    if playback is not None and (element._ended or (rests and at_end(element, playback))):
        if playback.live:
            news.resume(element)
        else:
            seeking.seek(element, 0.0)
    # 3. Not paused any more.
    if element._paused:
        element._paused = False
        loading.queue_event(element, "play")
        if element._ready_state <= HAVE_CURRENT_DATA:
            loading.queue_event(element, "waiting")
        else:
            notify_about_playing(element)
    # 4. It was playing already.
    elif element._ready_state >= HAVE_FUTURE_DATA:
        queue_task(element._owner, _resolve, _take(element))
    # 5. From now on only the program begins and ends it.
    element._can_autoplay = False
    follow(element)


def at_end(element: MediaElement, playback: Playback) -> bool:
    """*Ended playback* of a file: it stands at its end, or is on its way there. Streams say it by themselves.

    https://html.spec.whatwg.org/multipage/media.html#ended-playback
    """
    if playback.live or element._loop or element._ready_state == HAVE_NOTHING:
        return False
    return element.current_time >= playback.duration


def notify_about_playing(element: MediaElement) -> None:
    """*Notify about playing*.

    https://html.spec.whatwg.org/multipage/media.html#notify-about-playing
    """
    queue_task(element._owner, _notify, element, element._loads, _take(element))


def _take(element: MediaElement) -> list[asyncio.Future[None]]:
    """*Take pending play promises*: what comes before their task does not change what becomes of them."""
    promises, element._promises = element._promises, []
    return promises


def _notify(element: MediaElement, load: int, promises: Sequence[asyncio.Future[None]]) -> None:
    if load == element._loads and not element._closed:
        fire_event(element, "playing")
    _resolve(promises)


def _resolve(promises: Sequence[asyncio.Future[None]]) -> None:
    for promise in promises:
        if not promise.done():
            promise.set_result(None)


def reject(promises: Sequence[asyncio.Future[None]], error: BaseException) -> None:
    """*Reject pending play promises*."""
    for promise in promises:
        if not promise.done():
            promise.set_exception(error)


def internal_pause(element: MediaElement) -> None:
    """*The internal pause steps*.

    https://html.spec.whatwg.org/multipage/media.html#internal-pause-steps
    """
    # 1. From now on only the program begins it.
    element._can_autoplay = False
    # 2. It stands; whoever waits for it to play waits in vain.
    if not element._paused:
        element._paused = True
        follow(element)
        queue_task(element._owner, _paused, element, element._loads, _take(element))


def _paused(element: MediaElement, load: int, promises: Sequence[asyncio.Future[None]]) -> None:
    if load == element._loads and not element._closed:
        fire_event(element, "timeupdate")
        fire_event(element, "pause")
    reject(promises, AbortError("It was paused before it could play"))


def reach_end(element: MediaElement, playback: Playback) -> None:
    """*Reaches the end of the media resource*, in the task that is running.

    https://html.spec.whatwg.org/multipage/media.html#reaches-the-end
    """
    if element._ended and not playback.live:
        return
    if element._seeking:
        # It was told to go elsewhere before it told of its end, where its tracks have ended and it rests.
        element._captures.end()
        element._captures.begin(playback)
        if element._playing_since is not None:
            playback.play()
        return
    known, element._known_duration = element._known_duration, playback.duration
    element._ended = True
    element._official.forget()
    follow(element)
    if not math.isnan(known) and known != playback.duration:  # that of a stream, or of a file that did not tell
        fire_event(element, "durationchange")
    # 3.1. The time of the end.
    fire_event(element, "timeupdate")
    # 3.2. It rests.
    if element._ended and not element._paused and playback is element._playback:
        element._paused = True
        fire_event(element, "pause")
        element._reject_promises(AbortError("The resource came to its end"))
    # 3.3. The end.
    if element._ended and playback is element._playback:
        element._captures.end()
        fire_event(element, "ended")


def tick(element: MediaElement) -> None:
    """Four times a second while it plays: the time, and whether anything comes at all.

    https://html.spec.whatwg.org/multipage/media.html#time-marches-on
    """
    from mediastreams.elements import loading

    playback = element._playback
    if playback is None:
        return
    starving = playback.starving and not element._paused
    element._starved_ticks = element._starved_ticks + 1 if starving else 0
    if element._starved_ticks == _STALL_TICKS and playback.fetched:
        fire_event(element, "stalled")
    if starving and element._ready_state > HAVE_CURRENT_DATA:
        loading.set_ready_state(element, HAVE_CURRENT_DATA)
    elif not starving and element._ready_state == HAVE_CURRENT_DATA and not element._seeking:
        loading.set_ready_state(element, HAVE_ENOUGH_DATA)
    elif not starving:
        note_played(element)
        fire_event(element, "timeupdate")
