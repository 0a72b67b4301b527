"""`AudioWorkletProcessor`: a part of a graph that the program writes, and how the engine calls it.

Not for: its node (``audio_worklet.py``).

Rules of the file: a processor runs on the engine's thread, 375 times a second at 48 kHz: it must be quick and not wait.
What it raises ends it, and is told at its node. Samples are NumPy arrays ``[channels, frames]``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from mediastreams._webidl.conversions import dom_string
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import queue_task
from mediastreams.audio.engine import QUANTUM, call, engine, for_engine
from mediastreams.audio.message_port import ProcessorPort
from mediastreams.audio.worklet_bridge import fetch, is_over, write_out
from mediastreams.audio.worklet_options import AUDIO_PARAM_DESCRIPTOR
from mediastreams.errors import DOMException, NotSupportedError

if TYPE_CHECKING:
    import numpy.typing as npt

    from mediastreams._webidl.tasks import Owner
    from mediastreams.audio.worklet_options import AudioParamDescriptor

    Samples = npt.NDArray[np.float32]

__all__ = ["AudioWorkletProcessor", "Birth", "engine_name_of", "name_of"]

_numbers: Final = count(1)


@public
class AudioWorkletProcessor(ABC):
    """Write a subclass with `process`, and add it: ``await context.audio_worklet.add_module(Noise)``.

    ``name`` is what an `AudioWorkletNode` asks for, the class's own name unless it says otherwise.
    ``parameter_descriptors`` are the parameters it has.

    https://webaudio.github.io/web-audio-api/#AudioWorkletProcessor
    """

    name: ClassVar[str] = ""
    parameter_descriptors: ClassVar[Sequence[AudioParamDescriptor | Mapping[str, Any]]] = ()

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - for subclasses
        """Begin, on the engine's thread; ``options``: those of the node, ``processor_options`` among them."""
        super().__init__()

    _port: ProcessorPort | None = None

    @property
    def port(self) -> ProcessorPort:
        """The processor's end of the messages."""
        if self._port is None:
            self._port = ProcessorPort()
        return self._port

    @abstractmethod
    def process(
        self, inputs: Sequence[Samples], outputs: Sequence[Samples], parameters: Mapping[str, Samples]
    ) -> bool | None:
        """Make one quantum: read ``inputs``, write into ``outputs``, both ``[channels, frames]``.

        ``parameters`` have one number, or one for every frame. Answer whether there is more to come when nothing is
        connected; ``None`` is no.
        """


class Birth:
    """What one processor is made of, when its node's turn comes; and what is told of it."""

    def __init__(self, cls: type[AudioWorkletProcessor], options: Mapping[str, Any], port: ProcessorPort) -> None:
        self._cls = cls
        self._options = options
        self._port = port
        self._processor: AudioWorkletProcessor | None = None
        self.told: tuple[Owner, Any] | None = None  # whom to tell of an error, held weakly

    def process(self, inputs: Any, outputs: Any, parameters: Mapping[str, list[float]]) -> bool:
        """Have the program's processor do one quantum. The engine's thread; raises nothing."""
        try:
            processor = self._processor
            if processor is None:
                processor = self._cls.__new__(self._cls)
                processor._port = self._port
                processor.__init__(self._options)  # type: ignore[misc]  # after its port, which it may use
                self._processor = processor
            self._port._deliver()
            given = [np.array(channels, np.float32).reshape(len(channels), -1) for channels in inputs]
            made = [np.zeros((len(channels), QUANTUM), np.float32) for channels in outputs]
            values = {name: np.array(row, np.float32) for name, row in parameters.items()}
            going = bool(processor.process(given, made, values))
            for samples, channels in zip(made, outputs, strict=True):
                write_out(samples, channels)
        except Exception as error:  # noqa: BLE001 - the program's, told at the node
            if self.told is not None:
                owner, node = self.told
                queue_task(owner, _tell, node, error)
            return False
        return going


def _tell(node: Any, error: Exception) -> None:
    failed = node()
    if failed is not None:
        failed(error)


def engine_name_of(cls: type[AudioWorkletProcessor], context: Any) -> str:
    """Under which name the engine knows a class of the program: it is told once, for all contexts.

    Raises:
        TypeError: a descriptor is malformed.
        NotSupportedError: two parameters of one name.
        DOMException: InvalidStateError, a default out of its range.
    """
    known = cls.__dict__.get("_engine_name")
    if known is not None:
        return str(known)
    where = f"{cls.__name__}.parameter_descriptors"
    descriptors = [AUDIO_PARAM_DESCRIPTOR.convert(one, where) for one in cls.parameter_descriptors]
    names = [one["name"] for one in descriptors]
    if len(set(names)) != len(names):
        raise NotSupportedError(f"{where}: two parameters have one name: {names}")
    for one in descriptors:
        if not one["min_value"] <= one["default_value"] <= one["max_value"]:
            raise DOMException(f"{where}: the default of {one['name']!r} is out of its range", "InvalidStateError")
    spelled = [for_engine(one) for one in descriptors]
    made = f"mediastreams-{next(_numbers)}"

    class Processor(engine().AudioWorkletProcessor):  # type: ignore[misc]  # a class of the engine
        name = made

        @staticmethod
        def parameterDescriptors() -> list[dict[str, object]]:  # noqa: N802 - the engine's spelling
            return spelled

        def __init__(self, number: int | None = None) -> None:
            self._birth = None if number is None else fetch(number)

        def process(self, inputs: Any, outputs: Any, parameters: Mapping[str, list[float]]) -> bool:
            birth = self._birth
            return not is_over() and isinstance(birth, Birth) and birth.process(inputs, outputs, parameters)

    call(context.audioWorklet.addModule, Processor)
    cls._engine_name = made  # type: ignore[attr-defined]  # of exactly this class
    return made


def name_of(cls: type[AudioWorkletProcessor]) -> str:
    """What its nodes ask for."""
    return dom_string(cls.name or cls.__name__, f"{cls.__name__}.name")
