"""`AudioContext`: a graph in real time.

Not for: nodes, or how the destination is heard (``context_output.py``).

Rules of the file: states change on the owner loop, in the order of the calls. What the engine has to be waited for runs
on a thread. Who holds a context must close it; one that is dropped is closed by the collector, with a warning.

DEVIATION: a context begins to run at once; no gesture of a person is waited for.
"""

from __future__ import annotations

import asyncio
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self
from weakref import WeakSet

from mediastreams._engine.clock import get_clock
from mediastreams._engine.worker import reaper
from mediastreams._rules.audio_limits import check
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.error_event import ErrorEvent
from mediastreams._webidl.events import event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import in_parallel, queue_task, start_task
from mediastreams.audio.audio_destination_node import AudioDestinationNode
from mediastreams.audio.base_audio_context import BaseAudioContext
from mediastreams.audio.context_options import AUDIO_CONTEXT_OPTIONS, AudioTimestamp, sink_identifier
from mediastreams.audio.context_output import AudioSinkInfo, ContextOutput
from mediastreams.audio.engine import QUANTUM, call
from mediastreams.audio.enums import AudioContextLatencyCategory, AudioContextState
from mediastreams.audio.graph_output import GraphOutput
from mediastreams.audio.live_engine import LiveEngine
from mediastreams.audio.media_element_node import MediaElementAudioSourceNode
from mediastreams.audio.media_stream_nodes import (
    MediaStreamAudioDestinationNode,
    MediaStreamAudioSourceNode,
    MediaStreamTrackAudioSourceNode,
)
from mediastreams.audio.playback_stats import AudioPlaybackStats
from mediastreams.audio.render_clock import RenderClock
from mediastreams.errors import DOMException, InvalidStateError

if TYPE_CHECKING:
    from types import TracebackType

    from mediastreams.abc import Audible
    from mediastreams.audio.context_options import AudioContextOptions, AudioSinkOptions
    from mediastreams.audio.feeding import Feeding
    from mediastreams.audio.worklet_bridge import Bridge
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["AudioContext"]

_USUAL_RATE: Final = 48_000.0
_CHUNK_SECONDS: Final = {
    AudioContextLatencyCategory.INTERACTIVE: 0.008,
    AudioContextLatencyCategory.BALANCED: 0.01,
    AudioContextLatencyCategory.PLAYBACK: 0.04,
}
_LONGEST_CHUNK: Final = 0.2


