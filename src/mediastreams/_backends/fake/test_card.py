"""The moving test card: colour bars, a grey ramp, a ball, a clock, the frame counter, a flash on every whole second.

Not for: when frames are due (``_engine/pace.py``).

Rules of the file: what stands still is painted once for a `Look` and kept; a frame is a copy of it, in memory of its
own since frames never change, with the moving parts drawn over. Planes are yuv420p, BT.601, limited range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import av
import numpy as np

from mediastreams._backends.fake.card_code import bits_of, code_box
from mediastreams._backends.fake.glyphs import text_mask

if TYPE_CHECKING:
    import numpy.typing as npt
    from av.video.plane import VideoPlane

    from mediastreams._rules.values import Points

    Plane: TypeAlias = npt.NDArray[np.uint8]

__all__ = ["FLASH_US", "Look", "TestCard"]

FLASH_US: Final = 100_000
"""How long the flash is lit, and a microphone beeps, from each whole second on."""

_BARS: Final = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
_DESKTOP: Final = ((38, 60, 92), (46, 74, 112), (38, 60, 92))
_FIELD: Final = 60.0  # degrees that the picture shows, across and down, without zoom
_MAGENTA: Final = (255, 0, 255)


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that decides how a test card looks while nothing moves."""

    width: int
    height: int
    title: str = ""
    desktop: bool = False
    cursor: bool = False
    blur: bool = False
    torch: bool = False
    brightness: float = 128
    contrast: float = 128
    saturation: float = 128
    sharpness: float = 128
    warmth: float = 0
    light: float = 1
    """How much light falls in: twice as much at 2."""
    defocus: float = 0
    """How far from the focus, in doublings of the distance."""
    zoom: float = 1
    pan: float = 0
    """Degrees to the right; tilt upwards."""
    tilt: float = 0
    points: Points = ()


