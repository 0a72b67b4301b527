"""What a media element does to load: *load*, *resource selection*, and what becomes known of the resource.

Not for: playing (``playing.py``), seeking (``seeking.py``).

Rules of the file: on the element's owner loop only. A task about a resource that is no longer the element's does
nothing: that is how *load* removes the tasks of the former one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVarTuple

from mediastreams._rules.media_state import (
    HAVE_ENOUGH_DATA,
    HAVE_METADATA,
    HAVE_NOTHING,
    Will,
    ready_state_steps,
)
from mediastreams._webidl.events import fire_event
from mediastreams._webidl.tasks import queue_task
from mediastreams.elements import playing, seeking
from mediastreams.elements.file_playback import FilePlayback
from mediastreams.elements.media_error import MediaError
from mediastreams.elements.playback import Reporter
from mediastreams.elements.resources import media_input
from mediastreams.elements.stream_playback import StreamPlayback
from mediastreams.errors import AbortError, DOMException, InvalidStateError, NetworkError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.playback import Playback

__all__ = [
    "drop_playback",
    "fail",
    "have_data",
    "have_metadata",
    "load",
    "not_supported",
    "queue_element_task",
    "queue_event",
    "select_resource",
    "set_ready_state",
]

_Ts = TypeVarTuple("_Ts")


def queue_event(element: MediaElement, type: str) -> None:
    """Queue a task that fires, unless another resource is loaded before."""
    queue_element_task(element, fire_event, element, type)


def queue_element_task(element: MediaElement, call: Callable[[*_Ts], object], *args: *_Ts) -> None:
    """*Queue a media element task*: *load* takes those back that have not run.

    https://html.spec.whatwg.org/multipage/media.html#queue-a-media-element-task
    """
    queue_task(element._owner, _run, element, element._loads, call, args)


def _run(element: MediaElement, load: int, call: Callable[[*_Ts], object], args: tuple[*_Ts]) -> None:
    if load == element._loads and not element._closed:
        call(*args)


def load(element: MediaElement) -> None:
    """*The media element load algorithm*.

    https://html.spec.whatwg.org/multipage/media.html#media-element-load-algorithm
    """
    if element._closed:
        raise InvalidStateError("This element was closed: make a new one")
    # 3-4. What was queued for the former resource is not told any more.
    element._loads += 1
    # 5. Something was being loaded, or was there.
    if element._network_state in (element.NETWORK_LOADING, element.NETWORK_IDLE):
        queue_event(element, "abort")
    # 6. Forget what was there.
    if element._network_state != element.NETWORK_EMPTY:
        queue_event(element, "emptied")
        before = element.current_time
        drop_playback(element)
        element._ready_state = HAVE_NOTHING
        if not element._paused:
            element._paused = True
            element._reject_promises(AbortError("Another resource was loaded"))
        element._seeking = False
        if before > 0:
            queue_event(element, "timeupdate")
    element._ended = False
    element._had_data = False
    element._starved_ticks = 0
    element._default_start = 0.0
    element._official.forget()
    element._played = ()
    # 7. The speed is the usual one again.
    if not element._streams and element._rate != element._default_rate:
        element._rate = element._default_rate
        queue_event(element, "ratechange")
    # 8. No error, and it may begin by itself.
    element._error = element._cause = None
    element._can_autoplay = True
    # 9. Resource selection.
    select_resource(element)


def select_resource(element: MediaElement) -> None:
    """*The resource selection algorithm*: there is one candidate, ``src_object`` or ``src``.

    https://html.spec.whatwg.org/multipage/media.html#concept-media-load-algorithm
    """
    # 6. Neither: nothing to load.
    element._network_state = element.NETWORK_EMPTY
    element._load_due = False
    if element._src_object is None and element._src == "":
        return
    element._network_state = element.NETWORK_NO_SOURCE
    # 5. Without a loop nobody could be told: the first call on one comes back here.
    element._load_due = element._owner.loop is None
    if element._load_due:
        return
    # 7-8. It is being loaded, and that is told.
    queue_element_task(element, _begin_loading, element)
    reporter = Reporter(element, element._owner)
    source = element._src_object
    try:
        # 9. Fetch; the rest is in have_metadata and have_data.
        if element._streams:
            playback: Playback = StreamPlayback(reporter, source, element._clock, kinds=element._kinds)  # type: ignore[arg-type]
        else:
            found = media_input(element._src if source is None else source)  # type: ignore[arg-type]  # no stream
            playback = FilePlayback(reporter, found, element._clock, loop=element._loop, shown=element._shows)
            playback.set_rate(element._rate, preserves_pitch=element._preserves_pitch)
    except DOMException as error:
        queue_element_task(element, fail, element, None, error)
        return
    element._playback = playback
    playback.view.lag = element._output.lag
    element._begin_resource(playback)


def _begin_loading(element: MediaElement) -> None:
    element._network_state = element.NETWORK_LOADING
    fire_event(element, "loadstart")


def set_ready_state(element: MediaElement, after: int) -> None:
    """Go over to another ready state, and do what follows from it, in the task that is running.

    https://html.spec.whatwg.org/multipage/media.html#ready-states
    """
    playback = element._playback
    before, element._ready_state = element._ready_state, after
    will = Will(element._paused, element._can_autoplay and element._autoplay)
    for step in ready_state_steps(before, after, had_data=element._had_data, will=will):
        if step == "notify about playing":
            playing.notify_about_playing(element)
        elif step == "autoplay":
            element._paused = False
            queue_event(element, "play")
            playing.notify_about_playing(element)
        else:
            if step == "fire loadeddata":
                element._had_data = True
            queue_event(element, step.removeprefix("fire "))
    if playback is element._playback:
        playing.follow(element)


def have_metadata(element: MediaElement, playback: Playback, size: object) -> None:
    """*Once enough of the media data has been fetched*: length and size are known.

    https://html.spec.whatwg.org/multipage/media.html#media-data-processing-steps-list
    """
    queue_event(element, "progress")
    if not math.isnan(playback.duration):
        queue_event(element, "durationchange")
    element._set_size(size)
    element._captures.begin(playback)  # before loadedmetadata: whoever waits for that finds the tracks
    set_ready_state(element, HAVE_METADATA)
    # The default playback start position.
    start, element._default_start = element._default_start, 0.0
    if start > 0 and not playback.live:
        seeking.seek(element, start)


def have_data(element: MediaElement, playback: Playback) -> None:
    """What comes first is decoded. A file needs no more to be played through; nobody knows that of a network."""
    if not playback.live:
        element._network_state = element.NETWORK_IDLE
        queue_event(element, "suspend")
    if not element._seeking:
        set_ready_state(element, HAVE_ENOUGH_DATA)


def fail(element: MediaElement, playback: Playback | None, error: DOMException) -> None:
    """*The dedicated media source failure steps*, and those of an error in the middle.

    https://html.spec.whatwg.org/multipage/media.html#dedicated-media-source-failure-steps
    """
    if playback is not element._playback or element._closed:
        return
    in_the_middle = element._ready_state >= HAVE_METADATA
    if not in_the_middle:
        code = MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED
        element._network_state = element.NETWORK_NO_SOURCE
    else:
        code = MediaError.MEDIA_ERR_NETWORK if isinstance(error, NetworkError) else MediaError.MEDIA_ERR_DECODE
        element._network_state = element.NETWORK_IDLE
    element._error = MediaError._create(code, str(error))
    element._cause = error
    element._seeking = False
    playing.follow(element)
    element._captures.end()
    fire_event(element, "error")
    if playing.hopeless(element):
        element._reject_promises(not_supported(element))


def not_supported(element: MediaElement) -> NotSupportedError:
    """What `play` raises after an error."""
    assert element._cause is not None
    error = NotSupportedError(str(element._cause))
    error.__cause__ = element._cause
    return error


def drop_playback(element: MediaElement) -> None:
    """Let go of the resource, and of what was captured of it."""
    playback, element._playback = element._playback, None
    element._ticker.stop()
    element._playing_since = None
    element._output.rest(ended=element._ended)
    if playback is not None:
        playback.kept = None
        playback.close()
    element._captures.end()
