"""Letters of 3 × 5 points, drawn for the test card; FFmpeg inside PyAV's wheels cannot write text.

Not for: anything a person should have to read at length.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["text_mask"]

# Five rows of three points each, top to bottom, as octal digits: 4 is the left point, 1 the right one.
_ROWS: Final = {
    " ": "00000", "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757",
    "7": "71122", "8": "75757", "9": "75717", ":": "02020", ".": "00002", "(": "24442", ")": "21112", "-": "00700",
    "/": "11244", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644", "G": "34553",
    "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555", "O": "25552",
    "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552", "W": "55775",
    "X": "55255", "Y": "55222", "Z": "71247",
}  # fmt: skip


@lru_cache(maxsize=256)
def text_mask(text: str, scale: int) -> npt.NDArray[np.bool_]:
    """Points of a line of text, each ``scale`` pixels wide and high; others than it knows are blank. Never written."""
    columns = []
    for character in text.upper():
        rows = _ROWS.get(character, _ROWS[" "])
        columns.append(np.array([[int(row) >> bit & 1 for bit in (2, 1, 0)] + [0] for row in rows], bool))
    if not columns:
        return np.zeros((5 * scale, 0), bool)
    return np.kron(np.hstack(columns)[:, :-1], np.ones((scale, scale), bool)).astype(bool)
