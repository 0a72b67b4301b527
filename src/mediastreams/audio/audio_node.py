"""`AudioNode` and `AudioScheduledSourceNode`: what all nodes of the graph have.

Not for: what a single node does (``nodes.py``, ``source_nodes.py`` and the files of those that are more than the
engine's).

Rules of the file: a node of ours has one of the engine's in ``_native``; the engine keeps what is connected and sounds,
whoever holds ours. Nodes, parameters, buffers and the context are the same objects every time they are asked for.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, overload

from mediastreams._rules.audio_limits import check
from mediastreams._webidl.conversions import double, unsigned_long, wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task
from mediastreams.audio.audio_param import AudioParam
from mediastreams.audio.engine import call, engine, for_engine
from mediastreams.audio.enums import ChannelCountMode, ChannelInterpretation
from mediastreams.audio.members import choice, count, interfaces_of
from mediastreams.errors import DOMException, InvalidAccessError, InvalidStateError

if TYPE_CHECKING:
    from mediastreams._webidl.dictionaries import Schema
    from mediastreams.audio.base_audio_context import BaseAudioContext

__all__ = ["AudioNode", "AudioScheduledSourceNode"]


@public
class AudioNode(EventTarget):
    """A part of an audio graph, with inputs and outputs that are connected to others'.

    https://webaudio.github.io/web-audio-api/#AudioNode
    """

    __init__ = illegal_constructor("Construct a node that does something: GainNode(context) or context.create_gain().")

    channel_count = count("To how many channels inputs are mixed, where the mode heeds it.")
    channel_count_mode = choice(ChannelCountMode, "How many channels its inputs are mixed to.")
    channel_interpretation = choice(ChannelInterpretation, "What channels mean when they are mixed.")

    _kind: ClassVar[str] = "AudioNode"  # the engine's class
    _options: ClassVar[Schema[dict[str, Any]]]
    _native: Any
    _context: BaseAudioContext
    _parameters: dict[str, AudioParam]

    def __init_subclass__(cls) -> None:
        if cls.__module__.startswith("mediastreams."):  # subclasses of others are of the same kind
            cls._kind = cls.__name__

    def _make(
        self, context: BaseAudioContext, options: Mapping[str, Any] | None = None, keywords: Mapping[str, Any] = {}
    ) -> None:
        """*The constructor of a node*: convert, check, and have the engine make it.

        https://webaudio.github.io/web-audio-api/#audionode-constructor-init
        """
        kind = self._kind
        converted = self._options.convert(merge_arguments(options, keywords, kind), kind)
        self._begin(context, converted)
        self._native = call(getattr(engine(), kind), context._native, for_engine(converted))

    def _begin(self, context: BaseAudioContext, options: Mapping[str, Any]) -> None:
        """Fill the slots; ``options`` are converted, and checked here."""
        from mediastreams.audio.base_audio_context import BaseAudioContext

        if not isinstance(context, BaseAudioContext):
            raise wrong_type(f"{self._kind}: context", "a BaseAudioContext", context)
        for name, value in options.items():
            check(interfaces_of(type(self)), name, value, self._kind)
        EventTarget.__init__(self)
        self._owner = context._owner
        self._context = context
        self._parameters = {}
        self._sounding = 0  # connections that were made from it

    @property
    def number_of_inputs(self) -> int:
        """How many inputs it has."""
        return int(call(getattr, self._native, "numberOfInputs"))

    @property
    def number_of_outputs(self) -> int:
        """How many outputs it has."""
        return int(call(getattr, self._native, "numberOfOutputs"))

    @property
    def context(self) -> BaseAudioContext:
        """The context that it belongs to."""
        return self._context

    @overload
    def connect(self, destination_node: AudioNode, output: int = 0, input: int = 0) -> AudioNode: ...
    @overload
    def connect(self, destination_node: AudioParam, output: int = 0) -> None: ...
    def connect(self, destination_node: AudioNode | AudioParam, output: int = 0, input: int = 0) -> AudioNode | None:
        """Let an output go to an input of another node, which is answered, or move a parameter.

        Raises:
            DOMException: IndexSizeError, there is no such output or input.
            InvalidAccessError: the other belongs to another context.

        https://webaudio.github.io/web-audio-api/#dom-audionode-connect
        """
        where = f"{self._kind}.connect"
        if not isinstance(destination_node, AudioNode | AudioParam):
            raise wrong_type(f"{where}: destination_node", "an AudioNode or an AudioParam", destination_node)
        if destination_node._context is not self._context:
            raise InvalidAccessError(f"{where}: the two belong to different contexts")
        outlet, inlet = self._output_number(output, where), unsigned_long(input, f"{where}: input")
        if isinstance(destination_node, AudioParam):
            call(self._native.connect, destination_node._native, outlet)
            self._connections_changed(+1)
            return None
        if inlet >= destination_node.number_of_inputs:
            inputs = destination_node.number_of_inputs
            raise DOMException(f"{where}: {destination_node!r} has {inputs} inputs, none is {inlet}", "IndexSizeError")
        call(self._native.connect, destination_node._inlet(), outlet, inlet)
        self._connections_changed(+1)
        node: AudioNode = destination_node
        return node

    def disconnect(
        self,
        destination_or_output: AudioNode | AudioParam | int | None = None,
        output: int | None = None,
        input: int | None = None,
    ) -> None:
        """Take connections back: all, those of an output, those to a node or a parameter, or one of them.

        Raises:
            DOMException: IndexSizeError, there is no such output or input.
            InvalidAccessError: there is no such connection.

        https://webaudio.github.io/web-audio-api/#dom-audionode-disconnect
        """
        where = f"{self._kind}.disconnect"
        target = destination_or_output
        ports = [] if output is None else [self._output_number(output, where)]
        if input is not None:
            ports = [*(ports or [0]), unsigned_long(input, f"{where}: input")]
        if target is None:
            call(self._native.disconnect)
            self._connections_changed(-self._sounding)
        elif isinstance(target, AudioParam):
            call(self._native.disconnect, target._native, *ports[:1])
            self._connections_changed(-1)
        elif isinstance(target, AudioNode):
            if input is not None and ports[1] >= target.number_of_inputs:
                raise DOMException(f"{where}: there is no input {ports[1]}", "IndexSizeError")
            if target._context is not self._context:
                raise InvalidAccessError(f"{where}: the two belong to different contexts")
            call(self._native.disconnect, target._inlet(), *ports)
            self._connections_changed(-1)
        else:
            call(self._native.disconnect, self._output_number(target, where))
            self._connections_changed(-1)

    def _output_number(self, output: object, where: str) -> int:
        number = unsigned_long(output, f"{where}: output")
        if number >= self.number_of_outputs:
            message = f"{where}: {self!r} has {self.number_of_outputs} outputs, none is {number}"
            raise DOMException(message, "IndexSizeError")
        return number

    def _inlet(self) -> object:
        """What of the engine others connect to."""
        return self._native

    def _attribute_set(self, name: str) -> None:
        """Take note that an attribute has another value; for those with a part that is not the engine's."""

    def _connections_changed(self, by: int) -> None:
        self._sounding = max(0, self._sounding + by)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@public
