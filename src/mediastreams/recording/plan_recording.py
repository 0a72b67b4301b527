"""What to record where: the arguments of `record` checked, container and codecs chosen.

Not for: doing it (``record.py``). Everything here is quick; what needs FFmpeg is in `open_session`, for a worker.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from numbers import Real
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from mediastreams._rules.mime_types import (
    ContainerType,
    codec_of,
    container_of_suffix,
    container_of_type,
    mime_type_of,
    parse_mime_type,
    select_codec,
)
from mediastreams._rules.network_targets import network_container, scheme_of, without_secrets
from mediastreams._rules.numbered_names import is_numbered, numbered
from mediastreams._webidl.conversions import wrong_type
from mediastreams.errors import InvalidStateError, NotSupportedError
from mediastreams.recording.choose_copies import check_copy

if TYPE_CHECKING:
    from mediastreams._engine.encoding.codecs import EncoderModel
    from mediastreams._engine.encoding.intake import Intake
    from mediastreams._engine.encoding.session import Counts, Session
    from mediastreams._engine.encoding.target import Target
    from mediastreams._rules.values import Kind
    from mediastreams.abc import Clock
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.recording.choose_copies import Copy

__all__ = ["RecordingTarget", "Request", "choose_tracks", "open_session", "request_recording"]

RecordingTarget: TypeAlias = "str | os.PathLike[str] | BinaryIO"
EncoderOptions: TypeAlias = Mapping[str, Any]

_MOST_HELD: Final = 512_000_000  # bytes of a preroll
_SENT_KEY_FRAMES_US: Final = 2_000_000  # how long somebody waits who looks in
_LATE_COMERS: Final = frozenset({"mpegts", "rtp_mpegts", "rtsp", "hls"})  # decoders may come in at any key frame
_IN_BAND: Final[Mapping[str, str]] = {"h264": "avc3", "h265": "hev1"}
_ONE_TRACK: Final = frozenset({"wav", "flac", "ogg"})


@dataclass(frozen=True, slots=True)
class Request:
    """A checked order for a recording. ``codecs`` are those the media type names; ``kind`` audio: no pictures."""

    target: RecordingTarget
    container: ContainerType
    kind: Kind
    codecs: tuple[str, ...] | None
    video_bit_rate: int | None
    audio_bit_rate: int | None
    video_options: Mapping[str, str]
    audio_options: Mapping[str, str]
    duration: int | None
    copy: Copy = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    segment_duration: int | None = None
    segment_bytes: int | None = None
    keep_segments: int | None = None
    preroll: int | None = None

    @property
    def several(self) -> bool:
        """Whether the path is a pattern for the names of several files."""
        asked = (self.segment_duration, self.segment_bytes, self.preroll)
        return self.path is not None and any(one is not None for one in asked) and is_numbered(self.path)

    @property
    def path(self) -> str | None:
        """The file's path, ``None`` for a file object."""
        if not isinstance(self.target, str | os.PathLike):
            return None
        name = os.fspath(self.target)
        return without_secrets(name) if scheme_of(name) else name


def request_recording(
    target: RecordingTarget,
    *,
    mime_type: str | None,
    video_bits_per_second: int | None,
    audio_bits_per_second: int | None,
    encoder_options: EncoderOptions | None,
    duration: float | None,
    copy: Copy = False,
    metadata: Mapping[str, str] | None = None,
    segment_seconds: float | None = None,
    segment_bytes: int | None = None,
    keep_segments: int | None = None,
    preroll: float | None = None,
) -> Request:
    """Check the arguments of `record`.

    Raises:
        TypeError, ValueError, NotSupportedError: as `record` says.
    """
    if not isinstance(target, str | os.PathLike) and not callable(getattr(target, "write", None)):
        raise wrong_type("record: target", "a path or a binary file object", target)
    _check_object(target)
    container, kind, codecs = _container(target, mime_type)
    video_options, audio_options = _encoder_options(encoder_options, kind)
    seconds = _positive(duration, "duration")
    request = Request(
        target=target,
        container=container,
        kind=kind,
        codecs=codecs,
        video_bit_rate=_bits(video_bits_per_second, "video_bits_per_second"),
        audio_bit_rate=_bits(audio_bits_per_second, "audio_bits_per_second"),
        video_options=video_options,
        audio_options=audio_options,
        duration=None if seconds is None else round(seconds * 1_000_000),
        copy=check_copy(copy),
        metadata=_metadata(metadata),
        segment_duration=_microseconds(segment_seconds, "segment_seconds"),
        segment_bytes=_count(segment_bytes, "segment_bytes"),
        keep_segments=_count(keep_segments, "keep_segments"),
        preroll=_microseconds(preroll, "preroll"),
    )
    _check_files(request)
    return request


