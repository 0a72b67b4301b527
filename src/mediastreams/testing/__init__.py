"""Tools for tests, public: made-up devices, a clock that stands still, the person at the screen, contract checks."""

from mediastreams._backends.fake.backend import FakeBackend, FakeDevice
from mediastreams._backends.fake.card_code import read_counter, read_flash
from mediastreams._backends.fake.devices import (
    DEFAULT_DEVICES,
    FakeCamera,
    FakeMicrophone,
    FakeScreen,
    FakeSpeaker,
    FakeWindow,
)
from mediastreams._engine.clock import use_clock
from mediastreams.testing.check_backend import check_backend
from mediastreams.testing.check_clock import check_clock
from mediastreams.testing.check_sink import check_sink
from mediastreams.testing.check_source import check_source
from mediastreams.testing.manual_clock import ManualClock
from mediastreams.testing.person import set_permission, user_activation

__all__ = [
    "DEFAULT_DEVICES",
    "FakeBackend",
    "FakeCamera",
    "FakeDevice",
    "FakeMicrophone",
    "FakeScreen",
    "FakeSpeaker",
    "FakeWindow",
    "ManualClock",
    "check_backend",
    "check_clock",
    "check_sink",
    "check_source",
    "read_counter",
    "read_flash",
    "set_permission",
    "use_clock",
    "user_activation",
]