class AudioScheduledSourceNode(AudioNode):
    """A source that is started and stopped at times of the context. Once: it cannot be started again.

    https://webaudio.github.io/web-audio-api/#AudioScheduledSourceNode
    """

    __init__ = illegal_constructor(
        "Construct one that sounds: OscillatorNode(context), AudioBufferSourceNode(context)."
    )

    onended = event_handler("ended")

    def _begin(self, context: BaseAudioContext, options: Mapping[str, Any]) -> None:
        super()._begin(context, options)
        self._started = False
        self._over = False

    def start(self, when: float = 0.0) -> None:
        """Sound from a time of the context on, or now.

        Raises:
            InvalidStateError: it was started already.
            ValueError: a negative time.

        https://webaudio.github.io/web-audio-api/#dom-audioscheduledsourcenode-start
        """
        self._start(when=when)

    def _start(self, **times: float | None) -> None:
        where = f"{self._kind}.start"
        given = {name: double(value, f"{where}: {name}") for name, value in times.items() if value is not None}
        if self._started:
            raise InvalidStateError(f"{where}: it was started already; make another one")
        for name, value in given.items():
            check(interfaces_of(type(self)), name, value, where)
        self._started = True
        call(setattr, self._native, "onended", _Ending(self))
        self._context._keep(self)
        call(self._native.start, *given.values())

    def stop(self, when: float = 0.0) -> None:
        """Be silent from a time of the context on, or now; ``ended`` is fired then.

        Raises:
            InvalidStateError: it was not started.
            ValueError: a negative time.

        https://webaudio.github.io/web-audio-api/#dom-audioscheduledsourcenode-stop
        """
        where = f"{self._kind}.stop"
        time = double(when, f"{where}: when")
        if not self._started:
            raise InvalidStateError(f"{where}: it was not started")
        check(interfaces_of(type(self)), "when", time, where)
        if not self._over:
            call(self._native.stop, time)

    def _ended(self) -> None:
        """The task of its end."""
        self._over = True
        self._context._let_go(self)
        fire_event(self, "ended")

    def _can_still_fire(self, type: str) -> bool:
        return type != "ended" or not self._over


class _Ending:
    """Hears of a source's end, on the engine's thread. Holds it weakly: the context keeps those that sound."""

    def __init__(self, node: AudioScheduledSourceNode) -> None:
        self._node = weakref.ref(node)

    def __call__(self, _event: object) -> None:
        node = self._node()
        if node is not None:
            queue_task(node._owner, node._ended)
