"""What a remote source's chunks are: `chunk_format_of`, told by the first frame that came.

Not for: decoding. On a worker thread: FFmpeg looks into the frame.

Rules of the file: a container makes its stream after that of another one; the other one is the smallest file that can
be written around one frame, in memory. Nothing of it stays open.
"""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING, Final

import av
import av.error

from mediastreams._engine.frames import ChunkFormat

if TYPE_CHECKING:
    from mediastreams.webrtc.plans import Codec

__all__ = ["chunk_format_of"]

_IVF: Final = {"vp8": b"VP80", "vp9": b"VP90", "av1": b"AV01"}
_PLAIN: Final = {"pcmu": "mulaw", "pcma": "alaw", "g722": "g722"}
_OGG_POLYNOMIAL: Final = 0x04C11DB7


def chunk_format_of(
    codec: Codec, frame: bytes, *, width: int = 0, height: int = 0, channels: int = 1
) -> ChunkFormat | None:
    """Describe the chunks of a stream that has this (key) frame; ``None`` where FFmpeg makes nothing of it."""
    format, data, options = _file_around(codec, frame, width, height, channels)
    try:
        with av.open(io.BytesIO(data), format=format, options=options) as container:
            stream = container.streams[0]
            template = av.open(os.devnull, "w", format="null").add_stream_from_template(stream, opaque=True)
            context = stream.codec_context
            extradata = context.extradata or b""
            name = context.codec.canonical_name
            if codec.kind == "video":
                if not context.width:  # type: ignore[attr-defined]  # pictures' has it
                    return None
                return ChunkFormat("video", name, template, extradata, width=width, height=height)
            return ChunkFormat(
                "audio",
                name,
                template,
                extradata,
                sample_rate=context.sample_rate,  # type: ignore[attr-defined]  # sound's has it
                layout="stereo" if channels == 2 else "mono",
                channels=channels,
            )
    except (av.error.FFmpegError, ValueError):
        return None


def _file_around(
    codec: Codec, frame: bytes, width: int, height: int, channels: int
) -> tuple[str, bytes, dict[str, str]]:
    """A file format, and the least file of it that has this frame."""
    name = codec.name
    if name in _IVF:
        head = struct.pack(
            "<4sHH4sHHIIII", b"DKIF", 0, 32, _IVF[name], width & 0xFFFF, height & 0xFFFF, 90_000, 1, 1, 0
        )
        return "ivf", head + struct.pack("<IQ", len(frame), 0) + frame, {}
    if name == "opus":
        return "ogg", _ogg(frame, channels), {}
    if name in _PLAIN:
        rate = "16000" if name == "g722" else "8000"
        return _PLAIN[name], frame, {"sample_rate": rate} if name != "g722" else {}
    return name, frame, {}


def _ogg(packet: bytes, channels: int) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc7845#section-5."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<II", 0, 0)
    return _page(head, 0, 2) + _page(tags, 1, 0) + _page(packet[:1] + b"\xff\xfe", 2, 4)


def _page(body: bytes, number: int, flags: int) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc3533#section-6."""
    head = struct.pack("<4sBBqIIIBB", b"OggS", 0, flags, 0, 1, number, 0, 1, len(body))
    data = head + body
    check = 0
    for byte in data:
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ _OGG_POLYNOMIAL if check & 0x80000000 else check << 1) & 0xFFFFFFFF
    return data[:22] + struct.pack("<I", check) + data[26:]
