"""Which automations of a parameter may stand beside each other: none within a curve.

Not for: the values, which the engine computes.

https://webaudio.github.io/web-audio-api/#dom-audioparam-setvaluecurveattime
"""

from __future__ import annotations

from mediastreams.errors import NotSupportedError

__all__ = ["Automation"]


class Automation:
    """The times of one parameter's automations that are still to come. One thread at a time."""

    __slots__ = ("_curves", "_times")

    def __init__(self) -> None:
        self._times: list[float] = []
        self._curves: list[tuple[float, float]] = []

    def _forget(self, now: float) -> None:
        self._times = [time for time in self._times if time > now]
        self._curves = [curve for curve in self._curves if curve[1] > now]

    def add(self, time: float, now: float) -> None:
        """Take note of an automation at a time; one of the past is one of now.

        Raises:
            NotSupportedError: a curve is under way then.
        """
        self._forget(now)
        time = max(time, now)
        for start, end in self._curves:
            if start <= time < end:
                raise NotSupportedError(f"a curve has the parameter from {start:g} to {end:g} s, and so at {time:g} s")
        self._times.append(time)

    def add_curve(self, start: float, duration: float, now: float) -> None:
        """Take note of a curve.

        Raises:
            NotSupportedError: another automation is within its time.
        """
        self._forget(now)
        start = max(start, now)
        end = start + duration
        met = [time for time in self._times if start < time < end]
        met += [other for other, until in self._curves if start < until and other < end]
        if met:
            raise NotSupportedError(f"the parameter has another automation at {met[0]:g} s, within the curve's time")
        self._curves.append((start, end))

    def cancel(self, time: float, *, hold: bool = False) -> None:
        """Forget what comes from a time on; ``hold``: a curve that is under way then ends there."""
        self._times = [one for one in self._times if one < time]
        kept = [curve for curve in self._curves if curve[1] <= time]
        if hold:
            kept += [(start, time) for start, end in self._curves if start < time < end]
        self._curves = kept
