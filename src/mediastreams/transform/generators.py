"""`VideoTrackGenerator` and `MediaStreamTrackGenerator`: frames of the program become a track.

Not for: pictures that are drawn (``elements/canvas``), functions on a track's frames (``track.map``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from mediastreams._webidl.conversions import boolean, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import Owner, queue_task
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.push_source import PushSource
from mediastreams.errors import InvalidStateError
from mediastreams.transform.writable_stream import WritableStream

if TYPE_CHECKING:
    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.frames import Picture, Sound
    from mediastreams._engine.video_frame import VideoFrame
    from mediastreams._rules.values import Kind

__all__ = ["MediaStreamTrackGenerator", "MediaStreamTrackGeneratorInit", "VideoTrackGenerator"]


class _FrameSink:
    """Takes written frames to a source: the underlying sink of a generator's stream."""

    def __init__(self, kind: Kind) -> None:
        self.muted = False
        self.stream: WritableStream[Any] = WritableStream._to(self)
        self.source = PushSource(kind, on_unused=self._unused)

    async def write_chunk(self, chunk: VideoFrame | AudioData) -> None:
        """*writeFrame*.

        DEVIATION: waits while a recording is far behind, as streams have it that are full; browsers record in real time
        and drop. Who writes faster than a recording encodes loses nothing.

        https://w3c.github.io/mediacapture-transform/#writeframe
        """
        # 1-2. Only an open frame of the right kind; nothing is lost when it is not.
        data = _data_of(chunk, self.source.kind)
        # 3. To every live track, unless muted.
        if not self.muted:
            await self.source.push(data)
        # 4. The handle is used up.
        chunk.close()

    @property
    def full(self) -> bool:
        """Whether a frame that is written now has to wait."""
        return self.source.congested

    def close_sink(self) -> None:
        """*closeWritable*.

        https://w3c.github.io/mediacapture-transform/#closewritable
        """
        self.source.end()

    def _unused(self) -> None:
        """The last track has ended: the stream is closed."""
        self.stream._set_state("closed")


def _data_of(chunk: object, kind: Kind) -> Picture | Sound:
    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.video_frame import VideoFrame

    expected: type[VideoFrame | AudioData] = VideoFrame if kind == "video" else AudioData
    if not isinstance(chunk, expected):
        raise wrong_type("write", f"a {expected.__name__}", chunk)
    try:
        return chunk._open("write")
    except InvalidStateError as error:
        raise TypeError(str(error)) from None


@public
class VideoTrackGenerator:
    """Makes a video track of the frames written to ``writable``. One ends with the other.

    Frames keep their timestamps: give them instants of the library's clock when the track is recorded along with others
    (``VideoFrame.from_ndarray`` without a timestamp does). A write waits while a recording is far behind, so that none
    is lost in it; other consumers drop, and count, what they are too slow for.

    https://w3c.github.io/mediacapture-transform/#video-track-generator
    """

    def __init__(self) -> None:
        self._owner = Owner()
        self._sink = _FrameSink("video")
        source = self._sink.source.track_source("generator")
        self._track: MediaStreamTrack[VideoFrame] = MediaStreamTrack._create(source, {})  # [[track]]
        self._sink.source.hub.release()
        self._mute_queued = False

    @property
    def writable(self) -> WritableStream[VideoFrame]:
        """Where frames go in: ``await generator.writable.write(frame)``. The same object every time."""
        return self._sink.stream

    @property
    def muted(self) -> bool:
        """[[isMuted]]: while true, written frames go nowhere and the tracks are muted."""
        return self._sink.muted

    @muted.setter
    def muted(self, value: bool) -> None:
        # 1-2. The slot.
        value = boolean(value, "VideoTrackGenerator.muted")
        if value is self._sink.muted:
            return
        self._sink.muted = value
        # 3. One task, however often it changes meanwhile.
        if not self._mute_queued:
            self._mute_queued = True
            queue_task(self._owner, self._settle_muted)

    def _settle_muted(self) -> None:
        self._mute_queued = False
        self._sink.source.set_muted(muted=self._sink.muted)

    @property
    def track(self) -> MediaStreamTrack[VideoFrame]:
        """The track that comes out; clone it for more."""
        return self._track

    def __repr__(self) -> str:
        return f"<VideoTrackGenerator → {self._track!r}>"


@public
class MediaStreamTrackGeneratorInit(TypedDict):
    """What a `MediaStreamTrackGenerator` is made of."""

    kind: Literal["audio", "video"]


def _kind(value: object, where: str, /) -> Kind:
    if value in ("audio", "video"):
        return value
    raise wrong_type(where, "'audio' or 'video'", value)


_INIT: Final[Schema[MediaStreamTrackGeneratorInit]] = Schema(
    "MediaStreamTrackGeneratorInit", Member("kind", _kind, required=True)
)


@public
class MediaStreamTrackGenerator(MediaStreamTrack):
    """A track, of either kind, whose frames are written to its ``writable``.

    The form with audio that Chromium has; the standard's is `VideoTrackGenerator`.
    """

    def __init__(
        self, init: MediaStreamTrackGeneratorInit | Mapping[str, Any] | Kind | None = None, /, **members: Any
    ) -> None:
        """Make one: ``MediaStreamTrackGenerator(kind="audio")``, or just ``("audio")``, as in Chromium.

        Raises:
            TypeError: ``kind`` is missing or not one of the two.
        """
        where = "MediaStreamTrackGenerator"
        if isinstance(init, str):
            init = {"kind": init}
        self._sink = _FrameSink(_INIT.convert(merge_arguments(init, members, where), where)["kind"])
        self._begin(self._sink.source.track_source("generator"), {}, {})
        self._sink.source.hub.release()

    @property
    def writable(self) -> WritableStream[Any]:
        """Where frames go in: ``await generator.writable.write(frame)``. The same object every time."""
        return self._sink.stream