class TestCard:
    """Paints the frames of one `Look`."""

    __test__ = False  # pytest: this is not a class of tests

    def __init__(self, look: Look) -> None:
        self._look = look
        self._still = _still(look)
        self._box = code_box(look.width, look.height)
        self._text = max(1, look.height // 120)
        self._ball = _disc(max(4, look.height // 10) // 2 * 2)

    def paint(self, counter: int, timestamp: int, elapsed: int) -> av.VideoFrame:
        """Paint one frame. ``timestamp`` decides the flash, ``elapsed`` what moves; both µs."""
        look = self._look
        frame = av.VideoFrame(look.width, look.height, "yuv420p")
        planes = [_writable(plane) for plane in frame.planes]
        for plane, still in zip(planes, self._still, strict=True):
            plane[...] = still
        self._draw_ball(planes, elapsed)
        luma = planes[0]
        self._draw_code(luma, counter)
        if timestamp % 1_000_000 < FLASH_US:
            left, top, right, bottom = self._box.flash
            luma[top:bottom, left:right] = 235
        seconds, rest = divmod(elapsed, 1_000_000)
        _write(luma, f"{seconds // 60:02}:{seconds % 60:02}.{rest // 10_000:02}", look.height * 7 // 8, self._text * 2)
        if look.cursor:
            self._draw_cursor(luma, elapsed)
        return frame

    def _draw_code(self, luma: Plane, counter: int) -> None:
        left, top, right, bottom = self._box.inner
        across, down = self._box.across, self._box.down
        blocks = np.where(bits_of(counter), np.uint8(235), np.uint8(16)).repeat(down, axis=0).repeat(across, axis=1)
        luma[top:bottom, left:right] = blocks

    def _draw_ball(self, planes: list[Plane], elapsed: int) -> None:
        """A yellow ball that rolls to and fro in four seconds and bounces twice a second."""
        disc, small = self._ball
        size = disc.shape[0]
        phase = elapsed % 4_000_000 / 2_000_000
        x = int((self._look.width - size) * (phase if phase <= 1 else 2 - phase)) // 2 * 2
        bounce = elapsed % 500_000 / 500_000
        floor, lift = self._look.height * 6 // 25, self._look.height // 12  # above the code, below the title
        y = int(floor - lift * 4 * bounce * (1 - bounce)) // 2 * 2
        planes[0][y : y + size, x : x + size][disc] = 210
        for plane, value in zip(planes[1:], (16, 146), strict=True):
            plane[y // 2 : (y + size) // 2, x // 2 : (x + size) // 2][small] = value

    def _draw_cursor(self, luma: Plane, elapsed: int) -> None:
        angle = elapsed % 3_000_000 / 3_000_000 * 2 * np.pi
        arrow = _arrow(max(8, self._look.height // 40))
        size = arrow.shape[0]
        x = int(self._look.width / 2 + self._look.width * 0.3 * np.cos(angle))
        y = int(self._look.height / 2 + self._look.height * 0.3 * np.sin(angle))
        part = luma[y : y + size, x : x + size]
        part[arrow[: part.shape[0], : part.shape[1]]] = 235


def _writable(plane: VideoPlane) -> Plane:
    """A plane's memory as an array of its visible part."""
    lines: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


@lru_cache(maxsize=12)  # 3 MB each at 1080p: a program uses a few sizes at a time
def _still(look: Look) -> tuple[Plane, Plane, Plane]:
    planes = _bars(look)
    if look.zoom > 1 or look.pan or look.tilt:
        planes = _seen(planes, look)
    if look.blur or look.defocus:
        radius = look.width / 80 if look.blur else 0
        planes = _softened(planes, radius + look.defocus * look.width / 320)
    if look.sharpness != 128:
        planes = (_sharpened(planes[0], look), *planes[1:])
    planes = _graded(planes, look)
    for place in look.points:
        _cross(planes[0], place)
    _draw_frame_of_code(planes, look)
    _fill(planes, (look.width // 10, look.height // 20, look.width * 9 // 10, look.height // 8), (0, 0, 0))
    _write(planes[0], look.title, look.height // 16, max(1, look.height // 120))
    for plane in planes:
        plane.flags.writeable = False
    return planes[0], planes[1], planes[2]


def _bars(look: Look) -> tuple[Plane, ...]:
    width, height = look.width, look.height
    planes = (
        np.full((height, width), 16, np.uint8),
        np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8),
        np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8),
    )
    colours = _DESKTOP if look.desktop else _BARS
    edges = [round(index * width / len(colours) / 2) * 2 for index in range(len(colours))] + [width + 1]
    bottom = height if look.desktop else height * 5 // 8 // 2 * 2
    for colour, left, right in zip(colours, edges, edges[1:], strict=False):
        _fill(planes, (left, 0, right, bottom), colour)
    if not look.desktop:
        ramp = np.linspace(16, 235, width).astype(np.uint8)
        planes[0][bottom : height * 3 // 4] = ramp
    return planes


def _fill(planes: tuple[Plane, ...], area: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = area
    y, u, v = _yuv(colour)
    left, top = max(0, left), max(0, top)
    planes[0][top:bottom, left:right] = y
    planes[1][top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2] = u
    planes[2][top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2] = v


def _yuv(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = colour
    return (
        round(16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256),
        round(128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256),
        round(128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256),
    )


def _seen(planes: tuple[Plane, ...], look: Look) -> tuple[Plane, ...]:
    """The part of the picture that the camera looks at: enlarged, and as far aside as it is turned.

    Around the camera the card stands side by side with itself; above and below its edges go on.
    """
    across, down = look.pan / _FIELD, -look.tilt / _FIELD
    return tuple(
        plane[
            np.ix_(
                np.clip(_places(plane.shape[0], look.zoom, down), 0, plane.shape[0] - 1),
                _places(plane.shape[1], look.zoom, across) % plane.shape[1],
            )
        ]
        for plane in planes
    )


def _places(size: int, zoom: float, shift: float) -> npt.NDArray[np.intp]:
    seen = (np.arange(size) + 0.5 - size / 2) / zoom + size / 2 + shift * size
    places: npt.NDArray[np.intp] = np.floor(seen).astype(np.intp)
    return places


def _softened(planes: tuple[Plane, ...], radius: float) -> tuple[Plane, ...]:
    return tuple(
        _blurred(plane, max(1, round(radius if place == 0 else radius / 2))) for place, plane in enumerate(planes)
    )


def _sharpened(luma: Plane, look: Look) -> Plane:
    """Exaggerate edges, or flatten them: by what a slight blur takes away."""
    soft = _blurred(luma, max(1, look.width // 320)).astype(np.float32)
    strength = look.sharpness / 128 - 1
    sharp: Plane = np.clip(luma + (luma - soft) * strength * (2 if strength > 0 else 1), 16, 235).astype(np.uint8)
    return sharp


def _cross(luma: Plane, place: tuple[float, float]) -> None:
    """Mark a point of interest."""
    height, width = luma.shape
    x, y, arm = round(place[0] * (width - 1)), round(place[1] * (height - 1)), max(3, height // 30)
    thick = max(1, height // 240)
    luma[max(0, y - thick) : y + thick + 1, max(0, x - arm) : x + arm + 1] = 235
    luma[max(0, y - arm) : y + arm + 1, max(0, x - thick) : x + thick + 1] = 235


def _blurred(plane: Plane, radius: int) -> Plane:
    """Average squares by running sums."""
    width = 2 * radius + 1
    result = plane.astype(np.int32)
    for _ in range(2):
        padded = np.pad(result, ((radius + 1, radius), (0, 0)), mode="edge").cumsum(axis=0, dtype=np.int32)
        result = ((padded[width:] - padded[:-width]) // width).T  # the other axis next, and back
    return result.astype(np.uint8)


def _graded(planes: tuple[Plane, ...], look: Look) -> tuple[Plane, ...]:
    levels = np.arange(256, dtype=np.float64)
    lit = np.clip((levels - 16) * look.light + 16, 16, 235)
    luma = (lit - 126) * look.contrast / 128 + 126 + (look.brightness - 128) * 0.6 + (40 if look.torch else 0)
    blue = (levels - 128) * look.saturation / 128 + 128 - look.warmth
    red = (levels - 128) * look.saturation / 128 + 128 + look.warmth
    tables = [np.clip(table, 16, top).round().astype(np.uint8) for table, top in ((luma, 235), (blue, 240), (red, 240))]
    return tuple(table[plane] for table, plane in zip(tables, planes, strict=True))


def _draw_frame_of_code(planes: tuple[Plane, ...], look: Look) -> None:
    box = code_box(look.width, look.height)
    left, top, right, bottom = box.outer
    margin = box.across // 4 * 2  # dark, so that the magenta bar does not touch the magenta frame
    _fill(planes, (left - margin, top - margin, right + margin, bottom + margin), (0, 0, 0))
    _fill(planes, box.outer, _MAGENTA)
    _fill(planes, box.inner, (0, 0, 0))
    _fill(planes, box.flash, (0, 0, 0))


def _write(luma: Plane, text: str, top: int, scale: int) -> None:
    """White letters on black, in the middle of the line, as far as they fit."""
    mask = text_mask(text, scale)
    height, width = mask.shape
    left = (luma.shape[1] - width) // 2
    if left < scale or not width:
        return
    luma[max(0, top - scale) : top + height + scale, left - scale : left + width + scale] = 16
    part = luma[top : top + height, left : left + width]
    part[mask[: part.shape[0]]] = 235


@lru_cache(maxsize=8)
def _disc(size: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A disc, and the same at half the size for the chroma."""

    def disc(across: int) -> npt.NDArray[np.bool_]:
        places = np.arange(across) + 0.5 - across / 2
        return places[:, None] ** 2 + places[None, :] ** 2 <= (across / 2) ** 2

    return disc(size), disc(size // 2)


@lru_cache(maxsize=8)
def _arrow(size: int) -> npt.NDArray[np.bool_]:
    rows, columns = np.indices((size, size))
    return (columns <= rows * 0.7) & (columns + rows * 0.4 <= size * 0.75)
