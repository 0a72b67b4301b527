"""`check_backend`: whether a `Backend` keeps what `mediastreams.abc` says.

Not for: whether the devices are those that are there.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from mediastreams.abc import AudioMode, Backend, Device, DeviceModel, Sink, Source, VideoMode
from mediastreams.errors import DOMException, NotSupportedError
from mediastreams.testing.check_sink import check_sink
from mediastreams.testing.check_source import check_source, expect

__all__ = ["check_backend"]

_KINDS: Final = {
    "audioinput": "audio",
    "audiooutput": "audio",
    "videoinput": "video",
    "monitor": "video",
    "window": "video",
}


def check_backend(backend: Backend, *, open_devices: bool = True, seconds: float = 3.0) -> None:
    """Check that a back end keeps its contract. Not on an event loop; blocks.

    Args:
        backend: what to check.
        open_devices: also open the first device of each class and check its source or sink.
        seconds: how long that may take to deliver; see `check_source`.

    Raises:
        AssertionError: what is wrong, in a sentence.
    """
    expect(isinstance(backend, Backend), f"{backend!r} is no mediastreams.abc.Backend")
    expect(isinstance(backend.name, str) and backend.name, "it has no name")
    handles = _open_handles()
    devices = list(backend.list_devices())
    expect(_open_handles() <= handles + 2, "listing devices left something open")
    for device in devices:
        _check_device(device)
    _check_listing(devices)
    again = [(device.device_class, device.native_id) for device in backend.list_devices()]
    expect(
        again == [(device.device_class, device.native_id) for device in devices], "two listings differ in ids or order"
    )
    forget = backend.watch(lambda: None)
    expect(callable(forget), "watch() must return a call that ends it")
    forget()
    seen: set[str] = set()
    for device in devices:
        if device.device_class == "audiooutput":
            _check_output(backend, device, check=open_devices and device.device_class not in seen)
            seen.add(device.device_class)
            continue
        source = backend.create_source(device)
        expect(isinstance(source, Source), f"create_source() returned {source!r}")
        expect(source.kind == device.model.kind, f"the source of {device.label!r} is one of {source.kind}")
        if open_devices and device.device_class not in seen and device.model.modes:
            seen.add(device.device_class)
            _check_open(backend, device, seconds)


def _check_device(device: Device) -> None:
    name = repr(getattr(device, "label", device))
    expect(isinstance(device, Device), f"{device!r} is no mediastreams.abc.Device")
    kind = _KINDS.get(device.device_class)
    expect(kind, f"{name} is of the unknown class {device.device_class!r}")
    expect(isinstance(device.native_id, str) and device.native_id, f"{name} has no native_id")
    expect(isinstance(device.label, str), f"the label {name} is no string")
    model = device.model
    expect(model.kind == kind, f"{name} is a device for {kind} with a model for {model.kind}")
    expect(not model.device_id and not model.group_id, f"{name}: the public ids are not the back end's to give")
    wanted = VideoMode if kind == "video" else AudioMode
    for mode in model.modes:
        expect(isinstance(mode, wanted), f"{name} has the mode {mode!r}: it must be a {wanted.__name__}")
        if isinstance(mode, VideoMode):
            expect(mode.width > 0 and mode.height > 0, f"{name} has a mode of {mode.width} × {mode.height}")
            expect(0 < mode.max_frame_rate >= mode.min_frame_rate, f"{name} has a mode with the rates of {mode!r}")
    _check_model(name, model)


def _check_model(name: str, model: DeviceModel) -> None:
    for key, values in model.choices.items():
        expect(isinstance(values, tuple) and len(set(values)) == len(values), f"{name}: the choices of {key} repeat")
    for key, span in model.ranges.items():
        expect(span.min <= span.max, f"{name}: the range of {key} is upside down")
    for key, value in model.defaults.items():
        if key in model.choices:
            expect(value in model.choices[key], f"{name}: the default of {key} is no choice")
        elif key in model.ranges and not isinstance(value, str):
            expect(value in model.ranges[key], f"{name}: the default of {key} is out of its range")


def _check_listing(devices: list[Device]) -> None:
    ids = Counter((device.device_class, device.native_id) for device in devices)
    twice = [name for name, count in ids.items() if count > 1]
    expect(not twice, f"listed twice: {twice}")
    for device_class in _KINDS:
        defaults = [device.default for device in devices if device.device_class == device_class]
        expect(sum(defaults) <= 1, f"{device_class} has more than one default")
        expect(not any(defaults[1:]), f"the default of {device_class} must come first")


def _check_open(backend: Backend, device: Device, seconds: float) -> None:
    mode = device.model.modes[0]
    try:
        check_source(lambda: backend.create_source(device), mode, dict(device.model.defaults), seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{device.label!r}: {error}") from error
    except DOMException as error:
        raise AssertionError(f"{device.label!r} does not open: {error}") from error


def _check_output(backend: Backend, device: Device, *, check: bool) -> None:
    try:
        sink = backend.create_sink(device)
    except NotSupportedError:  # a technology may only list its outputs
        return
    expect(isinstance(sink, Sink), f"create_sink() returned {sink!r}")
    expect(sink.kind == device.model.kind, f"the sink of {device.label!r} is one of {sink.kind}")
    if not check:
        return
    try:
        check_sink(lambda: backend.create_sink(device))
    except AssertionError as error:
        raise AssertionError(f"{device.label!r}: {error}") from error
    except DOMException as error:
        raise AssertionError(f"{device.label!r} does not open: {error}") from error


def _open_handles() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0  # other systems have no such folder
