"""`AudioChain`: pieces of sound in any rate and layout become frames for one encoder.

FFmpeg's resampler does the work, state and all: rate and layout conversion, and the soft compensation that
keeps the sound's clock together with the recording's. It stretches or squeezes by at most two per cent
once sound and time are more than a millisecond apart; until then samples pass unchanged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import av.filter
import numpy as np

from mediastreams._engine.frames import MICROSECONDS

if TYPE_CHECKING:
    from mediastreams._engine.encoding.audio_timeline import Piece

__all__ = ["AudioChain"]

_COMPENSATION: Final = {"async": "960", "min_comp": "0.001", "comp_duration": "1", "min_hard_comp": "1"}


class AudioChain:
    """From `Piece` to PyAV frames that count samples from 0 without a hole. One thread at a time."""

    def __init__(self, *, sample_rate: int, layout: str, sample_format: str) -> None:
        self._sample_rate = sample_rate
        self._layout = layout
        self._sample_format = sample_format
        self._graph: av.filter.Graph | None = None
        self._input: tuple[int, str] | None = None
        self._written = 0

    @property
    def written(self) -> int:
        """Samples per channel that have come out."""
        return self._written

    def push(self, piece: Piece) -> Iterator[av.AudioFrame]:
        """Put a piece in, take out what is ready."""
        layout = piece.layout
        if layout != self._layout and layout.replace("(side)", "") == self._layout:
            layout = self._layout  # the same loudspeakers by another name: relabelled, not mixed
        if self._input != (piece.sample_rate, layout):
            yield from self.flush()
            self._input = (piece.sample_rate, layout)
            self._graph = self._make_graph(piece.sample_rate, layout)
        assert self._graph is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.samples), format="fltp", layout=layout)
        frame.sample_rate = piece.sample_rate
        frame.time_base = MICROSECONDS
        frame.pts = piece.time
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[av.AudioFrame]:
        """Take out what the resampler still holds. `push` may follow."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
            self._graph = None
            self._input = None

    def _make_graph(self, sample_rate: int, layout: str) -> av.filter.Graph:
        graph = av.filter.Graph()
        source = graph.add(
            "abuffer",
            sample_rate=str(sample_rate),
            sample_fmt="fltp",
            channel_layout=layout,
            time_base=str(MICROSECONDS),
        )
        resampler = graph.add("aresample", first_pts=str(self._written), **_COMPENSATION)
        form = graph.add(
            "aformat",
            sample_rates=str(self._sample_rate),
            sample_fmts=self._sample_format,
            channel_layouts=self._layout,
        )
        sink = graph.add("abuffersink")
        source.link_to(resampler)
        resampler.link_to(form)
        form.link_to(sink)
        graph.configure()
        return graph

    def _pull(self) -> Iterator[av.AudioFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except EOFError:
                return
            except av.FFmpegError as error:
                if error.errno != errno.EAGAIN:
                    raise
                return
            assert isinstance(frame, av.AudioFrame)
            frame.time_base = Fraction(1, self._sample_rate)
            frame.pts = self._written
            self._written += frame.samples
            yield frame
