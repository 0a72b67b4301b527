"""A QR code as text for a terminal."""

from __future__ import annotations

import io

__all__ = ["qr_text"]


def qr_text(text: str) -> str:
    """The code of ``text`` in half blocks, two modules a character, with ANSI colours so that light is light.

    A phone's camera needs the quiet border and dark on light: the terminal's own colours are not relied on.
    """
    import segno

    out = io.StringIO()
    segno.make(text, micro=False, error="m").terminal(out, compact=True, border=2)
    return out.getvalue()
