"""`EchoReference`: what a microphone may hear of our outputs, laid out by the microphone's own count of samples.

Not for: who plays what (``heard.py``), or cancelling.

Rules of the file: a block that is heard at t lies at the microphone's sample of t, less a lead, so that its echo
comes after it (`reference_lead`). Each output has a `SoundLine`, which holds its crystal and the microphone's
together. What is late or missing is silence; nothing is waited for. One thread.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from mediastreams._engine.processing.heard import MOST_BLOCKS, Ears, heard
from mediastreams._engine.sound_line import SoundLine
from mediastreams._rules.sound_processing import reference_lead

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams._engine.processing.heard import Block
    from mediastreams.abc import Clock

    Samples = npt.NDArray[np.float32]

__all__ = ["REFERENCE_CHANNELS", "EchoReference"]

REFERENCE_CHANNELS: Final = 2
_MOST_ERROR_SECONDS: Final = 0.015
_MOST_LATE: Final = 20
_FORGET_SECONDS: Final = 5  # an output that was not heard of for so long has stopped


class EchoReference:
    """The far end of one microphone, at its rate, left and right. Listens from the beginning.

    ``lead``: µs by which what is read is earlier than it is heard.
    """

    def __init__(self, clock: Clock, sample_rate: int, *, remote_only: bool) -> None:
        self._ears = Ears(clock, remote_only=remote_only)
        self._rate = sample_rate
        self._lines: dict[int, tuple[SoundLine, int]] = {}  # of each output, and the place at which it was told of last
        self._recent: deque[Block] = deque(maxlen=MOST_BLOCKS)  # what is not over yet, to lay it down anew
        self._place = 0
        self._anew = False
        self._late = 0  # blocks in a row that came later than the lead allows
        self.lead = 0
        heard.listen(self._ears)

    def restart(self) -> None:
        """The microphone's times do not go on: lay down anew what is still to come."""
        self._anew = True

    def read(self, length: int, at: float) -> Samples | None:
        """The next samples, ``[2, length]``: heard while the microphone took those from ``at`` on (µs).

        ``None``: silence.
        """
        came = self._take()
        if self._anew:
            self._anew = False
            self._lines.clear()
            came = list(self._recent)
        for block in came:
            self._lay(block, at)
        place, self._place = self._place, self._place + length
        mixed: Samples | None = None
        for output, (line, latest) in list(self._lines.items()):
            samples = line.read(place, length)
            if samples is not None:
                mixed = samples if mixed is None else mixed + samples
            elif place - latest > _FORGET_SECONDS * self._rate:
                del self._lines[output]
        while self._recent and self._recent[0].sound.timestamp + self._recent[0].sound.duration < at:
            self._recent.popleft()
        return mixed

    def _take(self) -> list[Block]:
        """What was reported meanwhile, and by how much it is told of early."""
        came: list[Block] = []
        while (block := self._ears.take()) is not None:
            came.append(block)
            lead = reference_lead(block.ahead)
            self._late = self._late + 1 if lead < self.lead else 0
            if not self._recent and not self._lines:
                self.lead, self._late = lead, 0
            elif self._late > _MOST_LATE:  # it always comes too late: all are told of later from now on
                self.lead, self._late = lead, 0
                self._anew = True
            self._recent.append(block)
        return came

    def _lay(self, block: Block, at: float) -> None:
        known = self._lines.get(block.output)
        line = SoundLine(self._rate, REFERENCE_CHANNELS, self._place) if known is None else known[0]
        self._lines[block.output] = (line, self._place)
        place_us = self._place * 1_000_000 / self._rate + block.sound.timestamp - self.lead - at
        line.lay(block.sound, place_us)
        if abs(line.error) > _MOST_ERROR_SECONDS:  # the output stood still, or is heard later: no crystal does that
            line = SoundLine(self._rate, REFERENCE_CHANNELS, self._place)
            self._lines[block.output] = (line, self._place)
            line.lay(block.sound, place_us)
