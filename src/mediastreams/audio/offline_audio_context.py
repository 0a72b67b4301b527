"""`OfflineAudioContext`: a graph rendered as fast as possible, into memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import double
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.events import event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import in_parallel, queue_task
from mediastreams.audio.audio_buffer import AudioBuffer
from mediastreams.audio.audio_destination_node import AudioDestinationNode
from mediastreams.audio.base_audio_context import BaseAudioContext
from mediastreams.audio.context_options import OFFLINE_AUDIO_CONTEXT_OPTIONS
from mediastreams.audio.engine import QUANTUM, call, engine, waited_for
from mediastreams.audio.enums import AudioContextState
from mediastreams.audio.offline_audio_completion_event import OfflineAudioCompletionEvent
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.context_options import OfflineAudioContextOptions

__all__ = ["OfflineAudioContext"]


@public
class OfflineAudioContext(BaseAudioContext):
    """A graph that is rendered into an `AudioBuffer`, as fast as the machine can.

    ``OfflineAudioContext(2, 48000, 48000)``, or with the members of `OfflineAudioContextOptions`.

    https://webaudio.github.io/web-audio-api/#OfflineAudioContext
    """

    oncomplete = event_handler("complete", OfflineAudioCompletionEvent)

    @overload
    def __init__(
        self, context_options: OfflineAudioContextOptions | Mapping[str, Any] | None = ..., /, **members: Any
    ) -> None: ...
    @overload
    def __init__(self, number_of_channels: int, length: int, sample_rate: float, /) -> None: ...
    def __init__(
        self,
        context_options: Any = None,
        length: int | None = None,
        sample_rate: float | None = None,
        /,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            NotSupportedError: not 1 to 32 channels, no length, or a rate that is not 3000 to 768000 Hz.
            TypeError: no ``length`` or ``sample_rate``, or one of the wrong type.
            ImportError: the extra ``mediastreams[audio]`` is not installed.

        https://webaudio.github.io/web-audio-api/#dom-offlineaudiocontext-offlineaudiocontext
        """
        where = "OfflineAudioContext"
        if length is not None:
            context_options = {"number_of_channels": context_options, "length": length, "sample_rate": sample_rate}
        given = OFFLINE_AUDIO_CONTEXT_OPTIONS.convert(merge_arguments(context_options, members, where), where)
        if "length" not in given:  # DEVIATION: a rendering has an end; without one use an `AudioContext`
            raise TypeError(f"{where}: it needs a length")
        for name in ("number_of_channels", "length", "sample_rate"):
            check((where,), name, given[name], where)
        shape = (given["number_of_channels"], given["length"], given["sample_rate"])
        self._begin(call(engine().OfflineAudioContext, *shape))
        self._length: int = given["length"]
        self._started = False  # [[rendering started]]
        self._pauses: set[int] = set()  # quanta before which it waits
        self._destination = AudioDestinationNode._offline(self)

    @property
    def length(self) -> int:
        """How many frames are rendered."""
        return self._length

    async def start_rendering(self, chunk_size: int | None = None) -> AudioBuffer:  # noqa: ARG002 - the standard's
        """Render the whole graph; fires ``complete``. Once.

        DEVIATION: ``chunk_size`` has no effect: all is answered at once.

        Raises:
            InvalidStateError: it was rendered already, or is being.

        https://webaudio.github.io/web-audio-api/#dom-offlineaudiocontext-startrendering
        """
        self._owner.check("OfflineAudioContext.start_rendering")
        # 2-3. Once.
        if self._started:
            raise InvalidStateError("OfflineAudioContext.start_rendering: it was started already")
        self._started = True
        # 7. Rendering.
        self._set_state(AudioContextState.RUNNING)
        rendered = await in_parallel(waited_for, self._native.startRendering)
        buffer = await in_parallel(AudioBuffer._from_engine, rendered)
        self._set_state(AudioContextState.CLOSED)
        self._playing.clear()
        self._bridge.close()
        queue_task(self._owner, self._complete, buffer)
        return buffer

    def _complete(self, buffer: AudioBuffer) -> None:
        fire_event(self, "complete", OfflineAudioCompletionEvent, rendered_buffer=buffer)

    async def suspend(self, suspend_time: float) -> None:
        """Have the rendering wait at a time (of the next quantum) until `resume`; done when it waits.

        Raises:
            InvalidStateError: a negative time, one that has passed or lies behind the end; one for which that was
                asked already.

        https://webaudio.github.io/web-audio-api/#dom-offlineaudiocontext-suspend
        """
        where = "OfflineAudioContext.suspend"
        self._owner.check(where)
        time = double(suspend_time, f"{where}: suspend_time")
        quantum = int(-(-time * self.sample_rate // QUANTUM))
        if time < 0 or time < self.current_time or quantum * QUANTUM >= self._length:
            raise InvalidStateError(f"{where}: {time:g} s is not within what is still to be rendered")
        if quantum in self._pauses:
            raise InvalidStateError(f"{where}: it waits at {time:g} s already")
        self._pauses.add(quantum)
        await in_parallel(waited_for, partial(self._native.suspend, time))
        self._set_state(AudioContextState.SUSPENDED)

    async def close(self) -> None:
        """Give up: a rendering that was not started never will be.

        Raises:
            InvalidStateError: it is closed already, or is being rendered.

        https://webaudio.github.io/web-audio-api/#dom-offlineaudiocontext-close
        """
        self._owner.check("OfflineAudioContext.close")
        if self._started:
            raise InvalidStateError("OfflineAudioContext.close: it is being rendered, or was")
        self._started = True
        self._playing.clear()
        self._set_state(AudioContextState.CLOSED)

    async def resume(self) -> None:
        """Go on with the rendering.

        Raises:
            InvalidStateError: it was not started, or is done.

        https://webaudio.github.io/web-audio-api/#dom-offlineaudiocontext-resume
        """
        self._owner.check("OfflineAudioContext.resume")
        if not self._started or self._state is AudioContextState.CLOSED:
            raise InvalidStateError("OfflineAudioContext.resume: nothing is being rendered")
        self._set_state(AudioContextState.RUNNING)
        await in_parallel(waited_for, self._native.resume)
