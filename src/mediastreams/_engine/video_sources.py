"""What a `VideoFrame` can be made of besides another frame: arrays, PIL images, canvases, raw buffers.

Not for: arrays of a named format (``array_formats.py``).

https://w3c.github.io/webcodecs/#dom-videoframe-videoframe-data-init
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np

from mediastreams._engine.array_formats import frame_from_array, plane_of
from mediastreams._engine.frames import Picture
from mediastreams._engine.video_layout import FFMPEG_NAMES, colour_tags, plane_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

__all__ = ["from_buffer", "from_pixels"]


def from_pixels(image: Any, array_format: object = None) -> av.VideoFrame:
    """Copy an array or a PIL image into a frame; an array's format is guessed from its shape where none is given.

    Of a canvas, which this floor does not know, the pixels of this moment.

    Raises: TypeError, ValueError (nothing that shows a picture), InvalidStateError (a canvas without pixels).
    """
    painted: Callable[[], av.VideoFrame] | None = getattr(image, "_painted_frame", None)
    if painted is not None:  # a canvas
        return painted()
    if hasattr(image, "mode") and hasattr(image, "convert"):  # a PIL image
        clear = image.mode in {"RGBA", "LA", "PA", "RGBa"} or "transparency" in getattr(image, "info", {})
        mode = "L" if image.mode == "L" else "RGBA" if clear else "RGB"
        name = {"L": "gray", "RGBA": "rgba", "RGB": "rgb24"}[mode]
        return frame_from_array(np.asarray(image.convert(mode)), name, copy=True)
    if isinstance(image, bytes | bytearray | memoryview) or not hasattr(image, "__array__"):
        raise TypeError(
            f"VideoFrame: a {type(image).__name__} is no picture; pass a VideoFrame, an array, a PIL image, "
            "a VideoElement, a canvas, or a buffer with format=…, coded_width=…, coded_height=…"
        )
    array = np.asarray(image)
    if array_format is None:
        array_format = {(2, 0): "gray", (3, 3): "rgb24", (3, 4): "rgba"}.get(
            (array.ndim, array.shape[2] if array.ndim == 3 else 0)
        )
        if array_format is None:
            raise TypeError(f"VideoFrame: an array {list(array.shape)} needs format=…, 'rgb24' for instance")
    name = str(array_format)
    return frame_from_array(array, FFMPEG_NAMES.get(name, name), copy=True)


def from_buffer(data: object, options: Mapping[str, Any]) -> Picture:
    """Copy raw planes into a picture; ``options`` is a converted VideoFrameBufferInit.

    Raises: TypeError (no buffer, too few bytes, a layout that does not fit).
    """
    width, height = options["coded_width"], options["coded_height"]
    name = FFMPEG_NAMES[options["format"]]
    try:
        buffer = memoryview(cast("Any", data))
    except TypeError:
        raise TypeError(f"VideoFrame: a {type(data).__name__} is no buffer") from None
    source = buffer.cast("B") if buffer.c_contiguous else memoryview(buffer.tobytes())
    sizes = plane_sizes(name, width, height)
    layout = options.get("layout")
    if layout is not None and len(layout) != len(sizes):
        raise TypeError(f"VideoFrame: {options['format']} has {len(sizes)} planes, the layout {len(layout)}")
    frame = av.VideoFrame(width, height, name)
    start = 0
    for index, (line, lines, _, _) in enumerate(sizes):
        offset, stride = (start, line) if layout is None else (layout[index]["offset"], layout[index]["stride"])
        if stride < line:
            raise TypeError(f"VideoFrame: plane {index} has lines of {line} bytes, the layout's stride is {stride}")
        start = offset + stride * lines
        if offset + stride * (lines - 1) + line > len(source):
            raise TypeError(f"VideoFrame: the buffer's {len(source)} bytes are too few for {width}x{height} {name}")
        target = plane_of(frame, index, writable=True)
        pixel = line // target.shape[1]
        shape = target.reshape(target.shape[0], target.shape[1], -1).shape
        lying: npt.NDArray[Any] = np.ndarray(
            shape, target.dtype, source, offset, (stride, pixel, target.dtype.itemsize)
        )
        target.reshape(shape)[...] = lying
    if "color_space" in options:
        colour_tags(frame, options["color_space"])
    return Picture.stamped(frame, options["timestamp"], options.get("duration"), options.get("metadata") or {})
