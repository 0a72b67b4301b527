"""`MediaStreamTrackProcessor`: the frames of a track as a stream of the Streams standard.

Not for: ``track.frames()``, which has more policies, converts, and works from threads.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypedDict, TypeVar, cast

from mediastreams._webidl.conversions import instance_of, unsigned_short
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.readable_stream import ReadableStream, readable_stream
from mediastreams._webidl.tasks import Owner, after_queued_tasks, queue_task
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.transform.generators import VideoTrackGenerator

if TYPE_CHECKING:
    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.port import Policy
    from mediastreams._engine.video_frame import VideoFrame

__all__ = ["MediaStreamTrackProcessor", "MediaStreamTrackProcessorInit"]

_FrameT = TypeVar("_FrameT", bound="VideoFrame | AudioData")
_UNBOUNDED_US: Final = 2**62  # frames are counted here, not their time


class _RequiredInit(TypedDict):
    track: MediaStreamTrack


@public
class MediaStreamTrackProcessorInit(_RequiredInit, total=False):
    """What a `MediaStreamTrackProcessor` is made of.

    https://w3c.github.io/mediacapture-transform/#dictdef-mediastreamtrackprocessorinit
    """

    max_buffer_size: int


_INIT: Final[Schema[MediaStreamTrackProcessorInit]] = Schema(
    "MediaStreamTrackProcessorInit",
    Member("track", instance_of(MediaStreamTrack), required=True),
    Member("max_buffer_size", unsigned_short, default=1),
)


@public
class MediaStreamTrackProcessor(Generic[_FrameT]):
    """Gives a track's frames from now on, pictures or sounds: ``async for frame in processor.readable``.

    Of what nobody has read in time the newest ``max_buffer_size`` frames wait; the oldest goes first. Belongs to one
    event loop; is detached from its track when it is dropped, or its stream cancelled.

    https://w3c.github.io/mediacapture-transform/#track-processor
    """

    def __init__(
        self,
        init: MediaStreamTrackProcessorInit | Mapping[str, Any] | MediaStreamTrack | VideoTrackGenerator | None = None,
        /,
        **members: Any,
    ) -> None:
        """Make one: ``MediaStreamTrackProcessor(track=track)``.

        As in browsers the track itself will do, or what has one as its ``track``.

        Raises:
            TypeError: there is no track, or ``max_buffer_size`` is no number from 0 to 65535.

        https://w3c.github.io/mediacapture-transform/#dom-mediastreamtrackprocessor-mediastreamtrackprocessor
        """
        where = "MediaStreamTrackProcessor"
        track = init.track if isinstance(init, VideoTrackGenerator) else init
        mapping = {"track": track} if isinstance(track, MediaStreamTrack) else cast("Mapping[str, Any] | None", track)
        given = _INIT.convert(merge_arguments(mapping, members, where), where)
        self._queue = _Queue(given["track"], max(1, given["max_buffer_size"]))
        self._readable = cast("ReadableStream[_FrameT]", readable_stream(self._queue))
        self._queue.stream = weakref.ref(self._readable)
        self._queue.frame_came()  # or the end, if it was before

    @property
    def readable(self) -> ReadableStream[_FrameT]:
        """Where frames come out. The same object every time."""
        return self._readable

    @property
    def total_frames(self) -> int:
        """How many frames the track has delivered here."""
        return self._queue.dropped + self._queue.taken_or_waiting

    @property
    def discarded_frames(self) -> int:
        """How many of them were overtaken by newer ones before anybody read them."""
        return self._queue.dropped

    def __repr__(self) -> str:
        return f"<MediaStreamTrackProcessor of {self._queue.track!r}>"


class _Queue:
    """The queue of a processor: a port on the track, and at most one reader that waits.

    Owned by the stream; the track's feed holds it weakly.
    """

    def __init__(self, track: MediaStreamTrack, most: int) -> None:
        from mediastreams._engine.audio_data import AudioData
        from mediastreams._engine.video_frame import VideoFrame

        self.track = track
        self.stream: weakref.ref[ReadableStream[Any]] | None = None
        self._owner = Owner()
        self._make = cast("Any", VideoFrame if track.kind == "video" else AudioData)._of
        self._waiter: asyncio.Future[None] | None = None
        self._looking = False
        weak = weakref.ref(self)

        def on_item() -> None:
            queue = weak()
            if queue is not None:
                queue.frame_came()

        # handleNewFrame, step 1: only so many wait.
        policy: Policy = "latest" if most == 1 else "drop-oldest"
        self._port = track._feed.attach(policy=policy, bound_us=_UNBOUNDED_US, on_item=on_item)
        self._port.most_items = most

    @property
    def dropped(self) -> int:
        return self._port.dropped

    @property
    def taken_or_waiting(self) -> int:
        return self._port.delivered + len(self._port)

    async def pull_chunk(self) -> VideoFrame | AudioData | None:
        """*processorPull*.

        https://w3c.github.io/mediacapture-transform/#processorpull
        """
        self._owner.bind()
        loop = asyncio.get_running_loop()
        if not self._port.demanded:
            loop.call_soon(self._port.demand)  # as in `FrameIterator`: those who start together all attach before
        while (item := self._port.take()) is None:
            if self._port.finished:
                await after_queued_tasks()  # ``ended`` among them: who has read the last frame finds the track ended
                return None
            self._waiter = waiter = loop.create_future()
            try:
                if not len(self._port) and not self._port.finished:  # else it came before there was somebody to wake
                    await waiter
            finally:
                self._waiter = None
        return cast("VideoFrame | AudioData", self._make(item))

    def cancel_source(self) -> None:
        """*processorClose*.

        https://w3c.github.io/mediacapture-transform/#processorclose
        """
        self.track._feed.detach(self._port)
        self._port.discard()
        self._look()

    def frame_came(self) -> None:
        """*handleNewFrame*, step 3, and the track's end: have the loop look. Any thread."""
        if (self._waiter is not None or self._port.finished) and not self._looking:
            self._looking = True  # one task is enough
            queue_task(self._owner, self._look)

    def _look(self) -> None:
        """*maybeReadFrame*; or *processorClose*, when the track has ended.

        DEVIATION: frames that waited when a source ended by itself may still be read: nothing of a file is lost. A
        track that is stopped drops them.

        https://w3c.github.io/mediacapture-transform/#mayberead
        """
        self._looking = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        stream = None if self.stream is None else self.stream()
        if stream is not None and self._port.finished:
            stream._close_by_source()

    def __del__(self) -> None:
        port = getattr(self, "_port", None)
        if port is not None:
            port.close()  # takes no lock
