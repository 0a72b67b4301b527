"""`AnalyserNode`: what sound looks like now: its samples, and its spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.conversions import double
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.members import count, fixed, number
from mediastreams.audio.node_options import ANALYSER_OPTIONS
from mediastreams.audio.samples import byte_target, float_target
from mediastreams.errors import DOMException

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import AnalyserOptions

__all__ = ["AnalyserNode"]


@public
class AnalyserNode(AudioNode):
    """Looks at the sound that goes through it, which it does not change.

    https://webaudio.github.io/web-audio-api/#AnalyserNode
    """

    _options = ANALYSER_OPTIONS

    fft_size = count("Over how many samples it looks: a power of two from 32 to 32768.")
    frequency_bin_count = fixed(int, "Half of ``fft_size``: how many frequencies there are.")
    smoothing_time_constant = number("From 0 to 1: how much of the last look there still is in this one.")

    def __init__(
        self, context: BaseAudioContext, options: AnalyserOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            DOMException: IndexSizeError, ``fft_size`` is no power of two from 32 to 32768, ``min_decibels`` is not
                below ``max_decibels``, or the smoothing is not 0 to 1.
        """
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        self._begin(context, given)
        self._check_range(given["min_decibels"], given["max_decibels"])
        self._native = call(engine().AnalyserNode, context._native, for_engine(given))

    @property
    def min_decibels(self) -> float:
        """The level that is byte 0.

        Raises:
            DOMException: IndexSizeError, set to what is not below ``max_decibels``.
        """
        return float(call(getattr, self._native, "minDecibels"))

    @min_decibels.setter
    def min_decibels(self, value: float) -> None:
        level = double(value, f"{self._kind}.min_decibels")
        self._check_range(level, self.max_decibels)
        call(setattr, self._native, "minDecibels", level)

    @property
    def max_decibels(self) -> float:
        """The level that is byte 255.

        Raises:
            DOMException: IndexSizeError, set to what is not above ``min_decibels``.
        """
        return float(call(getattr, self._native, "maxDecibels"))

    @max_decibels.setter
    def max_decibels(self, value: float) -> None:
        level = double(value, f"{self._kind}.max_decibels")
        self._check_range(self.min_decibels, level)
        call(setattr, self._native, "maxDecibels", level)

    def _check_range(self, least: float, most: float) -> None:
        if least >= most:
            message = f"{self._kind}: min_decibels {least:g} is not below max_decibels {most:g}"
            raise DOMException(message, "IndexSizeError")

    def get_float_frequency_data(self, array: npt.NDArray[np.float32]) -> None:
        """Fill an array with the spectrum, in decibels.

        Raises:
            TypeError: no writable array of float32.

        https://webaudio.github.io/web-audio-api/#dom-analysernode-getfloatfrequencydata
        """
        self._fill("getFloatFrequencyData", float_target(array, f"{self._kind}.get_float_frequency_data: array"), 0.0)

    def get_byte_frequency_data(self, array: npt.NDArray[np.uint8]) -> None:
        """Fill an array with the spectrum, from ``min_decibels`` (0) to ``max_decibels`` (255).

        Raises:
            TypeError: no writable array of uint8.

        https://webaudio.github.io/web-audio-api/#dom-analysernode-getbytefrequencydata
        """
        self._fill("getByteFrequencyData", byte_target(array, f"{self._kind}.get_byte_frequency_data: array"), 0)

    def get_float_time_domain_data(self, array: npt.NDArray[np.float32]) -> None:
        """Fill an array with the latest samples.

        Raises:
            TypeError: no writable array of float32.

        https://webaudio.github.io/web-audio-api/#dom-analysernode-getfloattimedomaindata
        """
        target = float_target(array, f"{self._kind}.get_float_time_domain_data: array")
        self._fill("getFloatTimeDomainData", target, 0.0)

    def get_byte_time_domain_data(self, array: npt.NDArray[np.uint8]) -> None:
        """Fill an array with the latest samples: 128 is silence.

        Raises:
            TypeError: no writable array of uint8.

        https://webaudio.github.io/web-audio-api/#dom-analysernode-getbytetimedomaindata
        """
        self._fill("getByteTimeDomainData", byte_target(array, f"{self._kind}.get_byte_time_domain_data: array"), 0)

    def _fill(self, name: str, array: npt.NDArray[Any], nothing: float) -> None:
        found = call(getattr(self._native, name), [nothing] * array.shape[0])
        array[:] = list(found)
