"""How the pixel formats lie in NumPy arrays, and frames made from arrays.

Not for: converting between formats (``convert.py``).

Rules of the file: names are FFmpeg's; arrays are height first, channels last. Formats with planes of
different size are stacked as OpenCV does it: all of Y, then U, then V, one array as wide as Y.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

import av
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LAYOUTS", "Layout", "frame_from_array", "layout_of", "packed", "plane_of"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format lies in an array. ``rows_per_2``: the height of a stacked array for two lines of picture."""

    name: str
    kind: Literal["packed", "stacked", "planes"]
    dtype: str = "uint8"
    channels: int = 1
    rows_per_2: int = 2

    def shape(self, width: int, height: int) -> tuple[int, ...]:
        """Answer the array's shape for a picture of that size.

        Raises: ValueError (4:2:0 and 4:2:2 have no array for odd sizes).
        """
        if self.kind == "planes":
            return (self.channels, height, width)
        if self.kind == "packed":
            if self.name in {"yuyv422", "uyvy422", "yvyu422"} and width % 2:
                raise ValueError(f"{self.name} needs an even width, not {width}x{height}")
            return (height, width) if self.channels == 1 else (height, width, self.channels)
        if width % 2 or (height % 2 and self.rows_per_2 == 3):
            raise ValueError(f"{self.name} needs an even size, not {width}x{height}: take rgb24, yuv444p or plane(i)")
        return (height * self.rows_per_2 // 2, width)

    def size_of(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Answer width and height of the picture in an array of that shape.

        Raises: ValueError (no picture of this format has that shape).
        """
        if all(shape):
            if self.kind == "planes" and len(shape) == 3 and shape[0] == self.channels:
                return shape[2], shape[1]
            if self.kind == "stacked" and len(shape) == 2 and not shape[1] % 2 and not shape[0] * 2 % self.rows_per_2:
                return shape[1], shape[0] * 2 // self.rows_per_2
            if (
                self.kind == "packed"
                and len(shape) >= 2
                and shape[2:] in ([(), (1,)] if self.channels == 1 else [(self.channels,)])
            ):
                return shape[1], shape[0]
        raise ValueError(f"a {self.name} picture is an array {self._expected()}, not {list(shape)}")

    def _expected(self) -> str:
        if self.kind == "planes":
            return f"[{self.channels}, height, width]"
        if self.kind == "stacked":
            return "[height * 3 / 2, width]" if self.rows_per_2 == 3 else "[height * 2, width]"
        return "[height, width]" if self.channels == 1 else f"[height, width, {self.channels}]"


def _layouts() -> dict[str, Layout]:
    found = [Layout(name, "packed", channels=3) for name in ("rgb24", "bgr24")]
    four = ("rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr")
    found += [Layout(name, "packed", channels=4) for name in four]
    found += [Layout(name, "packed", channels=2) for name in ("yuyv422", "uyvy422", "yvyu422", "ya8")]
    found += [Layout("gray", "packed"), Layout("grayf32le", "packed", "float32")]
    found += [Layout(f"gray{bits}le", "packed", "uint16") for bits in (10, 12, 16)]
    found += [Layout(name, "packed", "uint16", 3) for name in ("rgb48le", "bgr48le")]
    found += [Layout(name, "packed", "uint16", 4) for name in ("rgba64le", "bgra64le")]
    found += [Layout(name, "stacked", rows_per_2=3) for name in ("yuv420p", "yuvj420p", "nv12", "nv21")]
    found += [
        Layout("yuv420p10le", "stacked", "uint16", rows_per_2=3),
        Layout("p010le", "stacked", "uint16", rows_per_2=3),
    ]
    found += [Layout(name, "stacked", rows_per_2=4) for name in ("yuv422p", "yuvj422p", "nv16")]
    found += [Layout("yuv422p10le", "stacked", "uint16", rows_per_2=4)]
    found += [Layout(name, "planes", channels=3) for name in ("yuv444p", "yuvj444p")]
    return {layout.name: layout for layout in found}


LAYOUTS: Final = _layouts()
_ALIASES: Final = {"gray8": "gray", "grey": "gray", "gray16": "gray16le", "rgb48": "rgb48le", "bgr48": "bgr48le"}
_MEANT: Final = {
    "rgb": "rgb24",
    "bgr": "bgr24",
    "i420": "yuv420p",
    "rgbx": "rgb0",
    "bgrx": "bgr0",
    "yuv": "yuv420p",
    "yuyv": "yuyv422",
    "l": "gray",
}


def layout_of(format: str) -> Layout:
    """Answer the layout of a format.

    Raises: ValueError naming the nearest format and some examples, TypeError.
    """
    if not isinstance(format, str):
        raise TypeError(f"a pixel format is a string such as 'rgb24', not {type(format).__name__}")
    layout = LAYOUTS.get(_ALIASES.get(format, format))
    if layout is None:
        lower = format.lower()
        near = [_MEANT[lower]] if lower in _MEANT else difflib.get_close_matches(lower, LAYOUTS, 1, 0.7)
        hint = f"did you mean {near[0]!r}? " if near else ""
        examples = "rgb24, bgr24, rgba, gray, yuv420p, nv12"
        raise ValueError(f"no array format {format!r}: {hint}FFmpeg's names are taken, such as {examples}")
    return layout


def plane_of(frame: av.VideoFrame, index: int, *, writable: bool = False) -> npt.NDArray[np.generic]:
    """View one plane: ``[height, width]``, and ``[height, width, samples]`` where they interleave."""
    plane = frame.planes[index]
    channels, dtype = _samples(frame.format, index)
    buffer = memoryview(plane)
    lines = np.frombuffer(buffer if writable else buffer.toreadonly(), np.uint8).reshape(plane.height, plane.line_size)
    if not channels:
        return lines
    row = lines[:, : plane.width * channels * dtype.itemsize].view(dtype)
    return row if channels == 1 else row.reshape(plane.height, plane.width, channels)


def _samples(format: av.VideoFormat, index: int) -> tuple[int, np.dtype[np.generic]]:
    """Answer how many samples a pixel has in that plane, and of which kind; no samples: bits that share bytes."""
    layout = LAYOUTS.get(format.name)
    if layout is not None and layout.kind == "packed":
        return layout.channels, np.dtype(layout.dtype)
    components = [component for component in format.components if component.plane == index]
    bits = max((component.bits for component in components), default=8)
    kind = "f" if "f32" in format.name or "f16" in format.name else "u"
    dtype = np.dtype(f"<{kind}{1 if bits <= 8 else 2 if bits <= 16 else 4}")
    if any(component.plane for component in format.components):
        return max(1, len(components)), dtype
    size = format.padded_bits_per_pixel
    if bits < 8 or size % (8 * dtype.itemsize):
        return (0, np.dtype(np.uint8)) if size % 8 else (size // 8, np.dtype(np.uint8))
    return size // (8 * dtype.itemsize), dtype


def packed(frame: av.VideoFrame, layout: Layout) -> npt.NDArray[np.generic]:
    """Lay a frame of the layout's own format out as one contiguous, read-only array; a view where it can be one."""
    shape = layout.shape(frame.width, frame.height)
    if layout.kind == "packed":
        view = plane_of(frame, 0)
        if view.flags.c_contiguous:
            return view
    out = np.empty(shape, layout.dtype)
    for part, source in _parts(out, frame, writable=False):
        part[...] = source
    out.flags.writeable = False
    return out


def _parts(
    array: npt.NDArray[np.generic], frame: av.VideoFrame, *, writable: bool
) -> list[tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]]:
    """Pair the pieces of a contiguous array with the frame's planes."""
    flat = array.reshape(-1)
    pairs = []
    start = 0
    for index in range(len(frame.planes)):
        view = plane_of(frame, index, writable=writable)
        pairs.append((flat[start : start + view.size].reshape(view.shape), view))
        start += view.size
    return pairs


# --- from arrays ---

_ADOPTABLE: Final = frozenset(
    {"rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "gray", "rgb48le", "bgr48le", "rgba64le", "bgra64le"}
    | {"gray10le", "gray12le", "gray16le", "grayf32le", "yuv420p", "yuvj420p", "nv12"}
)
"""What `av.VideoFrame.from_numpy_buffer` takes."""


def frame_from_array(array: object, format: str, *, copy: bool) -> av.VideoFrame:
    """Make a frame of an array; without ``copy`` on the array's own memory, where FFmpeg can use it as it lies.

    Raises: ValueError (unknown format, or the array does not fit it), TypeError (no array of that type).
    """
    layout = layout_of(format)
    pixels = cast("npt.NDArray[np.generic]", np.asarray(array))
    if pixels.dtype != np.dtype(layout.dtype):
        cure = "multiply by 255 and cast with .astype('uint8')" if pixels.dtype.kind == "f" else "cast it first"
        raise TypeError(f"a {layout.name} picture has {layout.dtype} samples, not {pixels.dtype}: {cure}")
    width, height = layout.size_of(pixels.shape)
    if layout.channels == 1 and pixels.ndim == 3:
        pixels = pixels[:, :, 0]
    adoptable = layout.name in _ADOPTABLE and pixels.flags.c_contiguous
    if layout.kind == "stacked" and height % 4:  # PyAV 18 miscounts the lines then
        adoptable = False
    if adoptable and not copy:
        return av.VideoFrame.from_numpy_buffer(cast("npt.NDArray[np.uint8]", pixels), layout.name)
    frame = av.VideoFrame(width, height, layout.name)
    for part, target in _parts(np.ascontiguousarray(pixels), frame, writable=True):
        target[...] = part
    return frame
