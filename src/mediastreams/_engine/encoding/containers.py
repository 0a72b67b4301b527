"""How FFmpeg writes each container so that a recording survives a kill.

Not for: what a media type means (``_rules/mime_types.py``).

Measured with SIGKILL after 3 s at 30 fps, what is lost besides what the encoder holds back: WebM and Matroska up
to one cluster (0.5 s), MP4 up to one fragment (0.5 s), Ogg one page (0.2 s), FLAC one block (0.1 s), WAV
nothing. All of them are whole files again when the recording ends properly: duration, index, no fragments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["MUXERS", "Muxer", "file_metadata", "metadata_flags", "sliced", "track_metadata"]

_INTERLEAVE: Final = {
    "flush_packets": "1",
    "max_interleave_delta": "500000",  # µs: a silent track must not keep the others in memory
}


@dataclass(frozen=True, slots=True)
class Muxer:
    """FFmpeg's name and options for one container; ``unseekable`` is added for pipes and sockets.

    ``least_step`` is the smallest distance of two pictures, µs, that the container can tell apart. ``sizes_in_head``:
    a wave file, whose head ends with the size of what follows.
    """

    name: str
    options: Mapping[str, str]
    unseekable: Mapping[str, str]
    least_step: int = 1_000
    sizes_in_head: bool = False


MUXERS: Final[Mapping[str, Muxer]] = {
    "webm": Muxer("webm", {**_INTERLEAVE, "cluster_time_limit": "500"}, {"live": "1"}),
    "matroska": Muxer("matroska", {**_INTERLEAVE, "cluster_time_limit": "500"}, {"live": "1"}),
    "mp4": Muxer(
        "mp4",
        # delay_moov: only then the encoder's delay is known, and the edit written that keeps sound with picture
        {
            **_INTERLEAVE,
            "movflags": "+hybrid_fragmented+delay_moov",
            "frag_duration": "500000",
            "video_track_timescale": "90000",
        },
        {"movflags": "+frag_keyframe+delay_moov+default_base_moof"},
    ),
    "wav": Muxer("wav", {"flush_packets": "1", "rf64": "auto"}, {}, sizes_in_head=True),
    "flac": Muxer("flac", {"flush_packets": "1"}, {}),
    "ogg": Muxer("ogg", {"flush_packets": "1", "page_duration": "200000"}, {}),
    "flv": Muxer("flv", {**_INTERLEAVE, "flvflags": "no_duration_filesize"}, {}),
    "mpegts": Muxer("mpegts", {**_INTERLEAVE, "pat_period": "0.5"}, {}),
    "rtp_mpegts": Muxer("rtp_mpegts", {**_INTERLEAVE, "mpegts_muxer_options": "pat_period=0.5"}, {}),
    "rtsp": Muxer("rtsp", {**_INTERLEAVE, "rtsp_transport": "tcp"}, {}),
    "hls": Muxer(
        "hls", {**_INTERLEAVE, "hls_time": "2", "hls_list_size": "0", "hls_flags": "independent_segments"}, {}
    ),
}

_LONGEST_US: Final = 500_000
_SHORTEST_US: Final = 50_000  # each piece costs a head: 50 to 300 bytes


def sliced(container: str, slice_us: int) -> Mapping[str, str]:
    """Options that let what is recorded come out in pieces so short that slices of that length can be handed over."""
    length = min(max(slice_us, _SHORTEST_US), _LONGEST_US)
    if container in ("webm", "matroska"):
        return {"cluster_time_limit": str(length // 1000)}
    if container == "mp4":
        return {"frag_duration": str(length)}
    return {"page_duration": str(min(length, 200_000))} if container == "ogg" else {}


_MP4_KEYS: Final = frozenset(
    {"title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright", "description"}
    | {"synopsis", "show", "grouping", "lyrics", "track", "make", "model", "location", "creation_time", "encoder"}
)


def metadata_flags(muxer: str, metadata: Mapping[str, str]) -> str:
    """What FFmpeg must be told to write these: MP4 has places for the usual names, and another form for all names."""
    return "+use_metadata_tags" if muxer == "mp4" and set(metadata) - _MP4_KEYS else ""


def file_metadata(muxer: str, metadata: Mapping[str, str]) -> dict[str, str]:
    """The same under the names that the container has for them: a wave file knows a date only."""
    named = dict(metadata)
    if muxer == "wav" and "creation_time" in named:
        named.setdefault("date", named.pop("creation_time"))
    return named


def track_metadata(muxer: str, label: str) -> dict[str, str]:
    """What a track is called, where its container says so; those of one track have no place for it."""
    name = {"mp4": "handler_name", "webm": "title", "matroska": "title"}.get(muxer)
    return {name: label} if name is not None and label else {}
