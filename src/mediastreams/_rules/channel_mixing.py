"""Mixing channels up and down as Web Audio does it, as matrices; and the usual layouts' names.

Not for: samples. Rules of the file: a matrix has one row per output and one column per input channel.

https://webaudio.github.io/web-audio-api/#channel-up-mixing-and-down-mixing
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Final, Literal, TypeAlias

__all__ = ["Interpretation", "Matrix", "layout_name", "mixing_matrix"]

Interpretation: TypeAlias = Literal["speakers", "discrete"]
Matrix: TypeAlias = tuple[tuple[float, ...], ...]

_LAYOUTS: Final = ("mono", "stereo", "2.1", "quad", "5.0", "5.1", "6.1", "7.1")

_H: Final = sqrt(0.5)

# Order of channels: left, right; quad: left, right, rear left, rear right; 5.1: left, right, centre, LFE, rear two.
_SPEAKERS: Final[dict[tuple[int, int], Matrix]] = {
    (1, 2): ((1,), (1,)),
    (1, 4): ((1,), (1,), (0,), (0,)),
    (1, 6): ((0,), (0,), (1,), (0,), (0,), (0,)),
    (2, 4): ((1, 0), (0, 1), (0, 0), (0, 0)),
    (2, 6): ((1, 0), (0, 1), (0, 0), (0, 0), (0, 0), (0, 0)),
    (4, 6): ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    (2, 1): ((0.5, 0.5),),
    (4, 1): ((0.25, 0.25, 0.25, 0.25),),
    (6, 1): ((_H, _H, 1, 0, 0.5, 0.5),),
    (4, 2): ((0.5, 0, 0.5, 0), (0, 0.5, 0, 0.5)),
    (6, 2): ((1, 0, _H, 0, _H, 0), (0, 1, _H, 0, 0, _H)),
    (6, 4): ((1, 0, _H, 0, 0, 0), (0, 1, _H, 0, 0, 0), (0, 0, 0, 0, 1, 0), (0, 0, 0, 0, 0, 1)),
}


@lru_cache(maxsize=64)
def mixing_matrix(inputs: int, outputs: int, interpretation: Interpretation = "speakers") -> Matrix:
    """Answer how ``inputs`` channels become ``outputs``.

    Numbers of channels without a rule for speakers are mixed discretely: in order, the rest dropped or silent.
    """
    if interpretation == "speakers" and (matrix := _SPEAKERS.get((inputs, outputs))) is not None:
        return tuple(tuple(float(gain) for gain in row) for row in matrix)
    return tuple(tuple(float(row == column) for column in range(inputs)) for row in range(outputs))


def layout_name(channels: int) -> str:
    """Answer the usual layout of that many channels, by FFmpeg's name."""
    return _LAYOUTS[channels - 1] if 1 <= channels <= len(_LAYOUTS) else f"{channels} channels"