@public
class AudioContext(BaseAudioContext):
    """A graph that sounds now. A context manager that closes it: ``async with AudioContext() as context:``.

    https://webaudio.github.io/web-audio-api/#AudioContext
    """

    onsinkchange = event_handler("sinkchange")
    onerror = event_handler("error")

    def __init__(
        self,
        context_options: AudioContextOptions | Mapping[str, Any] | None = None,
        *,
        devices: MediaDevices | None = None,
        **members: Any,
    ) -> None:
        """Make one, which begins to run. An output that cannot be used is told by an ``error`` event.

        Args:
            context_options: the members of `AudioContextOptions`; also as keywords.
            devices: whose outputs it sounds on; the process's own unless others are given.

        Raises:
            NotSupportedError: a sample rate that is not 3000 to 768000 Hz.
            TypeError: a member of the wrong type.
            ImportError: the extra ``mediastreams[audio]`` is not installed.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-audiocontext
        """
        where = "AudioContext"
        given = AUDIO_CONTEXT_OPTIONS.convert(merge_arguments(context_options, members, where), where)
        rate = given.get("sample_rate", _USUAL_RATE)
        check((where,), "sample_rate", rate, where)
        self._live = LiveEngine(rate)
        self._begin(self._live.native)
        hint = given["latency_hint"]
        seconds = _CHUNK_SECONDS[hint] if isinstance(hint, AudioContextLatencyCategory) else hint
        self._quanta = max(1, round(min(max(0.0, seconds), _LONGEST_CHUNK) * rate / QUANTUM))
        self._rendering = RenderClock(self._native, rate)
        self._rendering.look(get_clock().now_us)  # before a busy beginning of the program makes it late
        self._feedings: WeakSet[Feeding] = WeakSet()
        self._outputs: WeakSet[GraphOutput] = WeakSet()
        self._by_user = False  # [[suspended by user]]
        self._turn: asyncio.Lock | None = None
        self._ended = False
        self._output = ContextOutput(self, devices, hint)
        self._destination = AudioDestinationNode._live(self, self._output)
        output = self._output
        self._playback_stats: AudioPlaybackStats = AudioPlaybackStats._of(  # [[playback stats]]
            output.latencies, missing=output.missing, latency=lambda: output.latency, played=_played(self)
        )
        sink = given["sink_id"]
        if not isinstance(sink, str):
            self._output.silence()
        elif sink:
            queue_task(self._owner, self._take_sink, sink)
        queue_task(self._owner, self._began)

    def _began(self) -> None:
        """*Start rendering*: the task of it."""
        self._rendering.look(get_clock().now_us)
        if not self._by_user and not self._over:
            self._set_state(AudioContextState.RUNNING)

    @property
    def _over(self) -> bool:
        """Whether it is closed, or about to be; or there is no engine, in a forked child."""
        return self._ended or self._live.lost

    # ── states ───────────────────────────────────────────────────────────────────────────────────

    @property
    def state(self) -> AudioContextState:
        """``suspended``, ``running`` or ``closed``, for good."""
        return AudioContextState.CLOSED if self._live.lost else self._state

    async def suspend(self) -> None:
        """Stand still: time does not go on, and nothing is heard.

        Raises:
            InvalidStateError: it is closed.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-suspend
        """
        self._check_open("suspend")
        self._by_user = True
        await self._change(self._live.suspend, AudioContextState.SUSPENDED)

    async def resume(self) -> None:
        """Go on after `suspend`.

        Raises:
            InvalidStateError: it is closed.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-resume
        """
        self._check_open("resume")
        self._by_user = False
        await self._change(self._live.resume, AudioContextState.RUNNING)

    async def close(self) -> None:
        """End for good; tracks of its destinations end.

        Raises:
            InvalidStateError: it is closed already.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-close
        """
        self._check_open("close")
        self._ended = True
        await self._change(self._end, AudioContextState.CLOSED)

    def _check_open(self, what: str) -> None:
        self._owner.check(f"AudioContext.{what}")
        if self._over:
            raise InvalidStateError(f"AudioContext.{what}: the context is closed")

    async def _change(self, act: Callable[[], object], state: AudioContextState) -> None:
        """Have the engine change; who gives up waiting does not stop it."""
        changing = asyncio.ensure_future(self._changed(act, state))
        changing.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(changing)

    async def _changed(self, act: Callable[[], object], state: AudioContextState) -> None:
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            if self._state is AudioContextState.CLOSED:
                raise InvalidStateError("the context was closed meanwhile")
            if state is AudioContextState.RUNNING:
                self._rendering.restart()
            await in_parallel(act)
            for output in list(self._outputs):
                output.set_muted(muted=state is AudioContextState.SUSPENDED)
            if state is AudioContextState.SUSPENDED:
                self._output.rest()
            elif state is AudioContextState.RUNNING:
                self._output.go_on()
            self._set_state(state)

    def _end(self) -> None:
        """Close everything. Blocks; any thread."""
        _close(self._live, self._bridge, self._output, list(self._feedings), list(self._outputs))
        self._playing.clear()

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def base_latency(self) -> float:
        """Seconds for which the context itself holds sound back before it goes to the output."""
        return float(self._quanta * QUANTUM / self.sample_rate)

    @property
    def output_latency(self) -> float:
        """Seconds from the output's getting a frame to the ear; 0 while nothing is heard."""
        return max(0.0, self._output.latency - self.base_latency)

    @property
    def playback_stats(self) -> AudioPlaybackStats:
        """How well it has been heard. The same object every time."""
        return self._playback_stats

    def get_output_timestamp(self) -> AudioTimestamp:
        """What is heard now: the context's time of it, and ``time.perf_counter`` in milliseconds.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-getoutputtimestamp
        """
        heard = self.current_time - self.base_latency - self.output_latency
        return AudioTimestamp(context_time=max(0.0, heard), performance_time=time.perf_counter() * 1000)

    # ── the output ───────────────────────────────────────────────────────────────────────────────

    @property
    def sink_id(self) -> str | AudioSinkInfo:
        """Where it is heard: an output's id, ``""`` for the system's default, or `AudioSinkInfo` of type ``none``."""
        return self._output.sink_id

    async def set_sink_id(self, sink_id: str | AudioSinkOptions | Mapping[str, Any]) -> None:
        """Be heard on another output, ``""`` for the default, or on none: ``{"type": "none"}``. Fires ``sinkchange``.

        Raises:
            InvalidStateError: the context is closed.
            NotFoundError: no output that the application may know has this id.
            NotAllowedError: it may use no other output than the default.
            AbortError: the output does not open; what was heard before goes on.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-setsinkid
        """
        wanted = sink_identifier(sink_id, "AudioContext.set_sink_id")
        self._check_open("set_sink_id")
        # 4-5. The one that it has.
        now = self._output.sink_id
        if wanted == now or (isinstance(now, AudioSinkInfo) and not isinstance(wanted, str)):
            return
        # 8-12. Another one, or none.
        await self._output.set_sink(wanted if isinstance(wanted, str) else AudioSinkInfo._none())
        if not self._over:
            queue_task(self._owner, fire_event, self, "sinkchange")

    def _take_sink(self, sink_id: str) -> None:
        """The output that the constructor was given."""
        start_task(self._try_sink(sink_id), "Opening the output")

    async def _try_sink(self, sink_id: str) -> None:
        try:
            await self._output.set_sink(sink_id)
        except DOMException as error:
            fire_event(self, "error", ErrorEvent, message=error.message, error=error)

    # ── nodes ────────────────────────────────────────────────────────────────────────────────────

    def create_media_element_source(self, media_element: Audible) -> MediaElementAudioSourceNode:
        """Take an element's sound into the graph: see `MediaElementAudioSourceNode`.

        Raises:
            InvalidStateError: it is in a graph already.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-createmediaelementsource
        """
        return MediaElementAudioSourceNode(self, media_element=media_element)

    def create_media_stream_source(self, media_stream: MediaStream) -> MediaStreamAudioSourceNode:
        """Take a stream's sound into the graph: see `MediaStreamAudioSourceNode`.

        Raises:
            InvalidStateError: the stream has no audio track.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-createmediastreamsource
        """
        return MediaStreamAudioSourceNode(self, media_stream=media_stream)

    def create_media_stream_track_source(self, media_stream_track: MediaStreamTrack) -> MediaStreamTrackAudioSourceNode:
        """Take a track's sound into the graph.

        Raises:
            InvalidStateError: it is a video track.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-createmediastreamtracksource
        """
        return MediaStreamTrackAudioSourceNode(self, media_stream_track=media_stream_track)

    def create_media_stream_destination(self) -> MediaStreamAudioDestinationNode:
        """Make an end of the graph that is a stream.

        https://webaudio.github.io/web-audio-api/#dom-audiocontext-createmediastreamdestination
        """
        return MediaStreamAudioDestinationNode(self)

    def _output_of(self, options: Mapping[str, Any]) -> tuple[GraphOutput, Any]:
        """Make a way out of the graph: what is heard of it, and what of the engine others connect to."""
        channels = options.get("channel_count", 2)
        explicit = options.get("channel_count_mode", "explicit") == "explicit"
        self._rendering.look(get_clock().now_us)
        output = GraphOutput(self._rendering, round(self.sample_rate), channels if explicit else None, self._quanta)
        node = self._bridge.node(
            output,
            numberOfInputs=1,
            numberOfOutputs=0,
            channelCount=channels,
            channelCountMode=str(options.get("channel_count_mode", "explicit")),
            channelInterpretation=str(options.get("channel_interpretation", "speakers")),
        )
        silence = call(self._native.createConstantSource)  # the engine asks nobody to whom nothing is connected
        call(setattr, silence.offset, "value", 0.0)
        call(silence.connect, node)
        call(silence.start)
        output.node, output.silence = node, silence
        self._outputs.add(output)
        return output, node

    # ── Python ───────────────────────────────────────────────────────────────────────────────────

    def _can_still_fire(self, _type: str) -> bool:
        return self._state is not AudioContextState.CLOSED

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("an AudioContext cannot be copied or pickled")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._over:
            await self.close()

    def __del__(self) -> None:
        live = getattr(self, "_live", None)
        if live is None or live.lost or getattr(self, "_ended", True) or sys.is_finalizing():
            return
        reaper.put(partial(_close, live, self._bridge, self._output, list(self._feedings), list(self._outputs)))
        warnings.warn(f"{self!r} was dropped while it runs: close() it", ResourceWarning, stacklevel=1, source=self)


def _played(context: AudioContext) -> Callable[[], float | None]:
    """Make what tells how much a running context has played; holds it weakly, for it holds that."""
    known = weakref.ref(context)

    def played() -> float | None:
        one = known()
        return None if one is None or one.state is not AudioContextState.RUNNING else one.current_time

    return played


def _close(
    live: LiveEngine,
    bridge: Bridge,
    heard: ContextOutput,
    feedings: list[Feeding],
    outputs: list[GraphOutput],
) -> None:
    heard.close()
    live.close()
    bridge.close()
    for feeding in feedings:
        feeding.close()
    for output in outputs:
        output.end()
