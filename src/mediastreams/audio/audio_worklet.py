"""`AudioWorklet`, `AudioWorkletNode` and `AudioParamMap`: processors of the program in a graph.

Not for: writing one (``audio_worklet_processor.py``).

DEVIATION: ``add_module`` takes a class, or a Python module with classes, in the place of an address.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.conversions import dom_string, wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.error_event import ErrorEvent
from mediastreams._webidl.events import event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.audio.audio_node import AudioNode
from mediastreams.audio.audio_param import AudioParam
from mediastreams.audio.audio_worklet_processor import AudioWorkletProcessor, Birth, engine_name_of, name_of
from mediastreams.audio.engine import call
from mediastreams.audio.message_port import ports
from mediastreams.audio.worklet_options import AUDIO_WORKLET_NODE_OPTIONS, check_ports
from mediastreams.errors import InvalidStateError, NotSupportedError

if TYPE_CHECKING:
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.message_port import MessagePort
    from mediastreams.audio.worklet_options import AudioWorkletNodeOptions

__all__ = ["AudioParamMap", "AudioWorklet", "AudioWorkletNode"]


@public
class AudioWorklet:
    """The processors that a context knows.

    NOT-HERE: ``port``: there is no global scope at its other end.

    https://webaudio.github.io/web-audio-api/#AudioWorklet
    """

    __init__ = illegal_constructor("It belongs to a context: context.audio_worklet.")

    _classes: dict[str, type[AudioWorkletProcessor]]
    _context: weakref.ref[BaseAudioContext]

    @classmethod
    def _of(cls, context: BaseAudioContext) -> AudioWorklet:
        worklet = cls.__new__(cls)
        worklet._classes = {}
        worklet._context = weakref.ref(context)
        return worklet

    async def add_module(self, module: type[AudioWorkletProcessor] | ModuleType) -> None:
        """Make a processor known, or all that a Python module defines.

        Raises:
            NotSupportedError: another one has that name, or two parameters have one.
            TypeError: neither a class of processors nor a module that has one; or a malformed descriptor.

        https://html.spec.whatwg.org/multipage/worklets.html#dom-worklet-addmodule
        """
        found = _classes_of(module)
        context = self._context()
        if context is None:
            return
        for cls in found:
            name = name_of(cls)
            if self._classes.get(name, cls) is not cls:
                raise NotSupportedError(f"AudioWorklet.add_module: there is another processor {name!r}")
            engine_name_of(cls, context._native)
            self._classes[name] = cls


def _classes_of(module: object) -> list[type[AudioWorkletProcessor]]:
    where = "AudioWorklet.add_module: module"
    if isinstance(module, ModuleType):
        things = [one for one in vars(module).values() if getattr(one, "__module__", None) == module.__name__]
        found = [one for one in things if _is_processor(one)]
        if not found:
            raise TypeError(f"{where}: {module.__name__} defines no AudioWorkletProcessor")
        return found
    if not _is_processor(module):
        raise wrong_type(where, "a class of processors, or a module that defines some", module)
    return [module]  # type: ignore[list-item]  # it was looked at


def _is_processor(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, AudioWorkletProcessor) and value is not AudioWorkletProcessor


@public
class AudioParamMap(Mapping[str, AudioParam]):
    """The parameters of a processor, by their names.

    https://webaudio.github.io/web-audio-api/#AudioParamMap
    """

    __init__ = illegal_constructor("It belongs to an AudioWorkletNode: node.parameters.")

    _found: dict[str, AudioParam]

    @classmethod
    def _of(cls, found: dict[str, AudioParam]) -> AudioParamMap:
        made = cls.__new__(cls)
        made._found = found
        return made

    def __getitem__(self, name: str) -> AudioParam:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<AudioParamMap {', '.join(self._found)}>"


@public
class AudioWorkletNode(AudioNode):
    """A processor of the program as a node. What the processor raises is told by a ``processorerror`` event.

    https://webaudio.github.io/web-audio-api/#AudioWorkletNode
    """

    onprocessorerror = event_handler("processorerror", ErrorEvent)

    _options = AUDIO_WORKLET_NODE_OPTIONS

    def __init__(
        self,
        context: BaseAudioContext,
        name: str,
        options: AudioWorkletNodeOptions | Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """Make one.

        Raises:
            InvalidStateError: the context knows no processor of that name.
            NotSupportedError: it would have neither inputs nor outputs, or an impossible number of channels.
            DOMException: IndexSizeError, not as many numbers of channels as outputs.

        https://webaudio.github.io/web-audio-api/#dom-audioworkletnode-audioworkletnode
        """
        kind = self._kind
        given = self._options.convert(merge_arguments(options, members, kind), kind)
        self._begin(context, {key: value for key, value in given.items() if key.startswith("channel_")})
        wanted = dom_string(name, f"{kind}: name")
        # 1-2. The processor must be known.
        cls = context.audio_worklet._classes.get(wanted)
        if cls is None:
            raise InvalidStateError(f"{kind}: no processor {wanted!r} was added to context.audio_worklet")
        # 3-5. Inputs, outputs, channels.
        check_ports(given, kind)
        # 6-12. Ports, parameters, and the processor, which is made on the engine's thread.
        self._port, far = ports(context._owner)
        birth = Birth(cls, given, far)
        birth.told = (context._owner, weakref.WeakMethod(self._failed))
        known = {key: value for key, value in given.items() if key != "processor_options"}
        parameters = [dict(one)["name"] for one in cls.parameter_descriptors]
        known["parameter_data"] = {
            key: value for key, value in known.get("parameter_data", {}).items() if key in parameters
        }
        self._native = context._bridge.named(engine_name_of(cls, context._native), birth, known)
        found = {one: AudioParam._of(call(self._native.parameters.get, one), self, one) for one in parameters}
        self._map = AudioParamMap._of(found)

    @property
    def parameters(self) -> AudioParamMap:
        """Its parameters."""
        parameters: AudioParamMap = self._map
        return parameters

    @property
    def port(self) -> MessagePort:
        """The node's end of the messages."""
        return self._port

    def _failed(self, error: Exception) -> None:
        """The task of an error of the processor.

        https://webaudio.github.io/web-audio-api/#eventdef-audioworkletnode-processorerror
        """
        fire_event(self, "processorerror", ErrorEvent, message=str(error), error=error)
