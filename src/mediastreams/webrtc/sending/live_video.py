"""`LiveVideo`: one encoder for pictures, set for calls: nothing held back, constant rate, key frames when asked.

Not for: choosing rates (``_rules/renditions.py``) or when a key frame is due (``_rules/key_requests.py``); nor for
recording (``_engine/encoding``), whose list of hardware encoders this uses.

Rules of the file: hardware is taken where it works, else software, with one line in the log. An encoder that cannot
change its rate while it runs says so, and is opened anew by its user. Key frames come only when they are asked for.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from mediastreams._engine.convert import scaled, to_format
from mediastreams._engine.encoding.codecs import VideoPlan, hardware_encoder, vp8_threads
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.frame_refs import private_frame
from mediastreams._engine.frames import MICROSECONDS
from mediastreams._rules.h264_profiles import H264Profile, profile_level
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture
    from mediastreams.webrtc.sending.encoded import VideoChoice

__all__ = ["LiveVideo"]

_logger = logging.getLogger(__name__)
_KEY_PICTURE: Final = 1  # av.video.frame.PictureType.I
_UNSPECIFIED: Final = 2
_BT601: Final = 6
_SELDOM: Final = 3000  # frames: an encoder that is never asked makes a key frame of its own
_RAISABLE: Final = 2  # times: its buffer stays as it was opened
_SLICE: Final = 1150  # bytes, packetization mode 0
_CORES: Final = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Model:
    """One of FFmpeg's encoders. ``adapts``: its rate can be changed while it runs."""

    name: str
    options: Callable[[VideoPlan, VideoChoice], Mapping[str, str]]
    formats: tuple[str, ...] = ("yuv420p",)
    even: bool = False
    adapts: bool = False


def _threads(plan: VideoPlan) -> str:
    """A small picture is not worth the threads' company."""
    pixels = plan.width * plan.height
    return str(
        min(_CORES, 1 if pixels <= 640 * 480 else 2 if pixels <= 1280 * 720 else 4 if pixels <= 1920 * 1200 else 8)
    )


def _vpx(plan: VideoPlan, _: VideoChoice) -> Mapping[str, str]:
    rate = str(plan.bit_rate)
    return {
        "deadline": "realtime",
        "cpu-used": "-6",  # VP8: negative is a fixed speed, positive one that takes all the time there is
        "lag-in-frames": "0",
        "b": rate,
        "minrate": rate,
        "maxrate": rate,
        "bufsize": rate,
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "max-intra-rate": "900",  # per cent of a frame's share
        "static-thresh": "1",
        "threads": _threads(plan),
    }


def _vp8(plan: VideoPlan, choice: VideoChoice) -> Mapping[str, str]:
    return {**_vpx(plan, choice), "threads": str(vp8_threads(plan))}


def _vp9(plan: VideoPlan, choice: VideoChoice) -> Mapping[str, str]:
    return {**_vpx(plan, choice), "cpu-used": "8", "aq-mode": "3", "row-mt": "1"}


def _x264(plan: VideoPlan, choice: VideoChoice) -> Mapping[str, str]:
    fast = plan.width * plan.height * plan.frame_rate > 1280 * 720 * 31
    options = {
        "preset": "superfast" if fast else "veryfast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "maxrate": str(plan.bit_rate),  # constant, for x264 changes no other rate while it runs
        "bufsize": str(plan.bit_rate),
        "threads": _threads(plan),
    }
    return options if choice.mode else {**options, "x264-params": f"slice-max-size={_SLICE}"}


def _svt_av1(plan: VideoPlan, _: VideoChoice) -> Mapping[str, str]:
    options = f"rc=2:pred-struct=1:rtc=1:lp={_threads(plan)}"
    return {"preset": "12", "svtav1-params": options, "b": str(plan.bit_rate)}


_SOFTWARE: Final[Mapping[str, _Model]] = {
    "vp8": _Model("libvpx", _vp8),
    "vp9": _Model("libvpx-vp9", _vp9),
    "h264": _Model("libx264", _x264, ("yuv420p", "nv12"), even=True, adapts=True),
    "av1": _Model("libsvtav1", _svt_av1),
}
_PROFILES: Final[Mapping[H264Profile, str]] = {  # by the names that encoders know
    H264Profile.CONSTRAINED_BASELINE: "baseline",
    H264Profile.BASELINE: "baseline",
    H264Profile.MAIN: "main",
    H264Profile.CONSTRAINED_HIGH: "baseline",  # the only one within it that encoders make
    H264Profile.HIGH: "high",
}


_OTHER_PROFILES: Final[Mapping[str, Mapping[str, str]]] = {  # of encoders that do not know them by these names
    "h264_amf": {"baseline": "constrained_baseline", "main": "main", "high": "high"},
    "h264_mf": {"main": "", "high": ""},  # which cannot be told, and makes Main
}


