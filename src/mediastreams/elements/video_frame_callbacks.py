"""`VideoFrameCallbackMetadata`, and the callbacks that wait for a video element's next picture.

Not for: pictures for consumers who want each one: `capture_stream` and ``frames()`` are for them.

Annotations are real objects here (no ``annotations`` import from ``__future__``), because the class shows another
module as its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mediastreams._webidl.dictionaries import Dictionary
from mediastreams._webidl.interfaces import public
from mediastreams.elements.picture_view import Presented

__all__ = ["FrameCallbacks", "VideoFrameCallbackMetadata", "VideoFrameRequestCallback", "describe"]


@public
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class VideoFrameCallbackMetadata(Dictionary):
    """What a callback is told of a picture. Instants are ms of the process's clock, ``media_time`` is in seconds.

    https://wicg.github.io/video-rvfc/#video-frame-callback-metadata
    """

    presentation_time: float | None = None
    expected_display_time: float | None = None
    width: int | None = None
    height: int | None = None
    media_time: float | None = None
    presented_frames: int | None = None
    processing_duration: float | None = None
    capture_time: float | None = None
    receive_time: float | None = None
    rtp_timestamp: int | None = None


VideoFrameRequestCallback: TypeAlias = Callable[[float, VideoFrameCallbackMetadata], object]
"""A function of the present instant (ms) and what is known of the picture."""


def describe(shown: Presented, position: float) -> VideoFrameCallbackMetadata:
    """What is told of a picture. ``position``: where the element is, for pictures that do not tell their own place."""
    metadata = shown.picture.metadata
    media_time = metadata.get("media_time", position)
    width, height = shown.size
    return VideoFrameCallbackMetadata(
        presentation_time=shown.at / 1000,
        expected_display_time=shown.at / 1000,
        width=width,
        height=height,
        media_time=float(media_time),  # type: ignore[arg-type]  # seconds, as the sources write it
        presented_frames=shown.number,
        capture_time=_ms(metadata.get("capture_time")),
        receive_time=_ms(metadata.get("receive_time")),
        rtp_timestamp=metadata.get("rtp_timestamp"),  # type: ignore[arg-type]  # as the source writes it
    )


def _ms(time: object) -> float | None:
    """An instant of the clock, µs as the sources write it, as callbacks are told it."""
    return None if time is None else float(time) / 1000  # type: ignore[arg-type]


class FrameCallbacks:
    """The *list of video frame request callbacks*. On the owner loop.

    https://wicg.github.io/video-rvfc/#list-of-video-frame-request-callbacks
    """

    def __init__(self) -> None:
        self._last = 0
        self._waiting: dict[int, VideoFrameRequestCallback] = {}
        self._running: dict[int, VideoFrameRequestCallback] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, callback: VideoFrameRequestCallback) -> int:
        """Let it wait for the next picture; its handle."""
        self._last += 1
        self._waiting[self._last] = callback
        return self._last

    def cancel(self, handle: int) -> None:
        """Take it back, even when an earlier callback of the same picture does so; an unknown handle is no error."""
        self._waiting.pop(handle, None)
        self._running.pop(handle, None)

    def run(self, now: float, metadata: VideoFrameCallbackMetadata, failed: Callable[[Exception], None]) -> None:
        """Call all that wait, in order; those that they add wait for the picture after this one."""
        self._running, self._waiting = self._waiting, {}
        while self._running:
            handle = next(iter(self._running))
            callback = self._running.pop(handle)
            try:
                callback(now, metadata)
            except Exception as error:  # noqa: BLE001 - a callback that raises breaks nothing
                failed(error)
