"""Samples in other types than the engine's ``float32``, and the usual layouts of channels.

Not for: mixing (``_rules/channel_mixing.py``) and resampling (``audio_adapter.py``).

Rules of the file: full scale is ±1 and 2^(bits-1); to integers by rounding to the nearest (ties to even) and
clipping; no dither. NaN becomes silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mediastreams._rules.channel_mixing import layout_name

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FORMATS", "from_samples", "layout_channels", "to_samples"]

FORMATS: Final[dict[str, tuple[np.dtype[Any], bool]]] = {
    name + suffix: (np.dtype(dtype), bool(suffix))
    for suffix in ("", "-planar")
    for name, dtype in (("u8", "uint8"), ("s16", "int16"), ("s32", "int32"), ("f32", "float32"))
}
"""WebCodecs' sample formats: the type, and whether channels lie apart."""

_SCALES: Final = {"int16": 2.0**15, "int32": 2.0**31, "uint8": 2.0**7}

_COUNTS: Final = {layout_name(count): count for count in range(1, 9)} | {
    "3.0": 3,
    "4.0": 4,
    "3.1": 4,
    "4.1": 5,
    "5.0(side)": 5,
    "5.1(side)": 6,
    "7.0": 7,
    "7.1(wide)": 8,
}


def layout_channels(layout: str) -> int:
    """Answer how many channels a layout has.

    Raises: ValueError (FFmpeg knows no layout of that name).
    """
    count = _COUNTS.get(layout)
    if count is None:
        import av
        import av.error

        try:
            count = av.AudioLayout(layout).nb_channels
        except (ValueError, av.error.FFmpegError):
            count = 0
        if not count:
            raise ValueError(f"no channel layout {layout!r}: FFmpeg's names are taken, such as mono, stereo, quad, 5.1")
    return count


def from_samples(samples: npt.NDArray[Any], *, copy: bool) -> npt.NDArray[np.float32]:
    """Convert ``[channels, n]`` to the engine's type, contiguous; without ``copy`` the same array where it fits.

    Raises: TypeError (samples of a type that has no scale).
    """
    if samples.dtype.kind == "f":
        return np.array(samples, np.float32, order="C") if copy else np.ascontiguousarray(samples, np.float32)
    scale = _SCALES.get(samples.dtype.name)
    if scale is None:
        raise TypeError(f"samples are float32, float64, int16, int32 or uint8, not {samples.dtype}")
    floats: npt.NDArray[np.float32] = np.empty(samples.shape, np.float32)
    np.multiply(samples, 1 / scale, out=floats, casting="unsafe", dtype=np.float64 if scale > 2**24 else np.float32)
    if samples.dtype.kind == "u":
        floats -= 1
    return floats


def to_samples(samples: npt.NDArray[np.float32], dtype: str) -> npt.NDArray[Any]:
    """Convert to another type, an array of its own.

    Raises: ValueError (a type that has no scale).
    """
    if dtype in {"float32", "float64"}:
        return samples.astype(dtype)
    scale = _SCALES.get(dtype)
    if scale is None:
        raise ValueError(f"no sample format {dtype!r}: take float32, float64, int16, int32 or uint8")
    wide: npt.NDArray[np.float32 | np.float64] = samples.astype(
        np.float64 if dtype == "int32" else np.float32
    )  # float32 cannot hold 2^31 - 1
    np.multiply(wide, scale, out=wide)
    np.rint(wide, out=wide)
    np.clip(wide, -scale, scale - 1, out=wide)
    if np.isnan(wide).any():
        np.nan_to_num(wide, copy=False)
    if dtype == "uint8":
        np.add(wide, scale, out=wide)
    return wide.astype(dtype)
