"""Nodes that make sound by themselves: tones, constants, buffers.

Not for: tracks and elements (``media_stream_nodes.py``).

https://webaudio.github.io/web-audio-api/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import enumeration, instance_of
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.audio.audio_buffer import AudioBuffer
from mediastreams.audio.audio_node import AudioScheduledSourceNode
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.enums import OscillatorType
from mediastreams.audio.members import flag, interfaces_of, number, parameter
from mediastreams.audio.node_options import (
    AUDIO_BUFFER_SOURCE_OPTIONS,
    CONSTANT_SOURCE_OPTIONS,
    OSCILLATOR_OPTIONS,
)
from mediastreams.audio.periodic_wave import PeriodicWave
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import AudioBufferSourceOptions, ConstantSourceOptions, OscillatorOptions

__all__ = [
    "AudioBufferSourceNode",
    "ConstantSourceNode",
    "OscillatorNode",
]


@public
class OscillatorNode(AudioScheduledSourceNode):
    """A tone.

    https://webaudio.github.io/web-audio-api/#OscillatorNode
    """

    _options = OSCILLATOR_OPTIONS

    frequency = parameter("Hertz.")
    detune = parameter("Cents by which the frequency is other.")

    def __init__(
        self, context: BaseAudioContext, options: OscillatorOptions | Mapping[str, Any] | None = None, **members: Any
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both.

        Raises:
            InvalidStateError: ``type`` is ``custom`` without a ``periodic_wave``.
        """
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        wave = given.pop("periodic_wave", None)
        kind = given.pop("type") if wave is not None else given["type"]
        self._begin(context, given)
        self._type = OscillatorType.CUSTOM if wave is not None else kind
        self._native = call(engine().OscillatorNode, context._native, for_engine(given))
        if wave is not None:
            self.set_periodic_wave(wave)

    @property
    def type(self) -> OscillatorType:
        """The shape; ``custom`` after `set_periodic_wave`.

        Raises:
            InvalidStateError: set to ``custom``.
        """
        return self._type

    @type.setter
    def type(self, value: OscillatorType | str) -> None:
        wanted = enumeration(OscillatorType)(value, f"{self._kind}.type")
        if wanted is self._type:
            return
        check(interfaces_of(type(self)), "type", wanted, self._kind)
        call(setattr, self._native, "type", str(wanted))
        self._type = wanted

    def set_periodic_wave(self, periodic_wave: PeriodicWave) -> None:
        """Take a shape of one's own.

        https://webaudio.github.io/web-audio-api/#dom-oscillatornode-setperiodicwave
        """
        wave = instance_of(PeriodicWave)(periodic_wave, f"{self._kind}.set_periodic_wave: periodic_wave")
        call(self._native.setPeriodicWave, wave._native)
        self._type = OscillatorType.CUSTOM


@public
class ConstantSourceNode(AudioScheduledSourceNode):
    """One value all the time, to move parameters with.

    https://webaudio.github.io/web-audio-api/#ConstantSourceNode
    """

    _options = CONSTANT_SOURCE_OPTIONS

    offset = parameter("The value.")

    def __init__(
        self,
        context: BaseAudioContext,
        options: ConstantSourceOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both."""
        self._make(context, options, members)


@public
class AudioBufferSourceNode(AudioScheduledSourceNode):
    """A buffer, played once or over and over.

    https://webaudio.github.io/web-audio-api/#AudioBufferSourceNode
    """

    _options = AUDIO_BUFFER_SOURCE_OPTIONS

    playback_rate = parameter("How fast: 1 is as it is.")
    detune = parameter("Cents by which it is faster.")
    loop = flag("Whether it begins again at its end.")
    loop_start = number("Where in the buffer the loop begins, in seconds.")
    loop_end = number("Where it ends; 0 is the buffer's end.")

    _buffer: AudioBuffer | None = None

    def __init__(
        self,
        context: BaseAudioContext,
        options: AudioBufferSourceOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one; the members of its dictionary come as a mapping, as keywords or as both."""
        given = self._options.convert(merge_arguments(options, members, self._kind), self._kind)
        buffer = given.pop("buffer", None)
        self._begin(context, given)
        self._native = call(engine().AudioBufferSourceNode, context._native, for_engine(given))
        self.buffer = buffer

    @property
    def buffer(self) -> AudioBuffer | None:
        """What is played, as it is when both this was set and the node was started.

        Raises:
            InvalidStateError: set for the second time.
        """
        return self._buffer

    @buffer.setter
    def buffer(self, buffer: AudioBuffer | None) -> None:
        where = f"{self._kind}.buffer"
        if buffer is None:
            self._buffer = None
            return
        given = instance_of(AudioBuffer)(buffer, where)
        if self._was_set:
            raise InvalidStateError(f"{where}: it was set already; use another node")
        self._was_set = True
        self._buffer = given
        if self._started:
            call(setattr, self._native, "buffer", given._acquire())

    _was_set = False

    def start(self, when: float = 0.0, offset: float | None = None, duration: float | None = None) -> None:
        """Play from a time of the context on: from ``offset`` seconds of the buffer on, for ``duration`` of them.

        Raises:
            InvalidStateError: it was started already.
            ValueError: a negative time.

        https://webaudio.github.io/web-audio-api/#dom-audiobuffersourcenode-start
        """
        if duration is not None and offset is None:
            offset = 0.0
        buffer = self._buffer
        acquired = None if buffer is None or self._started else buffer._acquire()
        if acquired is not None:
            call(setattr, self._native, "buffer", acquired)
        self._start(when=when, offset=offset, duration=duration)
