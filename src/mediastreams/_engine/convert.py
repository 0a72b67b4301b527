"""Conversions of a `Picture`: to arrays, to other formats and sizes, each made once however many ask.

Not for: deciding about sizes (``_rules/geometry.py``), nor for the public handle (``video_frame.py``).

Rules of the file: nobody calls a PyAV frame's own conversions (two threads in there deadlock), and
FFmpeg's scaler, which writes its source's colour tags while it works, sees a private reference only.
One lock per picture and result, held by the thread that makes it; `age` takes no lock at all. Results
are immutable and shared. They are remembered in ``picture.conversions``: strongly while the picture is
one of its source's newest two, weakly afterwards.

Colours: the source's tags decide the matrix (BT.601 where it has none, as in FFmpeg) and the range
(``yuvj…`` formats and tagged pictures are full). What comes out as ``yuv…``, ``nv…`` is limited range
unless it went in that way in the same format; from RGB the matrix is BT.601 unless the picture says other.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar, cast

import av
import av.error
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from mediastreams._engine.array_formats import layout_of, packed, plane_of
from mediastreams._engine.frame_refs import Crop, Pool, deep_copy, private_frame
from mediastreams._engine.frames import Picture
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Crop", "age", "age_results", "keep_for_ever", "plane", "restamped", "scaled", "to_format", "to_ndarray"]

T = TypeVar("T")
_AGED: Final = object()  # marks among the results' keys, which no format can be mistaken for
_KEPT: Final = object()


class _Slot:
    """One remembered result. ``lock`` is held while it is made."""

    __slots__ = ("lock", "strong", "weak")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.strong: object = None
        self.weak: weakref.ref[object] | None = None

    def get(self) -> object:
        weak = self.weak
        return self.strong if weak is None else weak()

    def put(self, value: object) -> None:
        self.strong = value
        self.weak = weakref.ref(value)


def _once(picture: Picture, key: object, make: Callable[[], T]) -> T:
    """Answer the remembered result, or make it while others who want the same one wait."""
    slot = picture.conversions.get(key)
    if slot is None:
        slot = picture.conversions.setdefault(key, _Slot())
    slot = cast("_Slot", slot)
    value = slot.get()
    if value is None:
        with slot.lock:
            value = slot.get()
            if value is None:
                value = make()
                slot.put(value)
                if _AGED in picture.conversions:  # looked at after the store: `age` marks before it looks
                    _weaken(slot)
    return cast("T", value)


def age(picture: Picture) -> None:
    """Let go of the conversions nobody else holds: the picture is no longer one of its source's newest two.

    Takes no lock and never waits, whatever is being converted meanwhile. Idempotent; any thread.
    """
    age_results(picture.conversions)


def age_results(memo: dict[object, object]) -> None:
    """The same for what was remembered of a picture, which itself may be gone."""
    if _KEPT in memo or _AGED in memo:
        return
    memo[_AGED] = True
    for slot in list(memo.values()):
        if isinstance(slot, _Slot):
            _weaken(slot)


def _weaken(slot: _Slot) -> None:
    value = slot.get()
    if isinstance(value, Picture):
        age(value)
    slot.strong = None


def keep_for_ever(picture: Picture) -> None:
    """Exempt a picture that is shown again and again (black) from `age`."""
    picture.conversions[_KEPT] = True


def restamped(
    picture: Picture, timestamp: int, duration: int | None = None, metadata: Mapping[str, object] | None = None
) -> Picture:
    """Make a picture of the same pixels at another time; it shares the conversions, nothing is copied."""
    other = Picture(picture.av, timestamp, duration, picture.metadata if metadata is None else metadata)
    other.conversions = picture.conversions
    other.lock = picture.lock
    return other


# --- to other pictures ---


def scaled(picture: Picture, width: int, height: int, crop: Crop | None = None) -> Picture:
    """Cut out ``crop`` and scale it to the given size; made once for all who want the same.

    A crop alone copies nothing. ``crop`` must lie inside and be aligned to the chroma (even for 4:2:0).

    Raises: NotSupportedError (FFmpeg cannot scale the picture's format), ValueError (size or crop impossible).
    """
    return _derived(picture, picture.av.format.name, width, height, crop)


def to_format(picture: Picture, format: str) -> Picture:
    """Convert to a pixel format of FFmpeg's, the size unchanged; the same picture when it has it already.

    Raises: NotSupportedError (there is no such conversion), ValueError (there is no such format).
    """
    return _derived(picture, format, picture.width, picture.height, None)


def _derived(picture: Picture, format: str, width: int, height: int, crop: Crop | None) -> Picture:
    frame = picture.av
    if crop == (0, 0, frame.width, frame.height):
        crop = None
    if crop is None and (width, height) == (frame.width, frame.height) and format == frame.format.name:
        return picture
    if width < 1 or height < 1:
        raise ValueError(f"a picture cannot be {width}x{height}")
    if crop is not None and not _inside(crop, frame):
        raise ValueError(f"the crop {crop} does not lie inside {frame.width}x{frame.height}")

    def make() -> Picture:
        # stamped anew, not the source's metadata object: pts of a shared frame may be another delivery's
        converted = _reformat(picture.av, format, width, height, crop)
        return Picture.stamped(converted, picture.timestamp, picture.duration, picture.metadata)

    made = _once(picture, (format, width, height, crop), make)
    if made.timestamp == picture.timestamp and made.duration == picture.duration and made.metadata is picture.metadata:
        return made
    return restamped(made, picture.timestamp, picture.duration, picture.metadata)


def _inside(crop: Crop, frame: av.VideoFrame) -> bool:
    left, top, width, height = crop
    within = left >= 0 and top >= 0 and left + width <= frame.width and top + height <= frame.height
    return within and width > 0 and height > 0


# --- FFmpeg's scaler ---

_reformatters: Final[Pool[object, VideoReformatter]] = Pool(lambda _: VideoReformatter())  # a cache
_MATRICES: Final = {1, 4, 7, 9}  # AVColorSpace values that are swscale's own numbers: BT.709, FCC, 240M, BT.2020


def _reformat(frame: av.VideoFrame, format: str, width: int, height: int, crop: Crop | None) -> av.VideoFrame:
    """Convert a shared frame. The caller holds the lock of this very result."""
    source = private_frame(frame, crop=crop)
    have = source.format.name
    if (source.width, source.height, have) == (width, height, format):
        return source
    key = (have, source.width, source.height, format, width, height)
    matrix, full = _colours(source, format)
    shrinking = width < source.width and height < source.height
    try:
        reformatter = _reformatters.take(key)
        out = reformatter.reformat(
            source,
            width,
            height,
            format,
            dst_colorspace=matrix,
            dst_color_range=full,
            interpolation=Interpolation.AREA if shrinking else Interpolation.BILINEAR,  # averaging: sharper, cheaper
            threads=1,  # less CPU than more threads, and nothing to hang in a forked child
        )
    except av.error.FFmpegError as error:
        raise NotSupportedError(f"FFmpeg cannot convert {have} to {format} {width}x{height}: {error}") from error
    _reformatters.give(key, reformatter)
    return out


def _colours(source: av.VideoFrame, format: str) -> tuple[int | None, int | None]:
    """Choose matrix and range of the result; ``None`` keeps the source's."""
    if source.format.name == format:
        return None, None
    wanted = av.VideoFormat(format)
    if wanted.is_rgb or len(wanted.components) < 3:  # RGB, grey: FFmpeg knows them as full range
        return None, None
    full = ColorRange.JPEG if format.startswith("yuvj") else ColorRange.MPEG
    if source.format.is_rgb and int(source.colorspace) not in _MATRICES:
        return Colorspace.ITU601, full
    return None, full


# --- to arrays ---


def to_ndarray(picture: Picture, format: str) -> npt.NDArray[np.generic]:
    """Convert to a C-contiguous, read-only array; made once for all who want the same format.

    ``uint8 [height, width, channels]`` for packed formats, ``[height, width]`` for grey, ``[height * 3 / 2,
    width]`` for ``yuv420p`` and ``nv12``, ``[3, height, width]`` for ``yuv444p``; ``uint16`` for deep ones.

    Raises: ValueError (unknown format, or a size that does not fit it), NotSupportedError.
    """
    slot = picture.conversions.get(format)
    if slot is not None and (value := cast("_Slot", slot).get()) is not None:  # FAST-PATH: 0.15 µs, not 0.6
        return cast("npt.NDArray[np.generic]", value)
    layout = layout_of(format)

    def make() -> npt.NDArray[np.generic]:
        layout.shape(picture.width, picture.height)  # raises before any work where there is no such array
        frame = _reformat(picture.av, layout.name, picture.width, picture.height, None)
        return packed(_upright(frame), layout)

    if format != layout.name:
        return to_ndarray(picture, layout.name)
    return _once(picture, format, make)


def plane(picture: Picture, index: int) -> npt.NDArray[np.generic]:
    """View one plane as ``[height, width]`` (``[height, width, channels]`` where samples are interleaved).

    Nothing is copied; lines may be padded, so the view need not be contiguous. Read-only.

    Raises: IndexError (no such plane).
    """
    frame = picture.av
    planes = frame.planes
    if not 0 <= index < len(planes):
        raise IndexError(f"{frame.format.name} has planes 0 to {len(planes) - 1}, not {index}")
    return plane_of(_upright(frame), index)


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Copy a frame whose lines are stored bottom first: PyAV's planes would reach past its end."""
    return deep_copy(frame) if frame.planes[0].line_size < 0 else frame
