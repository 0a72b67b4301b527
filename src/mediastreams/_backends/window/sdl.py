"""`SdlWindow`: a window on the screen that shows pictures, made with SDL (PySDL2: the extra ``window``).

Not for: the thread that serves all windows (``desk.py``) or what is drawn (``pane.py``). Nothing is imported from SDL
before a window is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediastreams._backends.window.desk import desk, import_sdl
from mediastreams._engine.clock import get_clock
from mediastreams._rules.values import Mode, Settings, VideoMode
from mediastreams.abc import Sink

if TYPE_CHECKING:
    from mediastreams.abc import Clock, Supply

__all__ = ["SdlWindow"]


class SdlWindow(Sink):
    """One window, on top of the others, which its person may move, resize and close.

    The picture is shown upright, as large as fits, at most as often as the screen shows one and only when there is a
    new one. ``mode`` is the size to begin with; ``None``: 640 × 360.
    """

    kind = "video"

    def __init__(self, title: str = "mediastreams", clock: Clock | None = None) -> None:
        self.title = title
        self.clock = clock or get_clock()

    @staticmethod
    def check() -> None:
        """Raise what `start` would, as far as that can be known without opening anything.

        Raises:
            NotSupportedError: SDL is not installed, or has no windows for a library here.
        """
        import_sdl()

    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:  # noqa: ARG002 - holds nothing back
        """Open the window.

        Raises:
            NotSupportedError: no SDL, no screen, or the program uses SDL itself.
            NotReadableError: the window cannot be opened.
        """
        self.stop()
        return desk.open(self, self.title, mode if isinstance(mode, VideoMode) else None, supply, self.clock)

    def stop(self) -> None:
        """Close the window."""
        desk.close(self)

    def __repr__(self) -> str:
        return f"<SdlWindow {self.title!r}>"
