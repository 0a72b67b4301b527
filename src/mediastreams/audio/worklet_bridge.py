"""`Bridge`: functions of ours that the engine calls once a render quantum, on its thread.

Not for: processors of the program (``audio_worklet.py``), which stand on it.

Rules of the file: a worklet of the engine is the only way in and out that holds back nothing. On the engine's thread
nothing waits, and nothing asks for the current thread or logs, which would leave a thread's record behind for ever.
Samples cross as lists of numbers; there is no other way. Each call needs the interpreter's lock: while a thread of the
program computes in Python without a pause, it waits 5 ms for it (``sys.getswitchinterval()``), and a graph with tracks
in it falls behind. It makes up for that afterwards; who computes for long does so in another process, or in NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

from mediastreams.audio.engine import call, engine, for_engine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Bridge", "Renderer", "fetch", "is_over", "silence_for_good", "write_out"]

_NAME: Final = "mediastreams-bridge"
_Channels = list[list[float]]


class Renderer(Protocol):
    """What is called with every quantum: inputs to read, outputs to write. False: it is done."""

    def render(self, inputs: Sequence[_Channels], outputs: Sequence[_Channels]) -> bool:
        """Do one quantum. Quick, raises nothing."""


class _Desk:
    """Where renderers wait for the engine to make their processors. The engine's worklets can be given numbers only."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[int, object] = {}
        self._registered = False
        self.over = False

    def leave(self, renderer: object) -> int:
        number = next(self._numbers)
        self._waiting[number] = renderer
        return number

    def fetch(self, number: int) -> object:
        return self._waiting.pop(number, None)

    def waits(self, number: int) -> bool:
        return number in self._waiting

    def register(self, context: Any) -> None:
        """Tell the engine of our processor: once, it then knows it in every context."""
        if not self._registered:
            call(context.audioWorklet.addModule, _processor())
            self._registered = True


_desk: Final = _Desk()


def _processor() -> type:
    """The class of which the engine makes one for every node."""

    class BridgeProcessor(engine().AudioWorkletProcessor):  # type: ignore[misc]  # a class of the engine
        name = _NAME

        def __init__(self, number: int | None = None) -> None:
            self._renderer: Any = None if number is None else _desk.fetch(number)

        def process(self, inputs: Sequence[_Channels], outputs: Sequence[_Channels], _parameters: object) -> bool:
            return not _desk.over and self._renderer is not None and self._renderer.render(inputs, outputs)

    return BridgeProcessor


class Bridge:
    """One context's: makes nodes of the engine that call ours."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._numbers: list[int] = []

    def node(self, renderer: Renderer, **options: object) -> Any:
        """A worklet node of the engine; ``options`` in its spelling."""
        _desk.register(self._context)
        return self.named(_NAME, renderer, options)

    def named(self, name: str, renderer: object, options: Mapping[str, Any]) -> Any:
        """A worklet node of the engine of another class that it knows; its processor finds ``renderer`` by `fetch`."""
        number = _desk.leave(renderer)
        self._numbers = [*filter(_desk.waits, self._numbers), number]
        return call(engine().AudioWorkletNode, self._context, name, {**for_engine(options), "processorOptions": number})

    def close(self) -> None:
        """Forget those whose turn never came."""
        for number in self._numbers:
            _desk.fetch(number)
        self._numbers.clear()


def fetch(number: int) -> object:
    """What was left under a number, once. The engine's thread."""
    return _desk.fetch(number)


def is_over() -> bool:
    """Whether nothing may be called any more."""
    return _desk.over


def silence_for_good() -> None:
    """Have nothing be called any more: the interpreter ends."""
    _desk.over = True


def write_out(samples: npt.NDArray[np.float32], channels: _Channels) -> None:
    """Write samples to an output of the engine: as many channels as both have."""
    channels[: len(samples)] = samples[: len(channels)].tolist()
