"""`BaseAudioContext`: what contexts in real time and others have: a destination, a time, and nodes.

Not for: running (``audio_context.py``) and rendering (``offline_audio_context.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._backends.ffmpeg.whole_sound import whole_sound
from mediastreams._webidl.conversions import wrong_type
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import in_parallel, queue_task
from mediastreams.audio.analyser_node import AnalyserNode
from mediastreams.audio.audio_buffer import AudioBuffer
from mediastreams.audio.audio_worklet import AudioWorklet
from mediastreams.audio.effect_nodes import (
    BiquadFilterNode,
    ConvolverNode,
    DelayNode,
    DynamicsCompressorNode,
    GainNode,
    IIRFilterNode,
    WaveShaperNode,
)
from mediastreams.audio.engine import QUANTUM, call
from mediastreams.audio.enums import AudioContextState
from mediastreams.audio.periodic_wave import PeriodicWave
from mediastreams.audio.source_nodes import AudioBufferSourceNode, ConstantSourceNode, OscillatorNode
from mediastreams.audio.space_nodes import (
    AudioListener,
    ChannelMergerNode,
    ChannelSplitterNode,
    PannerNode,
    StereoPannerNode,
)
from mediastreams.audio.worklet_bridge import Bridge
from mediastreams.errors import DOMException, EncodingError

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from mediastreams.audio.audio_destination_node import AudioDestinationNode
    from mediastreams.audio.audio_node import AudioScheduledSourceNode
    from mediastreams.audio.node_options import Numbers, PeriodicWaveConstraints

__all__ = ["BaseAudioContext"]


@public
class BaseAudioContext(EventTarget):
    """A graph of nodes, and its time. ``create_gain()`` is the same as ``GainNode(context)``.

    NOT-HERE: ``create_script_processor``: long out of date; write an `AudioWorkletProcessor`.

    https://webaudio.github.io/web-audio-api/#BaseAudioContext
    """

    __init__ = illegal_constructor("Construct an AudioContext or an OfflineAudioContext.")

    onstatechange = event_handler("statechange")

    _native: Any
    _destination: AudioDestinationNode

    def _begin(self, native: object) -> None:
        EventTarget.__init__(self)
        self._native = native
        self._state = AudioContextState.SUSPENDED  # [[control thread state]]
        self._lock = threading.Lock()
        self._bridge = Bridge(native)
        self._listener: AudioListener | None = None
        self._worklet: AudioWorklet | None = None
        self._playing: set[AudioScheduledSourceNode] = set()  # kept until they have ended

    # ── attributes ───────────────────────────────────────────────────────────────────────────────

    @property
    def destination(self) -> AudioDestinationNode:
        """Where the graph ends: what is connected to it is heard, or rendered."""
        return self._destination

    @property
    def sample_rate(self) -> float:
        """Frames per second."""
        return float(self._native.sampleRate)

    @property
    def current_time(self) -> float:
        """Seconds of sound that were rendered."""
        return float(call(getattr, self._native, "currentTime"))

    @property
    def listener(self) -> AudioListener:
        """Who hears the panners."""
        with self._lock:
            if self._listener is None:
                self._listener = AudioListener._of(self)
            return self._listener

    @property
    def audio_worklet(self) -> AudioWorklet:
        """The processors of the program that it knows."""
        with self._lock:
            if self._worklet is None:
                self._worklet = AudioWorklet._of(self)
            return self._worklet

    @property
    def state(self) -> AudioContextState:
        """``suspended``, ``running`` or ``closed``."""
        return self._state

    @property
    def render_quantum_size(self) -> int:
        """Frames that are rendered at a time."""
        return QUANTUM

    def _set_state(self, state: AudioContextState) -> None:
        """Change the state, and tell in a task of its own."""
        if self._state is not state:
            self._state = state
            queue_task(self._owner, fire_event, self, "statechange")

    # ── sources that sound stay though nobody holds them ─────────────────────────────────────────────

    def _keep(self, node: AudioScheduledSourceNode) -> None:
        if self._state is not AudioContextState.CLOSED:
            self._playing.add(node)

    def _let_go(self, node: AudioScheduledSourceNode) -> None:
        self._playing.discard(node)

    # ── nodes ────────────────────────────────────────────────────────────────────────────────────

    def create_analyser(self) -> AnalyserNode:
        """Make a node: see `AnalyserNode`."""
        return AnalyserNode(self)

    def create_biquad_filter(self) -> BiquadFilterNode:
        """Make a node: see `BiquadFilterNode`."""
        return BiquadFilterNode(self)

    def create_buffer_source(self) -> AudioBufferSourceNode:
        """Make a node: see `AudioBufferSourceNode`."""
        return AudioBufferSourceNode(self)

    def create_channel_merger(self, number_of_inputs: int = 6) -> ChannelMergerNode:
        """Make a node: see `ChannelMergerNode`."""
        return ChannelMergerNode(self, number_of_inputs=number_of_inputs)

    def create_channel_splitter(self, number_of_outputs: int = 6) -> ChannelSplitterNode:
        """Make a node: see `ChannelSplitterNode`."""
        return ChannelSplitterNode(self, number_of_outputs=number_of_outputs)

    def create_constant_source(self) -> ConstantSourceNode:
        """Make a node: see `ConstantSourceNode`."""
        return ConstantSourceNode(self)

    def create_convolver(self) -> ConvolverNode:
        """Make a node: see `ConvolverNode`."""
        return ConvolverNode(self)

    def create_delay(self, max_delay_time: float = 1.0) -> DelayNode:
        """Make a node: see `DelayNode`."""
        return DelayNode(self, max_delay_time=max_delay_time)

    def create_dynamics_compressor(self) -> DynamicsCompressorNode:
        """Make a node: see `DynamicsCompressorNode`."""
        return DynamicsCompressorNode(self)

    def create_gain(self) -> GainNode:
        """Make a node: see `GainNode`."""
        return GainNode(self)

    def create_iir_filter(self, feedforward: Numbers, feedback: Numbers) -> IIRFilterNode:
        """Make a node: see `IIRFilterNode`."""
        return IIRFilterNode(self, feedforward=feedforward, feedback=feedback)

    def create_oscillator(self) -> OscillatorNode:
        """Make a node: see `OscillatorNode`."""
        return OscillatorNode(self)

    def create_panner(self) -> PannerNode:
        """Make a node: see `PannerNode`."""
        return PannerNode(self)

    def create_stereo_panner(self) -> StereoPannerNode:
        """Make a node: see `StereoPannerNode`."""
        return StereoPannerNode(self)

    def create_wave_shaper(self) -> WaveShaperNode:
        """Make a node: see `WaveShaperNode`."""
        return WaveShaperNode(self)

    # ── sound in memory ──────────────────────────────────────────────────────────────────────────

    def create_buffer(self, number_of_channels: int, length: int, sample_rate: float) -> AudioBuffer:
        """Make a silent `AudioBuffer`.

        Raises:
            NotSupportedError: not 1 to 32 channels, no sample, or a rate that is not 3000 to 768000 Hz.

        https://webaudio.github.io/web-audio-api/#dom-baseaudiocontext-createbuffer
        """
        return AudioBuffer(number_of_channels=number_of_channels, length=length, sample_rate=sample_rate)

    def create_periodic_wave(
        self, real: Numbers, imag: Numbers, constraints: PeriodicWaveConstraints | Mapping[str, Any] | None = None
    ) -> PeriodicWave:
        """Make a shape for oscillators.

        Raises:
            DOMException: IndexSizeError, fewer than two terms, or not as many of both kinds.

        https://webaudio.github.io/web-audio-api/#dom-baseaudiocontext-createperiodicwave
        """
        return PeriodicWave(self, {**(constraints or {}), "real": real, "imag": imag})

    async def decode_audio_data(
        self,
        audio_data: Buffer,
        success_callback: Callable[[AudioBuffer], object] | None = None,
        error_callback: Callable[[DOMException], object] | None = None,
    ) -> AudioBuffer:
        """Decode a whole file in memory, at the context's rate: whatever FFmpeg reads, of a film its first sound.

        The callbacks are called as well.

        Raises:
            EncodingError: it is no sound that can be decoded.
            TypeError: no bytes.

        https://webaudio.github.io/web-audio-api/#dom-baseaudiocontext-decodeaudiodata
        """
        where = f"{type(self).__name__}.decode_audio_data"
        try:
            data = bytes(memoryview(audio_data))
        except TypeError:
            raise wrong_type(f"{where}: audio_data", "bytes", audio_data) from None
        try:
            samples = await in_parallel(whole_sound, data, round(self.sample_rate))
        except DOMException as error:
            failure = EncodingError(f"{where}: this is no sound that can be decoded: {error.message}")
            if error_callback is not None:
                error_callback(failure)
            raise failure from None
        buffer = AudioBuffer._of(samples, self.sample_rate)
        if success_callback is not None:
            success_callback(buffer)
        return buffer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._state} {self.sample_rate:g} Hz at {self.current_time:.3f} s>"
