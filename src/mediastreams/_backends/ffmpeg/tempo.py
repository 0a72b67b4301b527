"""`Tempo`: a file's sound at another speed, with its own pitch (FFmpeg's ``atempo``) or with the pitch of a tape.

Not for: when it is due (``timeline.py``). Everything on the movie's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import av.filter
import numpy as np

from mediastreams._backends.ffmpeg.sounds import to_float_planar

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FASTEST", "SLOWEST", "Tempo"]

SLOWEST: Final = 0.25
FASTEST: Final = 4.0
"""Beyond these speeds sound is no sound any more: it is left out."""
_LEAST_STEP: Final = 0.5  # of one atempo; slower is done in two
_GAP_US: Final = 30_000


class Tempo:
    """Takes sounds one after another at the file's speed and gives them back at ``rate``, stamped without gaps.

    What comes out is some hundredths of a second behind what goes in; its stamps are right.
    """

    def __init__(self, rate: float, sample_rate: int, layout: str, *, preserves_pitch: bool) -> None:
        self.key = (rate, sample_rate, layout, preserves_pitch)
        self._rate = rate
        self._sample_rate = sample_rate
        self._layout = layout
        self._preserves = preserves_pitch
        self._graph = self._make_graph()
        self._fed = 0
        self._given = 0
        self._origin: int | None = None

    def _make_graph(self) -> av.filter.Graph:
        graph = av.filter.Graph()
        graph.threads = 1
        rate = self._sample_rate
        last = graph.add_abuffer(format="fltp", sample_rate=rate, layout=self._layout, time_base=Fraction(1, rate))
        steps: list[tuple[str, str]]
        if self._preserves:
            one = self._rate if self._rate >= _LEAST_STEP else self._rate**0.5
            steps = [("atempo", f"{one:.9f}")] * (1 if one == self._rate else 2)
        else:
            steps = [("asetrate", str(max(1, round(rate * self._rate)))), ("aresample", str(rate))]
        for name, argument in (*steps, ("aformat", f"sample_fmts=fltp:channel_layouts={self._layout}")):
            following = graph.add(name, argument)
            last.link_to(following)
            last = following
        last.link_to(graph.add("abuffersink"))
        graph.configure()
        return graph

    def process(
        self, samples: npt.NDArray[np.float32], timestamp: int
    ) -> Iterator[tuple[npt.NDArray[np.float32], int]]:
        """Take ``[channels, n]`` due at ``timestamp`` (µs of the clock); give what is ready, with its own instants."""
        length = samples.shape[1]
        expected = self._origin
        if expected is not None:
            expected += round(self._fed * 1_000_000 / (self._sample_rate * self._rate))
        if expected is None or abs(timestamp - expected) > _GAP_US:
            if self._fed:
                yield from self._drain()
                self._graph = self._make_graph()
            self._origin, self._fed, self._given = timestamp, 0, 0
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate = self._sample_rate
        frame.time_base = Fraction(1, self._sample_rate)
        frame.pts = self._fed
        self._fed += length
        self._graph.push(frame)
        yield from self._pull()

    def _drain(self) -> Iterator[tuple[npt.NDArray[np.float32], int]]:
        self._graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[tuple[npt.NDArray[np.float32], int]]:
        assert self._origin is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if not isinstance(frame, av.AudioFrame) or not frame.samples:
                continue
            at = self._origin + round(self._given * 1_000_000 / self._sample_rate)
            self._given += frame.samples
            yield to_float_planar(frame), at
