"""What is scheduled for a parameter of an audio graph: what may stand beside what, and what the engine is told.

Not for: every sample's value, which the engine computes.

Rules of the file: no automation stands within a curve. The engine begins a *target* or a *curve* that is still to come
in the quantum in which the event before it ends, and computes values of thousands from that: so each is told a value to
be held until its very beginning. What comes out of the order of times is told anew, with all that follows.

https://webaudio.github.io/web-audio-api/#dom-audioparam-setvaluecurveattime
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf
from typing import Final, Literal, TypeAlias

from mediastreams.errors import NotSupportedError

__all__ = ["Automation", "Call", "Kind"]

Kind: TypeAlias = Literal["value", "linear", "exponential", "target", "curve"]
Call: TypeAlias = tuple[str, tuple[object, ...]]
"""A method of the engine's parameter, and its arguments."""

_METHODS: Final[dict[Kind, str]] = {
    "value": "setValueAtTime",
    "linear": "linearRampToValueAtTime",
    "exponential": "exponentialRampToValueAtTime",
    "target": "setTargetAtTime",
    "curve": "setValueCurveAtTime",
}
_RAMPS: Final = ("linear", "exponential")


@dataclass(slots=True)
class _Event:
    """One automation. ``time``: when it begins, a ramp ends. ``span``: a target's time constant, a curve's length."""

    kind: Kind
    time: float
    value: float = 0.0
    span: float = 0.0
    curve: Sequence[float] = ()
    replaced: bool = False  # a target that a ramp takes the place of

    @property
    def end(self) -> float:
        return self.time + self.span if self.kind == "curve" else self.time

    def call(self) -> Call:
        if self.kind == "curve":
            return _METHODS[self.kind], (list(self.curve), self.time, self.span)
        if self.kind == "target":
            return _METHODS[self.kind], (self.value, self.time, self.span)
        return _METHODS[self.kind], (self.value, self.time)


class Automation:
    """One parameter's. ``value``: what it has before anything is scheduled. One thread at a time."""

    __slots__ = ("_events", "_since", "_value")

    def __init__(self, value: float) -> None:
        self._value = value
        self._since = 0.0
        self._events: list[_Event] = []

    def add(
        self, kind: Kind, time: float, now: float, *, value: float = 0.0, span: float = 0.0, curve: Sequence[float] = ()
    ) -> list[Call]:
        """Take note of an automation at a time; one of the past is one of now. Answers what to call.

        Raises:
            NotSupportedError: a curve is under way then; or a curve would have another automation within its time.
        """
        self._forget(now)
        event = _Event(kind, max(time, now), value, span, curve)
        self._check(event)
        place = next((index for index, one in enumerate(self._events) if one.time > event.time), len(self._events))
        if not self._events:
            self._since = now
        self._events.insert(place, event)
        before = self._events[place - 1] if place else None
        replaces = kind in _RAMPS and before is not None and before.kind == "target" and before.time > now
        first = place - 1 if replaces else place
        if first == len(self._events) - 1:
            return self._calls(first, now)
        calls: list[Call] = [("cancelScheduledValues", (self._events[first].time,))]
        for index in range(first, len(self._events)):
            calls += self._calls(index, now)
        return calls

    def cancel(self, time: float, now: float, *, hold: bool = False) -> list[Call]:
        """Forget what comes from a time on; ``hold``: and stay at the value that there is then."""
        self._forget(now)
        held = self.value_at(time)
        kept = [one for one in self._events if one.end < time or (one.time < time and one.kind == "curve" and hold)]
        self._events = [one for one in kept if one.time < time]
        calls: list[Call] = [("cancelAndHoldAtTime" if hold else "cancelScheduledValues", (time,))]
        if self._events and self._events[-1].replaced and not hold:
            self._events[-1].replaced = False  # the ramp is gone that took its place
            calls.append(self._events[-1].call())
        if hold:
            self._events = [one for one in self._events if one.kind != "curve" or one.end <= time]
            self._events.append(_Event("value", time, held))
        return calls

    def value_at(self, time: float) -> float:
        """The value at a time, by what is scheduled now."""
        return _value(self._value, self._since, self._events, time)

    def _calls(self, index: int, now: float) -> list[Call]:
        event = self._events[index]
        if event.kind not in {"target", "curve"} or event.time <= now:
            return [event.call()]
        # The engine must find it beginning, not waiting.
        held = _value(self._value, self._since, self._events[:index], event.time)
        anchor: Call = (_METHODS["value"], (held, event.time))
        following = self._events[index + 1] if index + 1 < len(self._events) else None
        event.replaced = event.kind == "target" and following is not None and following.kind in _RAMPS
        return [anchor] if event.replaced else [anchor, event.call()]

    def _check(self, event: _Event) -> None:
        for other in self._events:
            if other.kind == "curve" and other.time <= event.time < other.end:
                span = f"from {other.time:g} to {other.end:g} s"
                raise NotSupportedError(f"a curve has the parameter {span}, and so at {event.time:g} s")
            within = event.time < other.time < event.end
            if event.kind == "curve" and (within or (other.kind == "curve" and event.time < other.end <= event.end)):
                raise NotSupportedError(f"the parameter has another automation at {other.time:g} s, within the curve")

    def _forget(self, now: float) -> None:
        """Fold what is over into the value from which the rest begins."""
        over = [index for index, one in enumerate(self._events) if one.end <= now]
        last = over[-1] if over else 0
        if last > 0:
            begins = self._events[last].time
            self._value = _value(self._value, self._since, self._events[:last], begins)
            self._since = begins
            del self._events[:last]


def _value(value: float, since: float, events: Sequence[_Event], time: float) -> float:
    """*The value of a parameter at a time*.

    https://webaudio.github.io/web-audio-api/#computation-of-value
    """
    target, constant = value, inf  # a target is approached for ever; without one the value is held
    for event in events:
        if event.kind in _RAMPS and event.time > time:
            return _ramp(event, value, since, time)
        if event.time > time:
            break
        if event.kind == "target":
            value = _approached(value, since, target, constant, event.time)
            target, constant = event.value, event.span
        elif event.kind == "curve":
            if time < event.end:
                return _along(event, time)
            value, constant = event.curve[-1], inf
        else:
            value, constant = event.value, inf
        since = event.end
    return _approached(value, since, target, constant, time)


def _approached(value: float, since: float, target: float, constant: float, time: float) -> float:
    if constant == inf:
        return value
    return target if constant == 0 else target + (value - target) * exp(-max(0.0, time - since) / constant)


def _ramp(event: _Event, value: float, since: float, time: float) -> float:
    part = (time - since) / (event.time - since) if event.time > since else 1.0
    part = min(max(part, 0.0), 1.0)
    if event.kind == "linear":
        return value + (event.value - value) * part
    same_sign = value * event.value > 0
    return float(value * (event.value / value) ** part) if same_sign else value


def _along(event: _Event, time: float) -> float:
    place = (time - event.time) / event.span * (len(event.curve) - 1)
    index = min(int(place), len(event.curve) - 2)
    lower, upper = event.curve[index], event.curve[index + 1]
    return float(lower + (upper - lower) * (place - index))
