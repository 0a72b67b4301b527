"""`VideoFrame`: a handle on one shared picture, as WebCodecs has it, with what NumPy users need.

Not for: conversions (``convert.py``) and layouts (``video_layout.py``).

Rules of the file: handles are cheap, pictures are shared and immutable; closing a handle lets go of the
picture and touches no other handle. After `close` the attributes answer what the standard says (no format,
size 0) and every operation raises `InvalidStateError`.

https://w3c.github.io/webcodecs/#videoframe-interface
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, Unpack, cast

import av

from mediastreams._engine import convert
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.clock import get_clock
from mediastreams._engine.frame_refs import private_frame
from mediastreams._engine.frames import Picture
from mediastreams._engine.still import has_transparency, still
from mediastreams._engine.video_copy import CopyPlan
from mediastreams._engine.video_layout import (
    BUFFER_INIT,
    COPY_OPTIONS,
    FRAME_INIT,
    DOMRectReadOnly,
    PlaneLayout,
    VideoColorSpace,
    VideoFrameBufferInit,
    format_name,
    microseconds,
    rectangle,
)
from mediastreams._engine.video_sources import from_buffer, from_pixels
from mediastreams._webidl.conversions import long_long
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import in_parallel
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from types import TracebackType

    import numpy.typing as npt
    from PIL.Image import Image

__all__ = ["VideoFrame"]


class _Look(NamedTuple):
    """How a frame is to be shown, where that differs from its pixels. Sizes are before the rotation."""

    width: int | None = None
    height: int | None = None
    rotation: int | None = None
    flip: bool = False


_PLAIN = _Look()


@public
class VideoFrame:
    """One picture with its time: a light handle on shared, immutable data.

    Owns its handle only: `close` lets go of the data early, dropping the frame does too. Any thread.

    ``VideoFrame(frame, timestamp=…)`` is another handle with another time, ``VideoFrame(video)`` what a `VideoElement`
    shows, ``VideoFrame(canvas, timestamp=…)`` what is painted. Arrays and PIL images are taken as by `from_ndarray`; a
    buffer needs ``format``, ``coded_width``, ``coded_height`` and ``timestamp``.

    https://w3c.github.io/webcodecs/#videoframe
    """

    __slots__ = ("__weakref__", "_array", "_look", "_picture", "_times")

    _picture: Picture | None
    _look: _Look
    _times: tuple[int, int | None]  # of the closed frame
    _array: tuple[str, npt.NDArray[Any]] | None  # what an iterator was asked for, made before hand-over
    _new: ClassVar[Any]

    def __init__(
        self,
        image: object,
        init: VideoFrameBufferInit | Mapping[str, object] | None = None,
        /,
        **members: Unpack[VideoFrameBufferInit],
    ) -> None:
        """Take a picture.

        https://w3c.github.io/webcodecs/#dom-videoframe-videoframe

        Raises:
            TypeError: nothing that shows a picture, or a member that is missing or does not fit.
            ValueError: an array that does not fit its format.
            InvalidStateError: the frame was closed, the element shows nothing, or the canvas has no pixels.
        """
        where = "VideoFrame"
        given = merge_arguments(init, members, where)
        base = _PLAIN
        if "coded_width" in given or "codedWidth" in given:
            options = BUFFER_INIT.convert(given, where)
            picture = from_buffer(image, options)
        else:
            array_format = given.pop("format", None)  # an addition: arrays
            options = FRAME_INIT.convert(given, where)
            shown: Callable[[], Picture] | None = getattr(image, "_shown_picture", None)
            if isinstance(image, VideoFrame):
                picture, base = _retimed(image._open(where), options), image._look  # noqa: SLF001 - of the same class
            elif shown is not None:  # a VideoElement, which this floor does not know
                picture = _retimed(shown(), options)
            else:
                picture = _from_image(image, array_format, options)
        if "visible_rect" in options:
            # DEVIATION: what lies outside the visible rectangle is let go of; coded and visible size are the same.
            rect = rectangle(options["visible_rect"], picture.width, picture.height, picture.av.format.name, where)
            picture = convert.scaled(picture, rect[2], rect[3], rect)
            base = base._replace(width=None, height=None)
        if options["alpha"] == "discard":
            opaque = {
                "rgba": "rgb0",
                "bgra": "bgr0",
                "yuva420p": "yuv420p",
                "yuva422p": "yuv422p",
                "yuva444p": "yuv444p",
            }
            picture = convert.to_format(picture, opaque.get(picture.av.format.name, picture.av.format.name))
        self._picture = picture
        self._array = None
        self._look = _looked(base, picture, options)

    @classmethod
    def _of(cls, picture: Picture, array: tuple[str, npt.NDArray[Any]] | None = None) -> VideoFrame:
        """Make a handle: this is the path of every delivered frame."""
        self = _new_frame(cls)
        self._picture = picture
        self._array = array
        self._look = _PLAIN
        return self

    @classmethod
    def from_ndarray(
        cls,
        array: npt.NDArray[Any],
        *,
        format: str = "rgb24",
        timestamp: int | None = None,
        duration: int | None = None,
        copy: bool = True,
    ) -> VideoFrame:
        """Make a frame of an array that lies as `to_ndarray` of that format gives it.

        ``copy=False`` adopts the array's memory (of contiguous arrays in the usual formats; others are copied
        all the same): it must not change afterwards. Times are microseconds; without ``timestamp`` it is now, on
        the library's clock.

        Raises:
            ValueError: an unknown format, or an array of another shape.
            TypeError: an array of another type of samples, or a time that is none.
        """
        frame = frame_from_array(array, format, copy=copy)
        instant = get_clock().now_us() if timestamp is None else long_long(timestamp, "timestamp")
        lasts = None if duration is None else microseconds(duration, "duration")
        return cls._of(Picture.stamped(frame, instant, lasts))

    # --- attributes ---

    @property
    def timestamp(self) -> int:
        """The instant of presentation in µs, on the process's one clock for frames of devices."""
        picture = self._picture
        return self._times[0] if picture is None else picture.timestamp

    @property
    def duration(self) -> int | None:
        """How long the picture is to be shown, µs; ``None`` when unknown."""
        picture = self._picture
        return self._times[1] if picture is None else picture.duration

    @property
    def format(self) -> str | None:
        """WebCodecs' name of the pixel format, ``"I420"`` for instance; ``None`` when it has none."""
        picture = self._picture
        return None if picture is None else format_name(picture.av.format.name)

    @property
    def coded_width(self) -> int:
        """Width in pixels; 0 once closed."""
        picture = self._picture
        return 0 if picture is None else picture.av.width

    @property
    def coded_height(self) -> int:
        """Height in pixels; 0 once closed."""
        picture = self._picture
        return 0 if picture is None else picture.av.height

    @property
    def coded_rect(self) -> DOMRectReadOnly | None:
        """The whole picture as a rectangle; ``None`` once closed."""
        picture = self._picture
        return None if picture is None else DOMRectReadOnly(0, 0, picture.width, picture.height)

    @property
    def visible_rect(self) -> DOMRectReadOnly | None:
        """The part to be shown: always the whole picture (what is not visible is not kept)."""
        return self.coded_rect

    @property
    def display_width(self) -> int:
        """The width it is to be shown with, after rotation; 0 once closed."""
        return self._shown(0)

    @property
    def display_height(self) -> int:
        """The height it is to be shown with, after rotation; 0 once closed."""
        return self._shown(1)

    def _shown(self, side: int) -> int:
        picture = self._picture
        if picture is None:
            return 0
        size = (self._look.width or picture.width, self._look.height or picture.height)
        return size[side ^ (self.rotation % 180 == 90)]

    @property
    def rotation(self) -> int:
        """How far it is to be turned clockwise when shown: 0, 90, 180 or 270; the pixels are not turned."""
        picture = self._picture
        if picture is None:
            return 0
        turned = self._look.rotation
        return _upright(-picture.av.rotation) if turned is None else turned

    @property
    def flip(self) -> bool:
        """Whether it is to be mirrored left to right when shown, after the rotation."""
        return self._picture is not None and self._look.flip

    @property
    def color_space(self) -> VideoColorSpace:
        """What the picture's numbers mean."""
        picture = self._picture
        return VideoColorSpace() if picture is None else VideoColorSpace.of_frame(picture.av)

    @property
    def av(self) -> av.VideoFrame:
        """The PyAV frame, **borrowed**: shared with everybody; never write to it, never pass it to an encoder.

        Raises:
            InvalidStateError: the frame was closed.
        """
        return self._open("av").av

    # --- the handle ---

    def _open(self, what: str) -> Picture:
        picture = self._picture
        if picture is None:
            raise InvalidStateError(f"{what}: the frame at {self._times[0]} µs was closed; use it before close()")
        return picture

    def clone(self) -> VideoFrame:
        """Make another handle on the same picture.

        https://w3c.github.io/webcodecs/#dom-videoframe-clone

        Raises:
            InvalidStateError: the frame was closed.
        """
        other = type(self)._of(self._open("clone"), self._array)  # noqa: SLF001 - of the same class
        other._look = self._look  # noqa: SLF001 - of the same class
        return other

    def close(self) -> None:
        """Let go of the picture; other handles keep it. Idempotent.

        https://w3c.github.io/webcodecs/#dom-videoframe-close
        """
        picture = self._picture
        if picture is not None:
            self._times = (picture.timestamp, picture.duration)
            self._picture = self._array = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def metadata(self) -> dict[str, object]:
        """Return what is known of the picture: ``capture_time`` and so on, a copy.

        https://w3c.github.io/webcodecs/#dom-videoframe-metadata

        Raises:
            InvalidStateError: the frame was closed.
        """
        return dict(self._open("metadata").metadata)

    # --- pixels ---

    def to_ndarray(self, format: str | None = None, *, copy: bool = False) -> npt.NDArray[Any]:
        """Return the pixels as an array in one of FFmpeg's formats; converted once, whoever asks.

        Without ``format``: the one that ``track.frames(format=…)`` was asked for, else ``rgb24``.
        ``uint8 [height, width, 3]`` for ``rgb24`` and ``bgr24``, 4 channels for ``rgba``, ``[height, width]`` for
        ``gray``, ``[height * 3 / 2, width]`` for ``yuv420p``. Read-only and shared; ``copy=True``: private and
        writable. Runs in the caller's thread: prefer ``track.frames(format=…)`` in live code.

        Raises:
            InvalidStateError: the frame was closed.
            ValueError: an unknown format, or an odd size in ``yuv420p`` and its like.
        """
        picture = self._open("to_ndarray")
        made = self._array
        if made is not None and format in (None, made[0]):
            array = made[1]
        else:
            array = convert.to_ndarray(picture, format or "rgb24")
        return array.copy() if copy else array

    def plane(self, index: int) -> npt.NDArray[Any]:
        """View one plane of the pixels as they are stored; nothing is copied, nothing may be written.

        Raises:
            InvalidStateError: the frame was closed.
            IndexError: there is no such plane.
        """
        return convert.plane(self._open("plane"), index)

    def to_image(self) -> Image:
        """Return a PIL image of its own: RGBA when the picture has transparency, else RGB.

        Raises:
            InvalidStateError: the frame was closed.
            ImportError: Pillow is not installed.
        """
        picture = self._open("to_image")
        try:
            from PIL.Image import fromarray
        except ImportError as error:
            raise ImportError('to_image() needs Pillow: pip install "mediastreams[images]"') from error
        return fromarray(convert.to_ndarray(picture, "rgba" if has_transparency(picture) else "rgb24"))

    def allocation_size(self, options: Mapping[str, object] | None = None, /, **members: object) -> int:
        """Return how many bytes `copy_to` with these options needs.

        https://w3c.github.io/webcodecs/#dom-videoframe-allocationsize

        Raises:
            InvalidStateError: the frame was closed.
            TypeError: a rectangle or layout that does not fit.
        """
        return self._plan(options, members, "allocation_size").size

    async def copy_to(
        self, destination: object, options: Mapping[str, object] | None = None, /, **members: object
    ) -> list[PlaneLayout]:
        """Write the pixels into a buffer and return how the planes lie there.

        Options: ``rect``, ``layout``, ``format`` (WebCodecs' names). Works off the event loop.
        https://w3c.github.io/webcodecs/#dom-videoframe-copyto

        Raises:
            InvalidStateError: the frame was closed.
            TypeError: a buffer that is read-only, a rectangle or layout that does not fit.
            ValueError: a buffer that is too small.
        """
        plan = self._plan(options, members, "copy_to")
        target = memoryview(cast("Any", destination))
        if target.readonly or not target.c_contiguous:
            raise TypeError("copy_to: the destination must be a writable, contiguous buffer, a bytearray for instance")
        target = target.cast("B")
        if len(target) < plan.size:
            raise ValueError(f"copy_to: the destination has {len(target)} bytes, {plan.size} are needed")
        await in_parallel(plan.run, target)
        return [PlaneLayout(offset=offset, stride=stride) for offset, stride, *_ in plan.planes]

    def _plan(self, options: Mapping[str, object] | None, members: Mapping[str, object], what: str) -> CopyPlan:
        picture = self._open(what)
        given = COPY_OPTIONS.convert(merge_arguments(options, members, what), what)
        return CopyPlan(picture, given, what)

    # --- looking at it ---

    def _repr_png_(self) -> bytes | None:
        """Show the picture in Jupyter."""
        return None if self._picture is None else still(self._picture)

    def __repr__(self) -> str:
        picture = self._picture
        if picture is None:
            return f"<VideoFrame closed, at {self._times[0] / 1e6:.6f} s>"
        lasts = "" if picture.duration is None else f" for {picture.duration / 1000:.3g} ms"
        name = self.format or picture.av.format.name
        return f"<VideoFrame {picture.width}x{picture.height} {name} at {picture.timestamp / 1e6:.6f} s{lasts}>"