def _profile_options(model: str, choice: VideoChoice) -> Mapping[str, str] | None:
    """The option that makes an encoder keep to the negotiated profile; ``None``: it cannot."""
    if choice.codec != "h264":
        return {}
    found = profile_level(choice.profile)
    name = _PROFILES[found.profile if found else H264Profile.CONSTRAINED_BASELINE]
    known = _OTHER_PROFILES.get(model)
    if known is None:
        return {"profile": name}
    if name not in known:
        return None
    return {"profile": known[name]} if known[name] else {}


def _hardware(choice: VideoChoice) -> _Model | None:
    found = hardware_encoder(choice.codec) if choice.mode else None  # mode 0: their slices have no limit
    if found is None or _profile_options(found.name, choice) is None:
        return None
    options = found.options
    return _Model(found.name, lambda plan, _: options(plan), found.formats, even=found.even)


class LiveVideo:
    """One open encoder. Used by one thread.

    ``width`` and ``height`` are what it encodes, ``source`` the size of pictures it was made for, ``bit_rate`` in bits
    a second. It is of no use for pictures of another size: close it and make another.
    """

    def __init__(
        self, choice: VideoChoice, first: Picture, width: int, height: int, *, frame_rate: float, bit_rate: int
    ) -> None:
        """Open it; takes some milliseconds, the first time with hardware longer.

        Raises:
            NotSupportedError: none opens.
        """
        self.bit_rate = bit_rate
        self._ceiling = bit_rate * _RAISABLE
        plan = VideoPlan(width, height, frame_rate, bit_rate)
        candidates = [model for model in (_hardware(choice), _SOFTWARE[choice.codec]) if model is not None]
        for model in candidates:
            try:
                self._context = self._open(model, plan, choice, first)
            except (ValueError, OSError, av.FFmpegError) as error:
                _logger.warning("%s does not open for %d×%d: %s", model.name, width, height, error)
                continue
            self._model = model
            break
        else:
            raise NotSupportedError(f"no encoder for {choice.codec} opens for {width}×{height}")

    def _open(self, model: _Model, plan: VideoPlan, choice: VideoChoice, first: Picture) -> av.VideoCodecContext:
        context = av.CodecContext.create(model.name, "w")
        assert isinstance(context, av.VideoCodecContext)
        self.width = max(2, plan.width // 2 * 2) if model.even else plan.width
        self.height = max(2, plan.height // 2 * 2) if model.even else plan.height
        name = first.av.format.name
        self._format = name if name in model.formats and int(first.av.color_range) != 2 else model.formats[0]
        context.width, context.height, context.pix_fmt = self.width, self.height, self._format
        context.time_base = MICROSECONDS
        context.framerate = Fraction(plan.frame_rate).limit_denominator(1001)
        context.gop_size = _SELDOM
        context.max_b_frames = 0
        context.bit_rate = plan.bit_rate
        context.color_range = 1
        if first.av.format.is_rgb:
            context.colorspace = _BT601  # what `to_format` makes of RGB
        elif int(first.av.colorspace) != _UNSPECIFIED:
            context.colorspace = int(first.av.colorspace)
        context.options = {**model.options(plan, choice), **(_profile_options(model.name, choice) or {})}
        open_encoder(context)
        return context

    @property
    def name(self) -> str:
        """FFmpeg's name for the encoder."""
        return self._model.name

    @property
    def adapts(self) -> bool:
        """Whether `set_bit_rate` can do anything."""
        return self._model.adapts

    def set_bit_rate(self, bit_rate: int) -> bool:
        """Change the rate while it runs. False: it must be opened anew for that."""
        if not self._model.adapts or bit_rate > self._ceiling:
            return False
        self._context.bit_rate = self.bit_rate = bit_rate
        return True

    def close(self) -> None:
        """Let go of it. Some encoders complain on stderr unless they are told of the end."""
        with contextlib.suppress(ValueError, OSError, av.FFmpegError):
            self._context.encode(None)

    def encode(self, picture: Picture, *, key: bool) -> list[tuple[bytes, int, bool]]:
        """Encode one picture, scaled to the encoder's size; answers data, timestamp in µs, and whether a key frame.

        Raises:
            NotSupportedError: FFmpeg cannot convert the picture.
        """
        shown = to_format(scaled(picture, self.width, self.height), self._format)
        frame = shown.av
        if key or frame.pts != picture.timestamp or frame.time_base != MICROSECONDS:
            frame = private_frame(frame, picture.timestamp)
            if key:
                frame.pict_type = _KEY_PICTURE
        return [
            (bytes(packet), picture.timestamp if packet.pts is None else packet.pts, packet.is_keyframe)
            for packet in self._context.encode(frame)
            if packet.size
        ]
