"""`VideoFrame.copy_to`: which bytes of which plane go where in a buffer, and their copying.

Not for: arrays (``convert.py``).

Rules of the file: everything is checked before the first byte is written.

https://w3c.github.io/webcodecs/#dom-videoframe-copyto
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from mediastreams._engine.convert import plane, to_format
from mediastreams._engine.video_layout import FFMPEG_NAMES, format_name, plane_sizes, rectangle

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from mediastreams._engine.frames import Picture

__all__ = ["CopyPlan"]


class CopyPlan:
    """A `copy_to` with everything checked: offset, stride, bytes per line, lines, left and top of each plane."""

    def __init__(self, picture: Picture, options: Mapping[str, Any], what: str) -> None:
        wanted = options.get("format")
        have = picture.av.format.name
        self._picture = picture
        self._format = have if wanted is None or wanted == format_name(have) else FFMPEG_NAMES[wanted]
        width, height = picture.width, picture.height
        if "rect" in options:
            rect = rectangle(options["rect"], width, height, self._format, what)
        else:
            rect = (0, 0, width, height)
        left, top, width, height = rect
        sizes = plane_sizes(self._format, width, height)
        layout = options.get("layout")
        if layout is not None and len(layout) != len(sizes):
            raise TypeError(f"{what}: {self._format} has {len(sizes)} planes, the layout {len(layout)}")
        self.planes: list[tuple[int, int, int, int, int, int]] = []
        end = 0
        for index, (line, lines, across, down) in enumerate(sizes):
            offset, stride = (end, line) if layout is None else (layout[index]["offset"], layout[index]["stride"])
            if stride < line:
                raise TypeError(f"{what}: plane {index} has lines of {line} bytes, the layout's stride is {stride}")
            self.planes.append((offset, stride, line, lines, left // across, top // down))
            end = max(end, offset + stride * lines)
        spans = sorted((offset, offset + stride * lines) for offset, stride, _, lines, *_ in self.planes)
        if any(before[1] > after[0] for before, after in pairwise(spans)):
            raise TypeError(f"{what}: the layout's planes overlap")
        self.size = end

    def run(self, target: memoryview) -> None:
        """Write the planes. Any thread."""
        picture = to_format(self._picture, self._format)
        for index, (offset, stride, line, lines, left, top) in enumerate(self.planes):
            view = plane(picture, index)
            whole = view.reshape(view.shape[0], view.shape[1], -1)
            pixel = whole.shape[2] * whole.itemsize
            part = whole[top : top + lines, left : left + line // pixel]
            out: npt.NDArray[Any] = np.ndarray(part.shape, whole.dtype, target, offset, (stride, pixel, whole.itemsize))
            out[...] = part
