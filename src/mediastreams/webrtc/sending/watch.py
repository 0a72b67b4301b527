"""`Watch`: which encoder's frames one viewer gets: from the ladder of renditions, from key frame to key frame.

Not for: deciding about rungs (``_rules/renditions.py``) or encoding.

Rules of the file: a viewer that changes rung stays on the old one until the new one has a key frame; then it is let go.
An encoder's frames are in order; that a new one may be a picture or two behind the old is the outlet's to smooth. What
a viewer would rather give up is its own affair: who gets everything shares one encoder with all the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mediastreams._rules.renditions import (
    Rung,
    default_bit_rate,
    ladder,
    limit_of,
    next_rung,
    scaled_size,
    step_of,
)
from mediastreams.webrtc.rtp import vp8, vp9
from mediastreams.webrtc.sending.encoded import AudioChoice, Choice, EncodedFrame, VideoChoice, Viewer
from mediastreams.webrtc.sending.shared_encoder import SharedEncoder, shared_encoder

if TYPE_CHECKING:
    from mediastreams._engine.feed import TrackFeed

__all__ = ["Watch"]

_PICTURE_ID_AT: Final = {"vp8": vp8.PICTURE_ID_AT, "vp9": vp9.PICTURE_ID_AT}
_OLD_US: Final = 200_000  # two encoders of one track are not further apart
_BACK_US: Final = 2_000_000  # time that jumps back further than this is another source's time


class Watch:
    """One viewer's subscription. On the viewer's loop."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._feed: TrackFeed | None = None
        self._choice: Choice | None = None
        self._most: int | None = None
        self._preference = "maintain-framerate"
        self._current: SharedEncoder | None = None
        self._coming: SharedEncoder | None = None
        self._needs_key = True
        self._latest: int | None = None  # µs: the latest frame that was taken
        self._frame_rate = 30.0  # of the highest rung
        self.rung = Rung()

    @property
    def encoder(self) -> SharedEncoder | None:
        """Whose frames it gets, or will get."""
        return self._current or self._coming

    @property
    def picture_id_at(self) -> int | None:
        """Where a running number stands in the payloads, in formats that have one."""
        return None if self._choice is None else _PICTURE_ID_AT.get(self._choice.codec)

    def aim(
        self, feed: TrackFeed | None, choice: Choice | None, most: int | None, preference: str = "maintain-framerate"
    ) -> None:
        """Watch that feed, encoded so, at ``most`` bits a second; ``None``: nothing.

        ``preference``: an RTCDegradationPreference.
        """
        if (feed, choice, preference) == (self._feed, self._choice, self._preference):
            if most != self._most:
                self._most = most
                self._wish_most(self._current)
            return
        if feed is not self._feed:
            self.rung = Rung()
        gentle = feed is self._feed and not self._needs_key and _same_codec(choice, self._choice)
        self._feed, self._choice, self._most, self._preference = feed, choice, most, preference
        if gentle and self._current is not None and feed is not None and choice is not None:
            self._come_to(shared_encoder(feed, self._at_rung(choice)))
            self._wish_most(self._coming or self._current)
            return
        self._leave()
        if feed is not None and choice is not None:
            self._needs_key = True
            self._current = shared_encoder(feed, self._at_rung(choice)).add(self._viewer)
            self._wish_most(self._current)

    def _at_rung(self, choice: Choice) -> Choice:
        if isinstance(choice, AudioChoice) or self.rung.number == 0:
            return choice
        step = step_of(self._preference, self.rung.number)
        rate = choice.frame_rate if step.slower == 1 else self._frame_rate / step.slower
        return replace(choice, scale=choice.scale * step.scale, frame_rate=rate)

    def _wish_most(self, encoder: SharedEncoder | None) -> None:
        """Have the rate that was asked for from the first picture on, not from the first report on."""
        if encoder is not None and self._most is not None and self.rung.number == 0:
            encoder.set_wish(self._viewer, self._most, None)

    def _come_to(self, encoder: SharedEncoder) -> None:
        """Go over to another encoder at its next key frame; to the one there is, at once."""
        if encoder is self._current:
            before, self._coming = self._coming, None
        else:
            before, self._coming = self._coming, encoder.add(self._viewer)
            encoder = self._coming
        if before is not None and before is not encoder:
            before.remove(self._viewer)

    def _leave(self) -> None:
        for encoder in (self._current, self._coming):
            if encoder is not None:
                encoder.remove(self._viewer)
        self._current = self._coming = None

    def close(self) -> None:
        """Watch nothing any more."""
        self.aim(None, None, None)

    def need_key(self) -> None:
        """Take nothing up to the next key frame, and ask for that."""
        self._needs_key = True
        self.request_key()

    def request_key(self) -> None:
        """Ask for a key frame."""
        if self._current is not None:
            self._current.request_key()

    def takes(self, frame: EncodedFrame, source: SharedEncoder) -> bool:
        """Whether a frame is to be sent on."""
        if source is not self._current:
            if source is not self._coming or not frame.key:
                return False
            if self._is_old(frame):
                source.request_key()
                return False
            if self._current is not None:
                self._current.remove(self._viewer)
            self._current, self._coming = self._coming, None
        elif self._needs_key:
            if not frame.key:
                return False
            if self._is_old(frame):
                self.request_key()
                return False
        self._needs_key = False
        self._latest = frame.timestamp
        return True

    def _is_old(self, frame: EncodedFrame) -> bool:
        """Whether a key frame lies too far back to go on with; another source's time may be anything."""
        return self._latest is not None and _OLD_US < self._latest - frame.timestamp < _BACK_US

    def adapt(self, estimate: int | None, sent: int, now: int) -> None:
        """Heed what the link takes (bits a second, ``None``: unknown); about once a second. ``now``: µs."""
        encoder = self._current
        if encoder is None or not isinstance(self._choice, VideoChoice):
            return
        rates = self._rates(encoder)
        if not rates:
            return
        if self._most is not None:
            rates[0] = self._most  # asked for: more than usual, or less
        if encoder.line is not None and encoder.line.passing:
            rates[0] = max(rates[0], sent)
        capped = estimate if self._most is None else min(self._most, estimate or self._most)
        if self._coming is None:
            before = self.rung.number
            self.rung = next_rung(self.rung, estimate=capped, sent=sent, rates=rates, now=now)
            if self.rung.number != before:
                assert self._feed is not None
                self._come_to(shared_encoder(self._feed, self._at_rung(self._choice)))
        nominal = rates[min(self.rung.number, len(rates) - 1)]
        encoder.set_wish(self._viewer, nominal, limit_of(estimate, sent))

    def _rates(self, encoder: SharedEncoder) -> list[int]:
        """What the rungs need, the highest first; nothing while the pictures' size is not known."""
        shape = encoder.shape
        choice = self._choice
        if shape is None or not isinstance(choice, VideoChoice):
            return []
        width, height, frame_rate = shape
        full = scaled_size(width, height, choice.scale)
        if self._coming is None and step_of(self._preference, self.rung.number).slower == 1:
            self._frame_rate = frame_rate
        return [
            default_bit_rate(*scaled_size(width, height, choice.scale * step.scale), self._frame_rate / step.slower)
            for step in ladder(self._preference, *full)
        ]


def _same_codec(a: Choice | None, b: Choice | None) -> bool:
    """Whether frames of both can follow each other under one payload type."""
    if isinstance(a, VideoChoice) and isinstance(b, VideoChoice):
        return (a.codec, a.profile, a.mode) == (b.codec, b.profile, b.mode)
    return False
