"""`DrawingState`: colours, widths and fonts of a drawing, remembered and restored.

Not for: drawing (``canvas_rendering_context_2d.py``).

https://html.spec.whatwg.org/multipage/canvas.html#drawing-state
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from mediastreams._rules.css_colours import Colour, parse_colour, serialised
from mediastreams._webidl.conversions import boolean, dom_string, unrestricted_double

__all__ = ["DrawingState"]

_ALIGNMENTS: Final = ("start", "left", "center", "right", "end")
_BASELINES: Final = ("alphabetic", "top", "hanging", "middle", "ideographic", "bottom")


@dataclass(frozen=True, slots=True)
class _State:
    """*The drawing state*: what `save` keeps.

    https://html.spec.whatwg.org/multipage/canvas.html#drawing-state
    """

    fill: Colour = (0, 0, 0, 255)
    stroke: Colour = (0, 0, 0, 255)
    alpha: float = 1.0
    line_width: float = 1.0
    smooth: bool = True
    font: str = "10px sans-serif"
    align: str = "start"
    baseline: str = "alphabetic"


class DrawingState:
    """What a context draws with, and what of it was saved."""

    _state: _State
    _saved: list[_State]

    def _begin_state(self) -> None:
        self._state = _State()
        self._saved = []

    def save(self) -> None:
        """Remember colours, widths and so on, for `restore`."""
        self._saved.append(self._state)

    def restore(self) -> None:
        """Go back to what was saved last; nothing happens when nothing was."""
        if self._saved:
            self._state = self._saved.pop()

    @property
    def fill_style(self) -> str:
        """The colour of areas and text: any of CSS. DEVIATION: what is no colour raises, where a page ignores it.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-fillstyle
        """
        return serialised(self._state.fill)

    @fill_style.setter
    def fill_style(self, value: str) -> None:
        self._state = replace(self._state, fill=parse_colour(dom_string(value, "fill_style")))

    @property
    def stroke_style(self) -> str:
        """The colour of lines, as `fill_style`.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-strokestyle
        """
        return serialised(self._state.stroke)

    @stroke_style.setter
    def stroke_style(self, value: str) -> None:
        self._state = replace(self._state, stroke=parse_colour(dom_string(value, "stroke_style")))

    @property
    def global_alpha(self) -> float:
        """How opaque everything is drawn, 0 … 1; other numbers are ignored.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-globalalpha
        """
        return self._state.alpha

    @global_alpha.setter
    def global_alpha(self, value: float) -> None:
        number = unrestricted_double(value, "global_alpha")
        if 0 <= number <= 1:
            self._state = replace(self._state, alpha=number)

    @property
    def line_width(self) -> float:
        """How wide lines are; what is not positive is ignored.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-linewidth
        """
        return self._state.line_width

    @line_width.setter
    def line_width(self, value: float) -> None:
        number = unrestricted_double(value, "line_width")
        if 0 < number < math.inf:
            self._state = replace(self._state, line_width=number)

    @property
    def image_smoothing_enabled(self) -> bool:
        """Whether pictures are smoothed when they are scaled, rather than their pixels repeated.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-imagesmoothingenabled
        """
        return self._state.smooth

    @image_smoothing_enabled.setter
    def image_smoothing_enabled(self, value: bool) -> None:
        self._state = replace(self._state, smooth=boolean(value, "image_smoothing_enabled"))

    @property
    def font(self) -> str:
        """Size and family of text, ``"24px DejaVuSans.ttf"``: a font file that Pillow finds, or its own font.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-font
        """
        return self._state.font

    @font.setter
    def font(self, value: str) -> None:
        from mediastreams.elements.canvas_pillow import parse_font

        parse_font(dom_string(value, "font"))
        self._state = replace(self._state, font=value)

    @property
    def text_align(self) -> str:
        """Which part of a text is at the place: ``start``, ``left``, ``center``, ``right``, ``end``.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-textalign
        """
        return self._state.align

    @text_align.setter
    def text_align(self, value: str) -> None:
        if dom_string(value, "text_align") in _ALIGNMENTS:
            self._state = replace(self._state, align=value)

    @property
    def text_baseline(self) -> str:
        """Which height of a text is at the place: ``alphabetic``, ``top``, ``middle``, ``bottom`` and so on.

        https://html.spec.whatwg.org/multipage/canvas.html#dom-context-2d-textbaseline
        """
        return self._state.baseline

    @text_baseline.setter
    def text_baseline(self, value: str) -> None:
        if dom_string(value, "text_baseline") in _BASELINES:
            self._state = replace(self._state, baseline=value)