_new_frame = VideoFrame.__new__


def _retimed(picture: Picture, options: Mapping[str, Any]) -> Picture:
    """*Initialize frame from other frame*: the shared picture, with other times where they are given."""
    if options.keys().isdisjoint({"timestamp", "duration", "metadata"}):
        return picture
    timestamp = options.get("timestamp", picture.timestamp)
    duration = options.get("duration", picture.duration)
    return convert.restamped(picture, timestamp, duration, options.get("metadata"))


def _looked(base: _Look, picture: Picture, options: Mapping[str, Any]) -> _Look:
    """*Initialize visible rect, orientation, and display size*.

    https://w3c.github.io/webcodecs/#videoframe-initialize-visible-rect-orientation-and-display-size
    """
    turn, flip = options["rotation"], options["flip"]
    width, height = options.get("display_width"), options.get("display_height")
    if (width is None) != (height is None):
        raise TypeError("VideoFrame: display_width and display_height belong together")
    if not turn and not flip and width is None:
        return base
    first = _upright(-picture.av.rotation) if base.rotation is None else base.rotation
    # Add rotations: what is mirrored already turns the other way.
    rotation = _upright(first - _upright(turn)) if base.flip else _upright(first + _upright(turn))
    if width is None:
        width, height = base.width, base.height
    elif rotation % 180 == 90:
        width, height = height, width
    return _Look(width, height, rotation, base.flip != flip)


def _upright(degrees: float) -> int:
    """*Parse rotation*: the nearest of 0, 90, 180, 270, ties upwards."""
    return int((degrees + 45) // 90 * 90) % 360


def _from_image(image: object, array_format: object, options: Mapping[str, Any]) -> Picture:
    """Make a picture of anything but a `VideoFrame`."""
    timestamp = options.get("timestamp")
    if isinstance(image, av.VideoFrame):
        if timestamp is None and image.pts is not None and image.time_base:
            base = image.time_base  # a Fraction in PyAV 18, an AVRational in 19
            timestamp = round(image.pts * Fraction(base.numerator, base.denominator) * 1_000_000)
        frame = private_frame(image)
    else:
        frame = from_pixels(image, array_format)
    if timestamp is None:
        raise TypeError("VideoFrame: a new picture needs a timestamp=… (microseconds)")
    return Picture.stamped(frame, timestamp, options.get("duration"), options.get("metadata") or {})
