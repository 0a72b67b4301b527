"""Numbers in a row, coming in: sequences and arrays, and arrays that are to be filled.

Not for: sound with a time (`AudioData`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mediastreams._webidl.conversions import wrong_type

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["byte_target", "double_samples", "float_samples", "float_target"]


def _numbers(value: object, where: str, kind: type[np.floating[Any]]) -> npt.NDArray[Any]:
    """*sequence<float>*: finite numbers, of one dimension."""
    if isinstance(value, str | bytes | Mapping):
        raise wrong_type(where, "a sequence of numbers", value)
    try:
        given = np.asarray(value if hasattr(value, "__array__") else list(value))  # type: ignore[call-overload]
        if given.dtype.kind not in "fiu" and given.size:
            raise TypeError
        found = given.astype(kind)
    except (TypeError, ValueError):
        raise wrong_type(where, "a sequence of numbers", value) from None
    if found.ndim != 1 or not np.isfinite(found).all():
        raise wrong_type(where, "finite numbers in one dimension", value)
    return found


def float_samples(value: object, where: str, /) -> npt.NDArray[np.float32]:
    """``sequence<float>`` and ``Float32Array``: a copy."""
    return _numbers(value, where, np.float32)


def double_samples(value: object, where: str, /) -> npt.NDArray[np.float64]:
    """``sequence<double>``: a copy."""
    return _numbers(value, where, np.float64)


def _target(kind: type[np.generic], says: str) -> Callable[[object, str], npt.NDArray[Any]]:
    def convert(value: object, where: str, /) -> npt.NDArray[Any]:
        try:
            array = np.asarray(value) if isinstance(value, np.ndarray) else np.asarray(memoryview(value))  # type: ignore[arg-type]
        except TypeError:
            raise wrong_type(where, says, value) from None
        if array.dtype != kind or array.ndim != 1 or not array.flags.writeable:
            raise TypeError(f"{where}: expected {says} of one dimension that can be written to")
        return array

    return convert


float_target: Final = _target(np.float32, "an array of float32")
byte_target: Final = _target(np.uint8, "an array of uint8")