def _check_files(request: Request) -> None:
    """See whether there is a name for every file, and a number for whoever asks for one."""
    segments = request.segment_duration is not None or request.segment_bytes is not None
    if (segments or request.preroll is not None) and network_container(request.target) is not None:
        raise NotSupportedError("record: segments and preroll need files; record to one, and another time to this")
    if segments and not request.several:
        raise ValueError(
            f"record: segments need a name each, {request.path or 'a file object'} is one; number them: out-%03d.mp4"
        )
    if request.preroll is not None and request.path is None:
        raise ValueError("record: preroll needs a path: the file is made when something is to be kept")
    if request.preroll is not None and request.duration is not None:
        raise ValueError("record: preroll waits for trigger(seconds), which says how long; leave duration out")
    if request.keep_segments is not None and not request.several:
        raise ValueError("record: keep_segments needs segments, or a preroll with a numbered path")


def _metadata(metadata: Mapping[str, str] | None) -> Mapping[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise wrong_type("record: metadata", "a mapping", metadata)
    for name, value in metadata.items():
        if not isinstance(name, str) or not name or "\0" in name:
            raise wrong_type("record: metadata", "names that are str", name)
        if not isinstance(value, str) or "\0" in value:
            raise wrong_type(f"record: metadata[{name!r}]", "a str without null characters", value)
    return dict(metadata)


def _microseconds(seconds: float | None, name: str) -> int | None:
    number = _positive(seconds, name)
    return None if number is None else max(1, round(number * 1_000_000))


def _count(value: int | None, name: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise wrong_type(f"record: {name}", "an int", value)
    number = _positive(value, name)
    return None if number is None else int(number)


def _check_object(target: RecordingTarget) -> None:
    """Refuse a file object that cannot take bytes."""
    cure = 'open it for writing bytes: open(path, "wb")'
    if isinstance(target, io.TextIOBase):
        raise TypeError(f"record: target is a text file; {cure}")
    writable = getattr(target, "writable", None)
    closed = bool(getattr(target, "closed", False))
    if not isinstance(target, str | os.PathLike) and not closed and callable(writable) and not writable():
        raise ValueError(f"record: target is open for reading only; {cure}")


def _container(target: RecordingTarget, mime_type: str | None) -> tuple[ContainerType, Kind, tuple[str, ...] | None]:
    try:
        sent = network_container(target)
    except ValueError as error:
        raise NotSupportedError(f"record: {error}") from error
    if sent is not None:
        if mime_type is not None:
            raise NotSupportedError(f"record: what is sent there is {sent.types[0]}; leave mime_type out")
        return sent, "video", None
    if mime_type is not None:
        if not isinstance(mime_type, str):
            raise wrong_type("record: mime_type", "a str", mime_type)
        try:
            media_type = parse_mime_type(mime_type)
            container = container_of_type(media_type)
            if container is not None:
                for kind in ("video", "audio"):
                    select_codec(container, "video" if kind == "video" else "audio", media_type.codecs)
        except ValueError as error:
            raise NotSupportedError(f"record: {error}") from error
        if container is None:
            raise NotSupportedError(f"record: {media_type.essence} is not written here; try video/webm or video/mp4")
        return container, media_type.kind, media_type.codecs
    name = os.fspath(target) if isinstance(target, str | os.PathLike) else getattr(target, "name", "")
    found = container_of_suffix(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(
            f"record: cannot tell the format from {name!r}; use .webm .mp4 .mkv .wav .flac .ogg .m4a .mka "
            'or name it: mime_type="video/webm"'
        )
    return found[0], found[1], None


def _encoder_options(options: EncoderOptions | None, kind: Kind) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Split the options by kind: ``{"video": {…}, "audio": {…}}``, or flat, for the pictures if there are any."""
    if options is None:
        return {}, {}
    if not isinstance(options, Mapping):
        raise wrong_type("record: encoder_options", "a mapping", options)
    if options and set(options) <= {"video", "audio"} and all(isinstance(one, Mapping) for one in options.values()):
        return _texts(options.get("video", {})), _texts(options.get("audio", {}))
    flat = _texts(options)
    return (flat, {}) if kind == "video" else ({}, flat)


def _texts(options: EncoderOptions) -> Mapping[str, str]:
    texts = {}
    for name, value in options.items():
        if not isinstance(name, str):
            raise wrong_type("record: encoder_options", "names that are str", name)
        if not isinstance(value, str | int | float):
            raise wrong_type(f"record: encoder_options[{name!r}]", "a str or a number", value)
        texts[name] = str(int(value)) if isinstance(value, bool) else str(value)
    return texts


def _positive(value: float | None, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise wrong_type(f"record: {name}", "a number", value)
    number = float(value)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"record: {name} must be more than 0, not {value!r}")
    return number


def _bits(value: int | None, name: str) -> int | None:
    number = _positive(value, name)
    return None if number is None else max(1, round(number))


def choose_tracks(stream: MediaStream, request: Request) -> list[MediaStreamTrack]:
    """Choose the live tracks that go into the file.

    Raises:
        InvalidStateError: no track is live.
        NotSupportedError: the container holds none of them, or only one of several.
    """
    live = [track for track in stream.get_tracks() if track.ready_state == "live"]
    if not live:
        raise InvalidStateError("record: no track of the stream is live; nothing can be recorded any more")
    chosen = [track for track in live if track.kind == "audio" or request.kind == "video"]
    if not chosen:
        raise NotSupportedError(
            "record: the stream has no sound, and this format holds nothing else; use .webm or .mp4"
        )
    if request.container.name in _ONE_TRACK and len(chosen) > 1:
        raise NotSupportedError(
            f"record: {request.container.name} holds one track, the stream has {len(chosen)}; use .mka"
        )
    return chosen


def open_session(
    request: Request,
    intakes: Sequence[Intake],
    clock: Clock,
    done: Callable[[], None],
    progress: Callable[[Counts], None] | None,
) -> tuple[Session, str, str | None, str | None]:
    """Choose the encoders, open the target. Blocks: for a worker thread.

    Returns:
        The session at rest, the file's media type, and the names of the codecs.

    Raises:
        NotSupportedError: no encoder works here.
        OSError: the target cannot be written.
    """
    from mediastreams._engine.encoding.codecs import KeyFrames
    from mediastreams._engine.encoding.parts import Splitting
    from mediastreams._engine.encoding.session import Plan, Session
    from mediastreams._engine.encoding.writer import Options

    container = request.container
    video = _codec(request, "video", intakes)
    audio = _codec(request, "audio", intakes)
    plan = Plan(
        container=container.name,
        video=None if video is None else video[1],
        audio=None if audio is None else audio[1],
        options=Options(
            _live_options(request, video), request.audio_options if audio is not None else {}, metadata=request.metadata
        ),
        video_bit_rate=request.video_bit_rate,
        audio_bit_rate=request.audio_bit_rate,
        duration=request.duration,
        video_tag=_IN_BAND.get(video[0]) if video is not None and container.name in _LATE_COMERS else None,
        key_frames=KeyFrames(_SENT_KEY_FRAMES_US) if network_container(request.target) is not None else None,
        splitting=Splitting(
            request.segment_duration, request.segment_bytes, request.keep_segments, request.preroll, _MOST_HELD
        ),
    )
    target, open_next, open_file = _targets(request)
    session = Session(
        plan, intakes, target, clock, done=done, progress=progress, open_target=open_next, open_file=open_file
    )
    video_codec, audio_codec = (None if one is None else one[0] for one in (video, audio))
    return session, mime_type_of(container, video_codec, audio_codec), video_codec, audio_codec


def _live_options(request: Request, video: tuple[str, EncoderModel | None] | None) -> Mapping[str, str]:
    """The encoder's options; what is sent is wanted now, and an encoder that looks ahead holds it back."""
    model = None if video is None else video[1]
    if scheme_of(request.target) and model is not None and model.name in {"libx264", "libx265"}:
        return {"tune": "zerolatency", **request.video_options}
    return request.video_options


def _targets(
    request: Request,
) -> tuple[Target, Callable[[], Target] | None, Callable[[Target, int, datetime], None] | None]:
    """The first target, what makes the next ones, and what gives them their names; `None` where there is only one."""
    from mediastreams._engine.encoding.target import FileTarget, check_folder, open_target

    path = request.path
    if path is None or (not request.several and request.preroll is None):
        return open_target(request.target), None, None
    taken: set[str] = set()

    def name_of(number: int, when: datetime) -> str:
        name = first = numbered(path, number, when.astimezone()) if request.several else path
        stem, suffix = os.path.splitext(first)  # noqa: PTH122 - the rest of the path stays as it was written
        again = 1
        while name in taken:  # two in the same second, or whatever the pattern counts
            again += 1
            name = f"{stem}-{again}{suffix}"
        return name

    def open_file(target: Target, number: int, when: datetime) -> None:
        assert isinstance(target, FileTarget)
        name = name_of(number, when)
        taken.add(name)
        target.open(name)

    check_folder(name_of(0, datetime.now(UTC)))
    return FileTarget(path, late=True), (lambda: FileTarget(path, late=True)) if request.several else None, open_file


def _codec(request: Request, kind: Kind, intakes: Sequence[Intake]) -> tuple[str, EncoderModel | None] | None:
    """The first track's codec, and what encodes it where it is not all copied; ``None`` without such a track."""
    from mediastreams._engine.encoding.codecs import choose_encoder

    formats = [intake.format for intake in intakes if intake.kind == kind]
    encoder = choose_encoder(select_codec(request.container, kind, request.codecs)) if None in formats else None
    first = formats[0] if formats else None
    if first is not None:
        return codec_of(first.codec) or first.codec, None if encoder is None else encoder[1]
    return encoder
