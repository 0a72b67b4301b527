"""What others may implement, `Clock`, `Source`, `Sink`, `Backend`, and what they are given: `Delivery`, `Supply`.

A back end describes devices as data, lists them without opening them, and returns sources and sinks, never
tracks. Check an implementation with `mediastreams.testing.check_backend`, `check_source` and `check_sink`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from mediastreams._rules.values import AudioMode, DeviceModel, Kind, Mode, Range, Settings, VideoMode
from mediastreams.errors import NotSupportedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediastreams._engine.frames import Chunk, ChunkFormat, Picture, Sound
    from mediastreams._engine.room import Room

__all__ = [
    "Audible",
    "AudioMode",
    "Backend",
    "Clock",
    "Delivery",
    "Device",
    "DeviceModel",
    "Mode",
    "PermissionPolicy",
    "Range",
    "Sink",
    "Source",
    "Supply",
    "Timer",
    "VideoMode",
    "Wake",
]

DeviceClass: TypeAlias = Literal["audioinput", "audiooutput", "videoinput", "monitor", "window"]


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Take the call back. Idempotent; a call that has begun is not stopped."""


class Clock(ABC):
    """The process's one monotonic time, in nanoseconds, and the waits on it.

    Everything that waits for media time waits here, so that a manual clock can drive it.
    """

    @abstractmethod
    def now_ns(self) -> int:
        """Nanoseconds since a fixed, arbitrary instant; never goes back. Any thread, never blocks."""

    def now_us(self) -> int:
        """`now_ns` in microseconds: the unit of every timestamp."""
        return self.now_ns() // 1000

    @abstractmethod
    def call_at(self, when_ns: int, call: Callable[[], None]) -> Timer:
        """Run ``call`` once on the scheduler's thread when ``when_ns`` has come. Calls run in order of time.

        A call must not block; one that raises is logged and breaks nothing.
        """

    @abstractmethod
    def wait_until(self, when_ns: int | None, wake: Wake) -> bool:
        """Block this worker thread until ``when_ns`` (``None``: no deadline) or until ``wake`` is set.

        Returns whether ``wake`` was set; does not clear it.
        """

    @abstractmethod
    def wake(self) -> Wake:
        """A flag for `wait_until`."""


class Wake(Protocol):
    """A flag that ends a wait. Setting is thread-safe and idempotent."""

    def set(self) -> None:
        """End the wait."""

    def clear(self) -> None:
        """Make it ready for the next wait."""

    def is_set(self) -> bool:
        """Whether it was set since it was cleared."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as its back end lists it: data only, nothing is open.

    ``native_id`` identifies it within the back end and is stable across runs and re-plugging where the
    system allows it. ``group`` names what the device is physically part of ("" when unknown): equal
    strings of any back end share a ``group_id``. ``model`` leaves ``device_id`` and ``group_id`` empty.
    ``default`` marks the system's default of its class. ``handle`` is the back end's own.
    """

    device_class: DeviceClass
    native_id: str
    label: str
    model: DeviceModel
    group: str = ""
    default: bool = False
    handle: object = field(default=None, compare=False)


class Delivery(Protocol):
    """Where a started source puts what it makes. Thread-safe, quick, raises nothing.

    Everything arrives at the consumers in the order of the calls. After ``stop`` of the source has
    returned, calls are ignored.
    """

    @property
    def wants_frames(self) -> bool:
        """Whether somebody wants decoded frames at present. For sources with chunks; cheap, ask before each."""

    @property
    def wants_chunks(self) -> bool:
        """Whether somebody wants encoded chunks, or will at their next key frame."""

    def deliver(self, data: Picture | Sound | Chunk) -> None:
        """Hand over one frame, stamped; it must not change afterwards. Chunks come in the order of decoding."""

    def set_muted(self, *, muted: bool) -> None:
        """Say that the source temporarily cannot (or can again) give real data."""

    def reconfigured(self, mode: Mode) -> None:
        """Say that frames from now on are of another native mode (a resized window, a rotated screen)."""

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing will come any more: unplugged, end of file. The last call."""

    def wait_for_room(self, wake: Wake) -> None:
        """For sources with a free clock: block until the consumers have room, or ``wake`` is set."""


class Source(ABC):
    """A producer of frames of one kind, at rest until started. One delivery at a time.

    ``start``, ``stop`` and ``configure`` are called on worker threads, never at the same time, never on an
    event loop; they may block for as long as the device needs. ``stop`` may follow a ``start`` that raised.
    """

    kind: Kind
    clock: Clock
    free_running: bool = False
    """True: no clock of its own, runs as fast as its consumers take it (see `Delivery.wait_for_room`)."""
    recorded: bool = False
    """True: it plays what was recorded before, by the clock. Who listens would rather hear all of it, and later."""
    remote: bool = False
    """True: it comes from a peer. Echo cancellation may be asked for such sound alone."""
    chunk_format: ChunkFormat | None = None
    """What its encoded chunks are. A source that has some gives them while `Delivery.wants_chunks`, and decodes only
    while `Delivery.wants_frames`; it begins to decode again at a key frame."""
    room: Room | None = None
    """The back pressure shared by free-running sources that one reader feeds (the tracks of a file)."""

    @abstractmethod
    def start(self, mode: Mode | None, settings: Settings, delivery: Delivery) -> Mode | None:
        """Open the device and begin to deliver. Returns the mode it really runs in.

        A source that was described with modes is started in one of them; ``None`` is for those that
        know their mode only from what comes, and then say it by `Delivery.reconfigured`.

        Raises: NotReadableError (busy, failing; keeps errno), NotFoundError (gone), NotAllowedError
        (the system says no).
        """

    @abstractmethod
    def stop(self) -> None:
        """Close everything. When it returns nothing is open and nothing is delivered. Idempotent."""

    def configure(self, settings: Settings) -> bool:
        """Apply changed settings while running, without reopening. False: the engine restarts the source."""
        return not settings


class Supply(Protocol):
    """What a started sink asks for what it renders. Never blocks, raises nothing; may take a millisecond.

    The device drives: the sink asks at its pace, one call at a time, until ``stop`` has returned. Where a driver
    calls back under a deadline, the sink asks ahead on a thread of its own and keeps what it got.
    """

    def sound(self, length: int, at: int) -> npt.NDArray[np.float32]:
        """The next ``length`` samples of every channel, the first of which will be heard at ``at`` (µs of the clock).

        ``float32 [channels, length]``, always that many, silence where there is nothing; not to be written to,
        valid until the next call. From call to call ``at`` grows by the samples' duration, give or take jitter: when it
        jumps, the device stood still, and what was to be heard meanwhile is left out.
        """

    def picture(self, at: int) -> Picture | None:
        """The picture to be seen from ``at`` (µs of the clock) on; ``None``: the one that is shown stays."""

    def reconfigured(self, mode: Mode) -> None:
        """Say in which mode sound is asked for from now on (other headphones), or of which size a window is now."""

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing will be asked for any more: unplugged, the window closed. The last call."""


