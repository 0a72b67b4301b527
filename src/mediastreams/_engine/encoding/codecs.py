"""Codecs: which encoders there are, how they are set for recording live, which of them really open here.

Not for: which container takes which codec (``_rules/mime_types.py``).

Rules of the file: an encoder counts when it has been opened once, the answer is kept for the process; one made of
hardware when it has also encoded a picture, since drivers promise more than they keep. No encoder holds back more
than a quarter of a second of pictures, since what it holds is lost when the process is killed.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.frames import MICROSECONDS
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = [
    "ENCODERS",
    "HARDWARE",
    "EncoderModel",
    "KeyFrames",
    "VideoPlan",
    "available_encoder",
    "choose_encoder",
    "default_bit_rate",
    "hardware_encoder",
    "vp8_threads",
]

_logger = logging.getLogger(__name__)
_THREADS: Final = max(1, min(4, os.cpu_count() or 1))  # more threads are more frames held back
_SVT_LEAST_RATED: Final = 64  # pixels of a side below which SVT-AV1 keeps to no rate


@dataclass(frozen=True, slots=True)
class KeyFrames:
    """When a picture must become a key frame: ``interval`` µs after the last one, or after ``count`` others."""

    interval: int | None = 4_000_000  # where players can jump to
    count: int | None = None


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """What an encoder for pictures is made for. ``bit_rate`` ``None``: nothing was asked.

    ``tag`` is the four letters that name the codec's form in an MP4 file (``hev1``, ``avc3``), if not the usual ones.
    """

    width: int
    height: int
    frame_rate: float
    bit_rate: int | None = None
    key_frames: KeyFrames = KeyFrames()
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class EncoderModel:
    """One encoder of FFmpeg's.

    ``options`` gives its settings for a plan; ``formats`` are pixel or sample formats
    that it takes, the first being what others are converted to; ``even``: width and height must be even. ``layouts``
    are those that every decoder knows, ``other_layouts`` whether more can be written.
    """

    name: str
    kind: Kind
    formats: tuple[str, ...]
    options: Callable[[VideoPlan], Mapping[str, str]]
    even: bool = False
    sample_rates: tuple[int, ...] = ()
    layouts: tuple[str, ...] = ()
    other_layouts: bool = True


def default_bit_rate(plan: VideoPlan) -> int:
    """Choose a bit rate for live video: a tenth of a bit per pixel, 2.8 Mbit/s for 720p30."""
    return max(200_000, round(plan.width * plan.height * min(plan.frame_rate, 60) * 0.1))


def _x264(plan: VideoPlan) -> Mapping[str, str]:
    options = {
        "preset": "veryfast",
        "bf": "0",
        "rc-lookahead": str(max(1, min(10, int(plan.frame_rate * 0.2)))),
        "x264-params": f"sync-lookahead=0:repeat-headers={int(plan.tag == 'avc3')}",  # avc3: they stand in the stream
        "threads": str(_THREADS),
    }
    return options if plan.bit_rate else {**options, "crf": "23"}


def vp8_threads(plan: VideoPlan) -> int:
    """Choose how many threads encode VP8: one, where it can keep up.

    They wait for each other by spinning: on a busy machine two take 7 (1080p) to 25 (240p) times one's processor time.
    """
    return 1 if plan.width * plan.height <= 1920 * 1200 else _THREADS


def _vpx(plan: VideoPlan, threads: int) -> Mapping[str, str]:
    return {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": str(threads), **_rate(plan)}


def _vp8(plan: VideoPlan) -> Mapping[str, str]:
    return _vpx(plan, vp8_threads(plan))


def _vp9(plan: VideoPlan) -> Mapping[str, str]:
    constant = {"minrate": str(plan.bit_rate or default_bit_rate(plan)), "aq-mode": "3", "row-mt": "1"}
    return {**_vpx(plan, _THREADS), **constant}  # without a ceiling, noise takes ten times the rate


def _av1(plan: VideoPlan) -> Mapping[str, str]:
    # low delay needs a constant rate; the parameters say so to an encoder that would look two seconds ahead
    if min(plan.width, plan.height) < _SVT_LEAST_RATED:
        return {"preset": "11", "svtav1-params": "pred-struct=1:rtc=1", "crf": "30", "b": "0"}
    rate = str(plan.bit_rate or default_bit_rate(plan))
    return {"preset": "11", "svtav1-params": "rc=2:pred-struct=1:rtc=1", "b": rate}


def _rate(plan: VideoPlan) -> Mapping[str, str]:
    rate = str(plan.bit_rate or default_bit_rate(plan))
    return {"b": rate, "maxrate": rate, "bufsize": rate}


def _x265(plan: VideoPlan) -> Mapping[str, str]:
    # its log goes to stderr past FFmpeg's; frame threads hold pictures back, so one
    quiet = "log-level=none:frame-threads=1:rc-lookahead=5:bframes=0:repeat-headers=" + str(int(plan.tag == "hev1"))
    options = {"preset": "ultrafast", "x265-params": quiet, "threads": str(_THREADS)}
    return options if plan.bit_rate else {**options, "crf": "26"}


def _nvenc(plan: VideoPlan) -> Mapping[str, str]:
    return {"preset": "p4", "tune": "ll", "bf": "0", "delay": "0", "forced-idr": "1", **_rate(plan)}


def _qsv(plan: VideoPlan) -> Mapping[str, str]:
    return {"preset": "veryfast", "bf": "0", "async_depth": "1", "forced_idr": "1", **_rate(plan)}


def _amf(plan: VideoPlan) -> Mapping[str, str]:
    return {"usage": "lowlatency", "forced_idr": "1", **_rate(plan)}


def _media_foundation(plan: VideoPlan) -> Mapping[str, str]:
    return {"hw_encoding": "1", "scenario": "live_streaming", "b": _rate(plan)["b"]}


def _videotoolbox(plan: VideoPlan) -> Mapping[str, str]:
    return {"realtime": "1", "bf": "0", "b": _rate(plan)["b"]}


def _none(_: VideoPlan) -> Mapping[str, str]:
    return {}


_OPUS_LAYOUTS: Final = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")

ENCODERS: Final[Mapping[str, tuple[EncoderModel, ...]]] = {
    "vp8": (EncoderModel("libvpx", "video", ("yuv420p",), _vp8),),
    "vp9": (EncoderModel("libvpx-vp9", "video", ("yuv420p",), _vp9),),
    "av1": (EncoderModel("libsvtav1", "video", ("yuv420p",), _av1),),
    "h264": (EncoderModel("libx264", "video", ("yuv420p", "nv12"), _x264, even=True),),
    "h265": (EncoderModel("libx265", "video", ("yuv420p",), _x265, even=True),),
    "opus": (
        EncoderModel(
            "libopus", "audio", ("flt",), _none, sample_rates=(48_000,), layouts=_OPUS_LAYOUTS, other_layouts=False
        ),
    ),
    "aac": (
        EncoderModel(
            "aac",
            "audio",
            ("fltp",),
            _none,
            layouts=("mono", "stereo", "3.0", "4.0", "5.0", "5.1"),
            sample_rates=(
                96_000,
                88_200,
                64_000,
                48_000,
                44_100,
                32_000,
                24_000,
                22_050,
                16_000,
                12_000,
                11_025,
                8_000,
            ),
        ),
    ),
    "flac": (EncoderModel("flac", "audio", ("s16",), _none),),
    "pcm": (EncoderModel("pcm_s16le", "audio", ("s16",), _none),),
}


def _hardware(prefix: str) -> tuple[EncoderModel, ...]:
    """The encoders that a codec may have in hardware, the best first. VAAPI has none that takes plain frames."""
    return (
        EncoderModel(f"{prefix}_nvenc", "video", ("yuv420p", "nv12"), _nvenc, even=True),
        EncoderModel(f"{prefix}_videotoolbox", "video", ("nv12", "yuv420p"), _videotoolbox, even=True),
        EncoderModel(f"{prefix}_qsv", "video", ("nv12",), _qsv, even=True),
        EncoderModel(f"{prefix}_amf", "video", ("nv12", "yuv420p"), _amf, even=True),
        EncoderModel(f"{prefix}_mf", "video", ("nv12", "yuv420p"), _media_foundation, even=True),
        EncoderModel(f"{prefix}_vaapi", "video", ("nv12",), _rate, even=True),
    )


HARDWARE: Final[Mapping[str, tuple[EncoderModel, ...]]] = {
    "h264": _hardware("h264"),
    "h265": _hardware("hevc"),
    "av1": _hardware("av1"),
    "vp9": _hardware("vp9"),
    "vp8": _hardware("vp8"),
}
"""Encoders of graphics cards and systems by codec. Which of them FFmpeg has, and which work, is seen by trying."""


@functools.cache
def available_encoder(codec: str) -> EncoderModel | None:
    """Find the first encoder of a codec that opens here; ``None`` when none does. Tried once per process.

    Software is asked first, being quick to answer.
    """
    software = next((model for model in ENCODERS.get(codec, ()) if _opens(model)), None)
    return software or hardware_encoder(codec)


@functools.cache
def hardware_encoder(codec: str) -> EncoderModel | None:
    """Find the first hardware encoder of a codec that really encodes here. Tried once per process; takes a while."""
    for model in HARDWARE.get(codec, ()):
        if _opens(model, encode=True):
            _logger.info("%s is encoded by hardware: %s", codec, model.name)
            return model
    _logger.debug("no hardware encoder works for %s", codec)
    return None


def choose_encoder(codecs: Sequence[str], *, hardware: bool = False) -> tuple[str, EncoderModel]:
    """Choose the first codec that can be encoded here; with ``hardware`` by a graphics card if one can.

    Raises:
        NotSupportedError: none of them can.
    """
    for codec in codecs:
        model = (hardware_encoder(codec) if hardware else None) or available_encoder(codec)
        if model is not None:
            return codec, model
    raise NotSupportedError(f"the FFmpeg inside PyAV has no working encoder for {' or '.join(codecs)}")


def _opens(model: EncoderModel, *, encode: bool = False) -> bool:
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 talks to stderr past FFmpeg's log: errors only
    try:
        context = av.CodecContext.create(model.name, "w")
    except (ValueError, av.FFmpegError):  # this FFmpeg was built without it
        return False
    try:
        if isinstance(context, av.VideoCodecContext):
            plan = VideoPlan(320, 240, 30.0)
            context.width, context.height, context.pix_fmt = plan.width, plan.height, model.formats[0]
            context.time_base, context.framerate = MICROSECONDS, Fraction(30)
            context.options = dict(model.options(plan))
        elif isinstance(context, av.AudioCodecContext):
            context.sample_rate, context.layout, context.format = 48_000, "stereo", model.formats[0]
        open_encoder(context)
        if encode and isinstance(context, av.VideoCodecContext):
            frame = av.VideoFrame(context.width, context.height, model.formats[0])
            for plane in frame.planes:
                memoryview(plane)[:] = bytes((128,)) * plane.buffer_size
            frame.time_base, frame.pts = MICROSECONDS, 0
            return any((*context.encode(frame), *context.encode(None)))
    except (ValueError, OSError, av.FFmpegError):  # no such device, no licence, no memory: not here
        return False
    return True
