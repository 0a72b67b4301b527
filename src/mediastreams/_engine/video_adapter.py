"""`VideoAdapter`: a source's pictures in the size and at the rate of one track or consumer.

Not for: choosing what is wanted (``_rules``), nor for the pixels' work (``convert.py``).

Rules of the file: a picture is scaled once, whoever asks for that size; whoever decimates sees every frame of the
source, because the phase lives on time. One thread at a time per adapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._engine.blank import black, black_like
from mediastreams._engine.convert import scaled
from mediastreams._rules.decimation import START, decimate
from mediastreams._rules.geometry import Rect, cover, output_size

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture

__all__ = ["VideoAdapter"]


class VideoAdapter:
    """Crops, scales and decimates as ``resize_mode: "crop-and-scale"`` says; ``None`` leaves that property alone.

    Owns the phase of its decimation and nothing else. A picture smaller than wanted is not enlarged unless
    ``enlarge``: it comes out as large as it is, in the wanted aspect ratio.

    https://w3c.github.io/mediacapture-main/#dfn-crop-and-scale
    """

    __slots__ = ("_enlarge", "_frame_rate", "_height", "_phase", "_plan", "_planned_for", "_width")

    def __init__(
        self,
        width: int | None = None,
        height: int | None = None,
        frame_rate: float | None = None,
        *,
        enlarge: bool = False,
    ) -> None:
        self._width = width
        self._height = height
        self._frame_rate = frame_rate
        self._enlarge = enlarge
        self._phase = START
        self._planned_for = (0, 0)
        self._plan: tuple[int, int, Rect] | None = None

    def process(self, picture: Picture) -> Picture | None:
        """Answer the picture as the track shows it; ``None`` when its rate leaves it out.

        Raises: NotSupportedError (a format that FFmpeg cannot scale).
        """
        if not self._takes(picture.timestamp):
            return None
        width, height, crop = self._sizes(picture.av.width, picture.av.height)
        return scaled(picture, width, height, crop)

    def process_blank(self, picture: Picture) -> Picture | None:
        """Answer black in place of the picture, of the size and at the rate that `process` gives."""
        if not self._takes(picture.timestamp):
            return None
        width, height, _ = self._sizes(picture.av.width, picture.av.height)
        if (width, height) == (picture.av.width, picture.av.height):
            return black_like(picture)
        name = picture.av.format.name
        return black(width, height, picture.timestamp, picture.duration, format=name, metadata=picture.metadata)

    def _takes(self, timestamp: int) -> bool:
        if self._frame_rate is None:
            return True
        taken, self._phase = decimate(self._phase, timestamp, self._frame_rate)
        return taken

    def _sizes(self, width: int, height: int) -> tuple[int, int, Rect]:
        """Plan once per size of the source."""
        if self._plan is None or self._planned_for != (width, height):
            out = output_size(width, height, self._width, self._height, enlarge=self._enlarge)
            self._plan = (*out, cover(width, height, *out))
            self._planned_for = (width, height)
        return self._plan
