"""Nodes that change sound: volume, delay, filters, rooms, distortion, compression.

Not for: where sound is (``space_nodes.py``), or sources (``source_nodes.py``).

https://webaudio.github.io/web-audio-api/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import instance_of
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.audio_buffer import AudioBuffer
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.enums import BiquadFilterType, OverSampleType
from mediastreams.audio.members import choice, fixed, flag, interfaces_of, parameter
from mediastreams.audio.node_options import (
    BIQUAD_FILTER_OPTIONS,
    CONVOLVER_OPTIONS,
    DELAY_OPTIONS,
    DYNAMICS_COMPRESSOR_OPTIONS,
    GAIN_OPTIONS,
    IIR_FILTER_OPTIONS,
    WAVE_SHAPER_OPTIONS,
)
from mediastreams.audio.responses import fill_response
from mediastreams.audio.samples import float_samples
from mediastreams.errors import InvalidStateError, NotSupportedError

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import (
        BiquadFilterOptions,
        ConvolverOptions,
        DelayOptions,
        DynamicsCompressorOptions,
        GainOptions,
        IIRFilterOptions,
        Numbers,
        WaveShaperOptions,
    )

__all__ = [
    "BiquadFilterNode",
    "ConvolverNode",
    "DelayNode",
    "DynamicsCompressorNode",
    "GainNode",
    "IIRFilterNode",
    "WaveShaperNode",
]


@public
class GainNode(AudioNode):
    """A change of volume.

    https://webaudio.github.io/web-audio-api/#GainNode
    """

    _options = GAIN_OPTIONS

    gain = parameter("The factor.")

    def __init__(
        self, context: BaseAudioContext, options: GainOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: not 1 to 32 channels.
        """
        self._make(context, options, members)


