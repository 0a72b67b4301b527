"""`AudioParam`: a number of a node that can change over time, by schedule or by sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediastreams._rules.audio_limits import FIXED_RATES, check
from mediastreams._rules.automation import Automation, Call, Kind
from mediastreams._webidl.conversions import double, enumeration
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams.audio.engine import call
from mediastreams.audio.enums import AutomationRate
from mediastreams.audio.members import fixed
from mediastreams.audio.samples import float_samples
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams.audio.audio_node import AudioNode
    from mediastreams.audio.base_audio_context import BaseAudioContext
    from mediastreams.audio.node_options import Numbers
    from mediastreams.audio.space_nodes import AudioListener

__all__ = ["AudioParam"]


@public
class AudioParam:
    """A number of a node: ``node.gain.value = 0.5``, or a schedule of values, or what is connected to it.

    The methods answer the parameter, so that they can be chained. Times are of the context, in seconds. Any thread.

    https://webaudio.github.io/web-audio-api/#AudioParam
    """

    __init__ = illegal_constructor("It belongs to a node: node.gain, node.frequency ….")

    default_value = fixed(float, "The value it begins with.")
    min_value = fixed(float, "The least value that has an effect.")
    max_value = fixed(float, "The greatest value that has an effect.")

    _native: Any
    _parameters: dict[str, AudioParam]

    @classmethod
    def _of(cls, native: object, owner: AudioNode | AudioListener, name: str) -> AudioParam:
        param = cls.__new__(cls)
        param._native = native
        param._parameters = {}
        param._owner = owner
        param._name = name
        param._automation = Automation(float(call(getattr, native, "value")))
        return param

    _owner: AudioNode | AudioListener
    _name: str
    _automation: Automation

    def _attribute_set(self, name: str) -> None:
        """None of them is more than the engine's."""

    @property
    def _context(self) -> BaseAudioContext:
        return self._owner._context

    @property
    def value(self) -> float:
        """What it is now, or has last been set to.

        Raises:
            NotSupportedError: set while a curve is under way.
            TypeError: set to what is no finite number.
        """
        return float(call(getattr, self._native, "value"))

    @value.setter
    def value(self, value: float) -> None:
        number = double(value, "AudioParam.value")
        now = self._context.current_time
        calls = self._automation.add("value", now, now, value=number)
        call(setattr, self._native, "value", number)
        self._do(calls[1:])  # what has to be told anew, if anything

    @property
    def automation_rate(self) -> AutomationRate:
        """Whether it changes with every sample or once a quantum.

        Raises:
            InvalidStateError: set on a parameter that has only one.
        """
        return AutomationRate(call(getattr, self._native, "automationRate"))

    @automation_rate.setter
    def automation_rate(self, rate: AutomationRate | str) -> None:
        wanted = enumeration(AutomationRate)(rate, "AudioParam.automation_rate")
        kind = type(self._owner).__name__
        if wanted is not self.automation_rate and (kind, self._name) in FIXED_RATES:
            raise InvalidStateError(f"{kind}.{self._name} is {self.automation_rate} for good")
        call(setattr, self._native, "automationRate", str(wanted))

    def set_value_at_time(self, value: float, start_time: float) -> AudioParam:
        """Take a value at a time.

        Raises:
            ValueError: a negative time.
            NotSupportedError: a curve is under way then.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-setvalueattime
        """
        return self._schedule("set_value_at_time", "value", {"value": value, "start_time": start_time})

    def linear_ramp_to_value_at_time(self, value: float, end_time: float) -> AudioParam:
        """Go in a straight line from the automation before to a value at a time.

        Raises:
            ValueError: a negative time.
            NotSupportedError: a curve is under way then.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-linearramptovalueattime
        """
        return self._schedule("linear_ramp_to_value_at_time", "linear", {"value": value, "end_time": end_time})

    def exponential_ramp_to_value_at_time(self, value: float, end_time: float) -> AudioParam:
        """Go from the automation before to a value at a time, by the same factor in the same time.

        Raises:
            ValueError: the value 0, or a negative time.
            NotSupportedError: a curve is under way then.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-exponentialramptovalueattime
        """
        given = {"exponential_value": value, "end_time": end_time}
        return self._schedule("exponential_ramp_to_value_at_time", "exponential", given)

    def set_target_at_time(self, target: float, start_time: float, time_constant: float) -> AudioParam:
        """Approach a value from a time on, by 63 % of the way in each ``time_constant`` seconds.

        Raises:
            ValueError: a negative time.
            NotSupportedError: a curve is under way then.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-settargetattime
        """
        given = {"target": target, "start_time": start_time, "time_constant": time_constant}
        return self._schedule("set_target_at_time", "target", given)

    def set_value_curve_at_time(self, values: Numbers, start_time: float, duration: float) -> AudioParam:
        """Follow a curve from a time on.

        Raises:
            InvalidStateError: fewer than two values.
            ValueError: a negative time, or no duration.
            NotSupportedError: another automation is within its time.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-setvaluecurveattime
        """
        where = "AudioParam.set_value_curve_at_time"
        curve = float_samples(values, f"{where}: values")
        start, length = double(start_time, f"{where}: start_time"), double(duration, f"{where}: duration")
        for name, given in (("values", curve), ("start_time", start), ("duration", length)):
            check(("AudioParam",), name, given, where)
        now = self._context.current_time
        self._do(self._automation.add("curve", start, now, span=length, curve=curve.tolist()))
        return self

    def cancel_scheduled_values(self, cancel_time: float) -> AudioParam:
        """Forget what is scheduled from a time on.

        Raises:
            ValueError: a negative time.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-cancelscheduledvalues
        """
        return self._cancel("cancel_scheduled_values", cancel_time, hold=False)

    def cancel_and_hold_at_time(self, cancel_time: float) -> AudioParam:
        """Forget what is scheduled from a time on, and stay at the value that it has then.

        Raises:
            ValueError: a negative time.

        https://webaudio.github.io/web-audio-api/#dom-audioparam-cancelandholdattime
        """
        return self._cancel("cancel_and_hold_at_time", cancel_time, hold=True)

    def _schedule(self, name: str, kind: Kind, given: dict[str, float]) -> AudioParam:
        where = f"AudioParam.{name}"
        numbers = {key: double(value, f"{where}: {key}") for key, value in given.items()}
        for key, number in numbers.items():
            check(("AudioParam",), key, number, where)
        value, time, *span = numbers.values()
        self._do(self._automation.add(kind, time, self._context.current_time, value=value, span=span[0] if span else 0))
        return self

    def _cancel(self, name: str, cancel_time: float, *, hold: bool) -> AudioParam:
        time = double(cancel_time, f"AudioParam.{name}: cancel_time")
        check(("AudioParam",), "cancel_time", time, f"AudioParam.{name}")
        self._do(self._automation.cancel(time, self._context.current_time, hold=hold))
        return self

    def _do(self, calls: list[Call]) -> None:
        for method, arguments in calls:
            call(getattr(self._native, method), *arguments)

    def __repr__(self) -> str:
        return f"<AudioParam {self._name} {self.value:g}>"
