"""`FakeBackend`: the back end ``fake``, and `FakeDevice`, the hand on one of its devices.

Not for: what devices are (``devices.py``) or deliver (``sources.py``).

Rules of the file: a device's state changes at once in the calling thread, which may be the scheduler's; sources look
at it. A label names one device of a back end.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, get_args

from mediastreams._backends.fake.devices import (
    DEFAULT_DEVICES,
    Description,
    FakeScreen,
    FakeSpeaker,
    FakeWindow,
    listed,
)
from mediastreams._engine.clock import get_clock
from mediastreams.abc import Backend, Clock, Device, Sink, Source
from mediastreams.errors import NotAllowedError, NotReadableError, NotSupportedError

if TYPE_CHECKING:
    from mediastreams._backends.fake.sources import FakeSource
    from mediastreams._backends.fake.speakers import FakeSpeakerSink, Tape
    from mediastreams._engine.audio_data import AudioData

__all__ = ["Action", "FakeBackend", "FakeDevice"]

Action: TypeAlias = Literal["plug", "unplug", "mute", "unmute", "stall", "resume", "busy", "free", "deny", "allow"]


def _size(description: object) -> tuple[int, int] | None:
    return (description.width, description.height) if isinstance(description, FakeScreen | FakeWindow) else None


class FakeDevice:
    """One device of a `FakeBackend`: what happens to it. Any thread.

    ``plugged``, ``muted``, ``stalled``, ``failure`` are its state, ``focused`` a window's; ``size`` is a display
    surface's.
    """

    def __init__(self, backend: FakeBackend, description: Description | FakeWindow, label: str) -> None:
        self._backend = backend
        self.label = label
        self.sources: set[FakeSource] = set()
        """The sources that run."""
        self.sinks: set[FakeSpeakerSink] = set()
        """A speaker's outputs that run."""
        self.tape: Tape | None = None
        """What a speaker was given."""
        self.describe(description)

    def describe(self, description: Description | FakeWindow) -> None:
        """Be this, plugged in and in good order. For the back end."""
        self.description = description
        self.plugged: bool = True
        self.muted: bool = False
        self.stalled: bool = False
        self.failure: BaseException | None = None
        self.size = _size(description)
        self.focused: bool = False

    @property
    def in_use(self) -> bool:
        """Whether somebody has the device open."""
        return bool(self.sources or self.sinks)

    def heard(self, seconds: float = 1.0) -> AudioData | None:
        """What a speaker has sounded last, all outputs mixed, stamped by when it was heard; at most the last minute.

        ``None``: nothing yet. A muted speaker sounds silence; a stalled one takes nothing, and what it takes next is a
        stretch of its own.

        Raises:
            NotSupportedError: it is no speaker.
        """
        if not isinstance(self.description, FakeSpeaker):
            raise NotSupportedError(f"{self.label} is no speaker: it sounds nothing")
        return None if self.tape is None else self.tape.last(seconds)

    def plug(self) -> None:
        """Put the device in again, in good order."""
        self.muted = self.stalled = False
        self.failure = None
        self._backend.set_plugged(self, plugged=True)

    def unplug(self) -> None:
        """Pull the device out: it leaves the listing, its tracks end, who plays there is told."""
        self._backend.set_plugged(self, plugged=False)

    def mute(self) -> None:
        """Deliver nothing, and say so: its tracks are muted. A speaker sounds silence."""
        self._set_muted(muted=True)

    def unmute(self) -> None:
        """Deliver again."""
        self._set_muted(muted=False)

    def _set_muted(self, *, muted: bool) -> None:
        if self.muted != muted:
            self.muted = muted
            for source in list(self.sources):
                source.device_muted(muted=muted)

    def stall(self) -> None:
        """Deliver nothing (a speaker: take nothing) without a word, as a camera whose driver hangs."""
        self.stalled = True

    def resume(self) -> None:
        """Deliver again."""
        self.stalled = False

    def fail_to_open(self, error: BaseException | None) -> None:
        """Have every attempt to open it raise ``error``; ``None``: no more. Who has it open keeps it."""
        self.failure = error

    def busy(self) -> None:
        """Be in use by another program."""
        message = f"{self.label} is in use by another program: close that program or choose another device"
        self.fail_to_open(NotReadableError(message, errno=errno.EBUSY))

    def free(self) -> None:
        """Be in use no more."""
        self.fail_to_open(None)

    def deny(self) -> None:
        """Be forbidden by the system."""
        self.fail_to_open(NotAllowedError(f"The system does not let this program use {self.label}"))

    def allow(self) -> None:
        """Be forbidden no more."""
        self.fail_to_open(None)

    def resize(self, width: int, height: int) -> None:
        """Give a display surface another size.

        Raises:
            NotSupportedError: it is no display surface.
        """
        if self.size is None:
            raise NotSupportedError(f"{self.label} is no display surface: its size is its mode's")
        self.size = (width, height)
        for source in list(self.sources):
            source.device_resized()
        self._backend.notify()

    def script(self, events: Iterable[tuple[float, Action | Callable[[], object]]]) -> None:
        """Let things happen: each action so many seconds from now, on the back end's clock.

        An action is the name of a method of this class without arguments, or a call.

        Raises:
            ValueError: there is no such action.
        """
        clock = self._backend.clock
        now = clock.now_ns()
        for seconds, action in events:
            if not callable(action) and action not in get_args(Action):
                raise ValueError(f"there is no action {action!r}; there are {', '.join(get_args(Action))}")
            clock.call_at(now + round(seconds * 1e9), partial(_carry_out, self, action))

    def entries(self, *, default: bool) -> list[Device]:
        """This device in the listing."""
        description = self.description
        if isinstance(description, FakeWindow):
            return []  # listed with its screen
        if isinstance(description, FakeScreen):
            backend = self._backend
            windows = []
            for window in description.windows:
                device = backend.device(window.title)
                if device.plugged and device.size is not None:
                    windows.append(replace(window, width=device.size[0], height=device.size[1]))
            assert self.size is not None
            description = replace(description, width=self.size[0], height=self.size[1], windows=tuple(windows))
        return list(listed(description, default=default))

    def __repr__(self) -> str:
        state = [name for name in ("muted", "stalled", "failure") if getattr(self, name)]
        return f"<FakeDevice {self.label!r} {' '.join(['plugged' if self.plugged else 'unplugged', *state])}>"


