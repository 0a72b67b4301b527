"""One window on the screen: an SDL window, its renderer, and the texture of the picture that is shown.

Not for: when something is shown, and by which thread (``desk.py``). Imports SDL: to be imported where that is known
to be installed.

Rules of the file: everything happens on the desk's thread. What the graphics card can show is handed to it as it is;
everything else is converted by ``convert.py``, where others may have had the same done.
"""

from __future__ import annotations

from ctypes import POINTER, byref, c_int, c_ubyte, cast
from typing import TYPE_CHECKING, Any, Final

import sdl2

from mediastreams._engine.convert import plane, to_format
from mediastreams._engine.video_frame import VideoFrame
from mediastreams._rules.values import VideoMode
from mediastreams.errors import NotReadableError

if TYPE_CHECKING:
    from mediastreams._backends.window.x11_end import ServerEnd
    from mediastreams._engine.frames import Picture

__all__ = ["Pane", "sdl_error"]

_USUAL_SIZE: Final = (640, 360)
_USUAL_RATE: Final = 60
_TEXTURES: Final = {
    "yuv420p": sdl2.SDL_PIXELFORMAT_IYUV,
    "yuvj420p": sdl2.SDL_PIXELFORMAT_IYUV,
    "nv12": sdl2.SDL_PIXELFORMAT_NV12,
    "bgra": sdl2.SDL_PIXELFORMAT_BGRA32,
    "bgr0": sdl2.SDL_PIXELFORMAT_BGRA32,
}
_ALL_ELSE: Final = "bgra"
_BT709: Final = 1  # AVColorSpace
_BT601: Final = {2, 5, 6}  # … and what has no tag, as everywhere in the library
_FULL: Final = 2  # AVColorRange
_SDL_JPEG, _SDL_BT601, _SDL_BT709 = range(3)  # SDL_YUV_CONVERSION_MODE, which PySDL2 leaves out


def sdl_error() -> str:
    """What SDL says went wrong."""
    return str(sdl2.SDL_GetError().decode(errors="replace")) or "SDL gives no reason"