class Sink(ABC):
    """A device that renders one track's kind: a speaker, a window. At rest until started; one supply at a time.

    ``start`` and ``stop`` are called on worker threads, never at the same time, never on an event loop; they may block
    for as long as the device needs, ``stop`` for some seconds at most. ``stop`` may follow a ``start`` that raised.
    """

    kind: Kind
    clock: Clock
    audible: bool = True
    """False: what it takes is heard by nobody. Echo cancellation need not take it out of a microphone."""

    @abstractmethod
    def start(self, mode: Mode | None, settings: Settings, supply: Supply) -> Mode:
        """Open the device and begin to ask. Returns the mode it really runs in.

        ``None`` is the device's usual mode. Where the real mode is not the one asked for, the sink says it by
        `Supply.reconfigured` before it asks for the first sound. ``settings`` may have ``latency``: how many seconds
        the device may hold back.

        Raises: NotReadableError (busy, failing; keeps errno), NotFoundError (gone), NotAllowedError
        (the system says no).
        """

    @abstractmethod
    def stop(self) -> None:
        """Close everything. When it returns nothing is open and nothing is asked for. Idempotent."""

    def wish(self, mode: Mode) -> bool:
        """Hear which mode would suit what is about to be rendered; answers whether it is taken. No device does that."""
        return False


@runtime_checkable
class Audible(Protocol):
    """Something that plays sound on an output, a media element, and can give it to a sink instead."""

    def _sound_through(self, sink: Sink, *, margin_us: int) -> None:
        """Have all that would be heard go to ``sink``, once and for good; ``margin_us``: see ``_engine/voices.py``.

        `Sink.start` is called when there is something to hear; the sink is asked for as many channels as that has.

        Raises: InvalidStateError: it does so already.
        """


class Backend(ABC):
    """A technology that reaches devices: V4L2, miniaudio, X11, the fakes.

    ``list_devices`` and ``watch`` are called on worker threads and may take some milliseconds.
    """

    name: ClassVar[str]

    @abstractmethod
    def list_devices(self) -> Sequence[Device]:
        """Everything there is now, without opening any of it; the system's default first in its class."""

    @abstractmethod
    def create_source(self, device: Device) -> Source:
        """A source at rest for a device of the last listing. Opens nothing."""

    def create_sink(self, device: Device) -> Sink:
        """A sink at rest for an output of the last listing. Opens nothing.

        Raises: NotSupportedError: the device is no output, or this technology only lists outputs.
        """
        raise NotSupportedError(f"{device.label}: the back end {self.name!r} renders nothing there")

    def focus(self, device: Device) -> None:
        """Bring a captured window to the front and give it the keyboard. May block for some milliseconds.

        Raises: NotSupportedError: this technology cannot.
        """
        raise NotSupportedError(f"{device.label}: the back end {self.name!r} cannot bring windows to the front")

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` (any thread) when the listing may have changed, until the returned call is made."""
        return lambda: None


class PermissionPolicy(ABC):
    """Who may use what: ``camera``, ``microphone``, ``display-capture``, ``speaker-selection``.

    A descriptor is a mapping with ``name``, and for the camera ``pan_tilt_zoom``. States are ``granted``, ``denied``
    and ``prompt``. When answers change by themselves, call ``navigator.permissions.refresh()``.
    """

    @abstractmethod
    def query(self, descriptor: Mapping[str, Any]) -> str:
        """The present state. Quick, asks nobody, any thread."""

    @abstractmethod
    async def request(self, descriptor: Mapping[str, Any]) -> str:
        """Ask the person, who may take any time; answer ``granted`` or ``denied``.

        Called only while `query` says ``prompt``.
        """
