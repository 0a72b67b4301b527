"""`Resampler`: FFmpeg's own, without threads.

Not for: deciding rates, or times (``audio_adapter.py``, ``encoding/audio_chain.py``).

Rules of the file: the same filters as in PyAV's ``AudioResampler``, of which each starts as many threads as there are
processors, for nothing. In a forked child they are not there, and whoever lets go of one would wait for them for ever.
"""

from __future__ import annotations

from errno import EAGAIN
from typing import cast

import av
import av.error
import av.filter

__all__ = ["Resampler"]


class Resampler:
    """Sound of the first frame's rate, layout and format in another. One thread at a time."""

    def __init__(self, format: str, layout: str, rate: int) -> None:
        self._wanted = (format, layout, rate)
        self._graph: av.filter.Graph | None = None
        self._passes = False

    def resample(self, frame: av.AudioFrame | None) -> list[av.AudioFrame]:
        """Put a frame in, or ``None`` at the end, and take out what is ready."""
        if frame is not None and self._graph is None and not self._passes:
            self._begin(frame)
        graph = self._graph
        if graph is None:
            return [] if frame is None else [frame]
        graph.push(frame)
        ready: list[av.AudioFrame] = []
        while True:
            try:
                ready.append(cast("av.AudioFrame", graph.pull()))
            except EOFError:
                return ready
            except av.error.FFmpegError as error:
                if error.errno != EAGAIN:
                    raise
                return ready

    def _begin(self, frame: av.AudioFrame) -> None:
        format, layout, rate = self._wanted
        have = (frame.format.name, frame.layout.name, frame.sample_rate)
        if have == (format, av.AudioLayout(layout).name, rate):
            self._passes = True
            return
        graph = av.filter.Graph()
        graph.threads = 1
        base = {} if frame.time_base is None else {"time_base": str(frame.time_base)}
        entry = graph.add(
            "abuffer",
            sample_rate=str(frame.sample_rate),
            sample_fmt=frame.format.name,
            channel_layout=frame.layout.name,
            **base,
        )
        change = graph.add(
            "aformat", sample_rates=str(rate), sample_fmts=format, channel_layouts=av.AudioLayout(layout).name
        )
        entry.link_to(change)
        change.link_to(graph.add("abuffersink"))
        graph.configure()
        self._graph = graph