class Pane:
    """One window. ``stale``: it has to be drawn anew."""

    def __init__(self, title: str, mode: VideoMode | None, server_end: ServerEnd) -> None:
        """Open a window, as large as asked for, at most as the screen.

        Raises:
            NotReadableError: there is no window to be had.
        """
        width, height = _fitting(mode)
        flags = sdl2.SDL_WINDOW_HIDDEN | sdl2.SDL_WINDOW_RESIZABLE | sdl2.SDL_WINDOW_ALWAYS_ON_TOP
        centre = sdl2.SDL_WINDOWPOS_CENTERED
        self._texture: Any = None
        self._shape: tuple[int, int, int, int] | None = None  # the texture's: format, size, colours
        self._colours = _SDL_BT601
        self._rotation = 0
        self._shown: tuple[int, int] = (1, 1)
        self._window = sdl2.SDL_CreateWindow(title.encode(), centre, centre, width, height, flags)
        if not self._window:
            raise NotReadableError(f"The window could not be opened: {sdl_error()}")
        self._renderer = sdl2.SDL_CreateRenderer(self._window, -1, 0) or sdl2.SDL_CreateRenderer(
            self._window, -1, sdl2.SDL_RENDERER_SOFTWARE
        )
        if not self._renderer:
            reason = sdl_error()
            self.close()
            raise NotReadableError(f"Nothing can be drawn in the window: {reason}")
        server_end.watch(self._window)
        sdl2.SDL_ShowWindow(self._window)
        self.number = int(sdl2.SDL_GetWindowID(self._window))
        self.stale = True

    @property
    def mode(self) -> VideoMode:
        """Its size, and how many pictures a second its screen shows."""
        width, height = c_int(), c_int()
        sdl2.SDL_GetWindowSize(self._window, byref(width), byref(height))
        screen = sdl2.SDL_DisplayMode()
        sdl2.SDL_GetCurrentDisplayMode(max(0, sdl2.SDL_GetWindowDisplayIndex(self._window)), byref(screen))
        rate = float(screen.refresh_rate or _USUAL_RATE)
        return VideoMode(width.value, height.value, rate, rate)

    def take(self, picture: Picture) -> None:
        """Let a picture be what is shown.

        Raises:
            NotSupportedError: FFmpeg cannot convert its format.
            NotReadableError: the graphics card does not take it.
        """
        with VideoFrame._of(picture) as frame:  # noqa: SLF001 - of this library
            self._rotation = frame.rotation
            self._shown = (frame.display_width, frame.display_height)
        colours = _colours_of(picture)
        name = picture.av.format.name
        if name not in _TEXTURES or (colours is None and name not in {"bgra", "bgr0"}):
            picture = to_format(picture, _ALL_ELSE)
            name = _ALL_ELSE
        self._colours = _SDL_BT601 if colours is None else colours
        sdl2.SDL_SetYUVConversionMode(self._colours)  # read when a texture is made, or drawn; windows may differ
        self._make_texture(name, picture.width, picture.height)
        opaque = sdl2.SDL_BLENDMODE_NONE if name != "bgra" else sdl2.SDL_BLENDMODE_BLEND
        sdl2.SDL_SetTextureBlendMode(self._texture, opaque)
        views = [plane(picture, index) for index in range(len(picture.av.planes))]
        arguments: list[Any] = []
        for view in views:
            arguments += [cast(view.ctypes.data, POINTER(c_ubyte)), view.strides[0]]
        update = {1: sdl2.SDL_UpdateTexture, 2: sdl2.SDL_UpdateNVTexture, 3: sdl2.SDL_UpdateYUVTexture}[len(views)]
        if update(self._texture, None, *arguments) != 0:
            raise NotReadableError(f"The picture could not be shown: {sdl_error()}")
        self.stale = True

    def _make_texture(self, name: str, width: int, height: int) -> None:
        shape = (_TEXTURES[name], width, height, self._colours)
        if shape == self._shape:
            return
        self._drop_texture()
        access = sdl2.SDL_TEXTUREACCESS_STREAMING
        self._texture = sdl2.SDL_CreateTexture(self._renderer, shape[0], access, width, height)
        if not self._texture:
            raise NotReadableError(f"A picture of {width}x{height} cannot be shown: {sdl_error()}")
        self._shape = shape
        sdl2.SDL_SetTextureScaleMode(self._texture, sdl2.SDL_ScaleModeLinear)

    def draw(self) -> None:
        """Draw the picture as large as fits, upright, in the middle of black."""
        self.stale = False
        sdl2.SDL_SetRenderDrawColor(self._renderer, 0, 0, 0, 255)
        sdl2.SDL_RenderClear(self._renderer)
        if self._texture:
            sdl2.SDL_SetYUVConversionMode(self._colours)
            room = c_int(), c_int()
            sdl2.SDL_GetRendererOutputSize(self._renderer, byref(room[0]), byref(room[1]))
            place = sdl2.SDL_Rect(*_place(self._shown, (room[0].value, room[1].value), self._rotation))
            sdl2.SDL_RenderCopyEx(
                self._renderer, self._texture, None, byref(place), self._rotation, None, sdl2.SDL_FLIP_NONE
            )
        sdl2.SDL_RenderPresent(self._renderer)

    def _drop_texture(self) -> None:
        if self._texture:
            sdl2.SDL_DestroyTexture(self._texture)
        self._texture = self._shape = None

    def close(self) -> None:
        """Take it from the screen. Idempotent."""
        self._drop_texture()
        renderer, self._renderer = getattr(self, "_renderer", None), None
        if renderer:
            sdl2.SDL_DestroyRenderer(renderer)
        window, self._window = self._window, None
        if window:
            sdl2.SDL_DestroyWindow(window)


def _fitting(mode: VideoMode | None) -> tuple[int, int]:
    """The size asked for, made smaller in its shape where the screen has no room for it."""
    width, height = _USUAL_SIZE if mode is None else (max(1, mode.width), max(1, mode.height))
    room = sdl2.SDL_Rect()
    if sdl2.SDL_GetDisplayUsableBounds(0, byref(room)) == 0 and room.w > 0 and room.h > 0:
        scale = min(1.0, room.w / width, room.h / height)
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
    return width, height


def _place(shown: tuple[int, int], room: tuple[int, int], rotation: int) -> tuple[int, int, int, int]:
    """Where the texture goes: left, top, width and height before it is turned around its middle."""
    scale = min(room[0] / max(1, shown[0]), room[1] / max(1, shown[1]))
    width, height = max(1, round(shown[0] * scale)), max(1, round(shown[1] * scale))
    if rotation % 180 == 90:
        width, height = height, width
    return (room[0] - width) // 2, (room[1] - height) // 2, width, height


def _colours_of(picture: Picture) -> int | None:
    """SDL's word for what the numbers of a 4:2:0 picture mean; ``None``: it has no word for that."""
    frame = picture.av
    matrix = int(frame.colorspace)
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL
    if matrix in _BT601:
        return _SDL_JPEG if full else _SDL_BT601
    return _SDL_BT709 if matrix == _BT709 and not full else None