@public
class DelayNode(AudioNode):
    """A delay: sound comes out ``delay_time`` seconds later. In a loop of nodes there has to be one.

    https://webaudio.github.io/web-audio-api/#DelayNode
    """

    _options = DELAY_OPTIONS

    delay_time = parameter("Seconds, at most ``max_delay_time``.")

    def __init__(
        self, context: BaseAudioContext, options: DelayOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: ``max_delay_time`` is not more than 0 and less than 180 seconds.
        """
        self._make(context, options, members)


@public
class BiquadFilterNode(AudioNode):
    """A filter of second order, of one of the usual types.

    https://webaudio.github.io/web-audio-api/#BiquadFilterNode
    """

    _options = BIQUAD_FILTER_OPTIONS

    type = choice(BiquadFilterType, "What it lets through.")
    frequency = parameter("Hertz.")
    detune = parameter("Cents by which the frequency is other.")
    Q = parameter("How sharp it is.")
    gain = parameter("Decibels, of types that boost.")

    def __init__(
        self, context: BaseAudioContext, options: BiquadFilterOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both."""
        self._make(context, options, members)

    def get_frequency_response(
        self,
        frequency_hz: Numbers,
        mag_response: npt.NDArray[np.float32],
        phase_response: npt.NDArray[np.float32],
    ) -> None:
        """Fill two arrays with what the filter makes of frequencies: magnitude, and phase in radians.

        Raises:
            InvalidAccessError: the arrays are not of one length.
            TypeError: what is to be filled is no writable array of float32.
        """
        fill_response(self._native, self._kind, frequency_hz, mag_response, phase_response)


@public
class IIRFilterNode(AudioNode):
    """A filter with coefficients of one's own, which do not change.

    https://webaudio.github.io/web-audio-api/#IIRFilterNode
    """

    _options = IIR_FILTER_OPTIONS

    def __init__(
        self, context: BaseAudioContext, options: IIRFilterOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one.

        Raises:
            NotSupportedError: not 1 to 20 coefficients.
            InvalidStateError: all feedforward coefficients are 0, or the first feedback coefficient is.
            TypeError: coefficients are missing, or no numbers.
        """
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        self._begin(context, given)
        if not any(given["feedforward"]):
            raise InvalidStateError(f"{self._kind}: all feedforward coefficients are 0, so nothing would come out")
        if not given["feedback"][0]:
            raise InvalidStateError(f"{self._kind}: the first feedback coefficient is 0")
        self._native = call(engine().IIRFilterNode, context._native, for_engine(given))

    def get_frequency_response(
        self,
        frequency_hz: Numbers,
        mag_response: npt.NDArray[np.float32],
        phase_response: npt.NDArray[np.float32],
    ) -> None:
        """Fill two arrays with what the filter makes of frequencies: magnitude, and phase in radians.

        Raises:
            InvalidAccessError: the arrays are not of one length.
            TypeError: what is to be filled is no writable array of float32.
        """
        fill_response(self._native, self._kind, frequency_hz, mag_response, phase_response)


@public
class WaveShaperNode(AudioNode):
    """A distortion: every sample becomes what a curve over -1 … 1 has at its place.

    https://webaudio.github.io/web-audio-api/#WaveShaperNode
    """

    _options = WAVE_SHAPER_OPTIONS

    oversample = choice(OverSampleType, "How finely it follows the curve.")

    _curve: npt.NDArray[np.float32] | None = None

    def __init__(
        self, context: BaseAudioContext, options: WaveShaperOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            InvalidStateError: a curve of fewer than two numbers.
        """
        self._make(context, options, members)
        found = call(getattr, self._native, "curve")
        self._curve = None if found is None else np.asarray(found, np.float32)

    @property
    def curve(self) -> npt.NDArray[np.float32] | None:
        """The curve; a copy.

        DEVIATION: it can be set once and not be taken back: the engine keeps it. Use another node.

        Raises:
            InvalidStateError: set to fewer than two numbers, or for the second time.
            NotSupportedError: set to ``None`` after it was set.
        """
        return None if self._curve is None else self._curve.copy()

    @curve.setter
    def curve(self, curve: Numbers | None) -> None:
        where = f"{self._kind}.curve"
        if curve is None:
            if self._curve is not None:
                raise NotSupportedError(f"{where}: the curve cannot be taken back; use another node")
            return
        given = float_samples(curve, where)
        check(interfaces_of(type(self)), "curve", given, self._kind)
        if self._curve is not None:
            raise InvalidStateError(f"{where}: it was set already; use another node")
        call(setattr, self._native, "curve", given.tolist())
        self._curve = given


@public
class ConvolverNode(AudioNode):
    """A room: sound as it is heard through an impulse response.

    https://webaudio.github.io/web-audio-api/#ConvolverNode
    """

    _options = CONVOLVER_OPTIONS

    normalize = flag("Whether the next buffer is brought to the loudness of others.")

    _buffer: AudioBuffer | None = None

    def __init__(
        self, context: BaseAudioContext, options: ConvolverOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: more than two channels; or a response of 3 or more than 4, or of another sample rate.
        """
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        self._begin(context, given)
        buffer = given.pop("buffer", None)
        if buffer is not None:
            self._check_rate(buffer)
        self._native = call(engine().ConvolverNode, context._native, for_engine(given))
        if buffer is not None:
            self.buffer = buffer

    @property
    def buffer(self) -> AudioBuffer | None:
        """The impulse response: of 1, 2 or 4 channels at the context's rate. Taken as it is when it is set.

        DEVIATION: it can be set once and not be taken back: the engine keeps it. Use another node.

        Raises:
            NotSupportedError: set to one of 3 or more than 4 channels, or of another rate; or to ``None`` or another
                after it was set.
        """
        return self._buffer

    @buffer.setter
    def buffer(self, buffer: AudioBuffer | None) -> None:
        where = f"{self._kind}.buffer"
        if buffer is self._buffer:
            return
        if self._buffer is not None:
            raise NotSupportedError(f"{where}: it was set already; use another node")
        given = instance_of(AudioBuffer)(buffer, where)
        check(interfaces_of(type(self)), "buffer", given, self._kind)
        self._check_rate(given)
        call(setattr, self._native, "buffer", given._acquire())
        self._buffer = given

    def _check_rate(self, buffer: AudioBuffer) -> None:
        if buffer.sample_rate != self._context.sample_rate:
            raise NotSupportedError(
                f"{self._kind}.buffer: {buffer.sample_rate:g} Hz, and the context has {self._context.sample_rate:g}"
            )


@public
class DynamicsCompressorNode(AudioNode):
    """A compressor: what is loud becomes softer, so that all can be louder.

    https://webaudio.github.io/web-audio-api/#DynamicsCompressorNode
    """

    _options = DYNAMICS_COMPRESSOR_OPTIONS

    threshold = parameter("Decibels from which on it compresses.")
    knee = parameter("Decibels over which it begins to.")
    ratio = parameter("By how many decibels the input rises for one of the output.")
    attack = parameter("Seconds until it compresses.")
    release = parameter("Seconds until it lets go.")
    reduction = fixed(float, "By how many decibels it compresses now.")

    def __init__(
        self,
        context: BaseAudioContext,
        options: DynamicsCompressorOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            NotSupportedError: a number of channels, or a mode, that it does not take.
        """
        self._make(context, options, members)