def _carry_out(device: FakeDevice, action: str | Callable[[], object]) -> None:
    call = action if callable(action) else getattr(device, action)
    call()


class FakeBackend(Backend):
    """Made-up devices. Without arguments those that ``backends=["fake"]`` has.

    ``clock``: what they follow; without one, the clock in force when a source is made.
    """

    name: ClassVar[str] = "fake"

    def __init__(self, devices: Sequence[Description] = DEFAULT_DEVICES, *, clock: Clock | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: dict[str, FakeDevice] = {}
        self._watchers: list[Callable[[], None]] = []
        for description in devices:
            self.plug(description)

    @property
    def clock(self) -> Clock:
        """What scripts follow."""
        return self._clock or get_clock()

    def plug(self, description: Description) -> FakeDevice:
        """Add a device, or put one of that label in again with another description.

        Raises:
            ValueError: a device of that label is in.
        """
        with self._lock:
            known = self._devices.get(description.label)
            if known is not None and known.plugged:
                raise ValueError(f"there is a device {description.label!r} already: give this one another label")
            device = self._put_in(description, description.label)
            if isinstance(description, FakeScreen):
                for window in description.windows:
                    self._put_in(window, window.title)
        self.notify()
        return device

    def _put_in(self, description: Description | FakeWindow, label: str) -> FakeDevice:
        device = self._devices.pop(label, None) or FakeDevice(self, description, label)
        device.describe(description)  # the same hand: sources of the earlier description serve the new one
        self._devices[label] = device
        return device

    def unplug(self, label: str) -> None:
        """Pull a device out.

        Raises:
            KeyError: there is none of that label.
        """
        self.device(label).unplug()

    def device(self, label: str) -> FakeDevice:
        """The hand on a device, plugged or not; a window's label is its title.

        Raises:
            KeyError: there is none of that label.
        """
        try:
            return self._devices[label]
        except KeyError:
            raise KeyError(f"there is no fake device {label!r}; there are {', '.join(self._devices)}") from None

    def list_devices(self) -> list[Device]:
        found: list[Device] = []
        for device in list(self._devices.values()):
            if device.plugged:
                kind = type(device.description)
                default = all(not isinstance(entry.handle, kind) for entry in found)
                found += device.entries(default=default)
        return found

    def create_source(self, device: Device) -> Source:
        from mediastreams._backends.fake.sources import FakeAudioSource, FakeVideoSource

        hand = self.device(device.label)
        if isinstance(hand.description, FakeSpeaker):
            raise NotSupportedError(f"{device.label} is a speaker: it cannot be captured")
        make = FakeAudioSource if device.model.kind == "audio" else FakeVideoSource
        return make(hand, self._clock)

    def create_sink(self, device: Device) -> Sink:
        from mediastreams._backends.fake.speakers import FakeSpeakerSink

        hand = self.device(device.label)
        if not isinstance(hand.description, FakeSpeaker):
            raise NotSupportedError(f"{device.label} is no speaker: nothing can be played there")
        return FakeSpeakerSink(hand, self._clock)

    def focus(self, device: Device) -> None:
        hand = self.device(device.label)
        if not isinstance(hand.description, FakeWindow):
            raise NotSupportedError(f"{device.label} is no window: it has no front")
        for other in list(self._devices.values()):
            other.focused = other is hand

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        def forget() -> None:
            with self._lock:
                if changed in self._watchers:
                    self._watchers.remove(changed)

        with self._lock:
            self._watchers.append(changed)
        return forget

    def set_plugged(self, device: FakeDevice, *, plugged: bool) -> None:
        """Carry out `FakeDevice.plug` and `FakeDevice.unplug`."""
        if device.plugged == plugged:
            return
        device.plugged = plugged
        parts = [device]
        if isinstance(device.description, FakeScreen):
            windows = [self.device(window.title) for window in device.description.windows]
            for window in windows:
                window.plugged = plugged
            parts += windows
        if not plugged:
            for part in parts:
                for source in list(part.sources):
                    source.device_gone()
                for sink in list(part.sinks):
                    sink.device_gone()
        self.notify()

    def notify(self) -> None:
        """Tell who watches that the listing may have changed."""
        with self._lock:
            watchers = list(self._watchers)
        for changed in watchers:
            changed()

    def __repr__(self) -> str:
        return f"<FakeBackend of {len(self._devices)} devices>"
