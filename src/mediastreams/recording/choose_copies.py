"""Which tracks of a recording are copied as they are encoded already, and why the others are not.

Not for: doing it (``_engine/encoding/copied.py``).

By itself only what loses nothing by it is copied: the tracks of a source with a free clock, from whose first key frame
on everything is there. A source in real time would have to be waited for until its next key frame: `record` copies it
when it is asked to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mediastreams._rules.mime_types import codec_of, select_codec
from mediastreams._webidl.conversions import wrong_type
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.frames import ChunkFormat
    from mediastreams._rules.values import Kind
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.recording.plan_recording import Request

__all__ = ["Copy", "check_copy", "choose_copies"]

Copy: TypeAlias = bool | Literal["video", "audio"] | None
_PLAIN: Final = {"pcm_s16le": "pcm"}


def check_copy(copy: object) -> Copy:
    """Check the argument of `record`.

    Raises:
        TypeError: it is none of its values.
    """
    if copy is None or isinstance(copy, bool):
        return copy
    if copy == "video":
        return "video"
    if copy == "audio":
        return "audio"
    raise wrong_type("record: copy", "True, False, 'video', 'audio' or None", copy)


def choose_copies(request: Request, tracks: Sequence[MediaStreamTrack]) -> list[ChunkFormat | None]:
    """Find for each track what its chunks are if they are to be copied, ``None`` if it is to be encoded.

    Raises:
        NotSupportedError: a track was to be copied and cannot be; the message says why.
    """
    return [_choose(request, track) for track in tracks]


def _choose(request: Request, track: MediaStreamTrack) -> ChunkFormat | None:
    demanded = request.copy is True or request.copy == track.kind
    if not demanded and request.copy is not None:
        return None  # forbidden, or asked of the other kind only
    source = track._feed.hub.source
    hindrance = _hindrance(request, track, source.chunk_format)
    if hindrance is None:
        return source.chunk_format if demanded or (source.free_running and track.enabled and not track.muted) else None
    if demanded:
        raise NotSupportedError(f"record: copy={request.copy!r}: the {track.kind} track {hindrance}")
    return None


def _hindrance(request: Request, track: MediaStreamTrack, format: ChunkFormat | None) -> str | None:
    """Why a track cannot be copied."""
    kind: Kind = track.kind
    if format is None:
        return "comes from a source that gives no encoded data; only files and network streams do"
    if track._feed.adapter is not None:
        return "is scaled, decimated or resampled by its constraints; apply_constraints() without them first"
    rate = request.video_bit_rate if kind == "video" else request.audio_bit_rate
    if rate is not None or (request.video_options if kind == "video" else request.audio_options):
        return "was given a bit rate or encoder options, which ask for encoding; leave them out"
    wanted = select_codec(request.container, kind, request.codecs)
    if (_PLAIN.get(format.codec) or codec_of(format.codec)) not in wanted:
        can = ", ".join(wanted) or f"no {kind}"
        return f"is encoded in {format.codec}; this recording takes {can}"
    return None
