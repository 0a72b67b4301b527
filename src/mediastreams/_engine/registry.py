"""Which back ends there are, and the one hub of each device.

Not for: what back ends do. A table of names, imported at first use; third parties join it by the entry-point group
``mediastreams.backends`` (name → a `Backend` class). The only module outside ``_backends`` that asks for the platform.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from mediastreams._engine.source import SourceHub
from mediastreams.abc import Backend, Device

__all__ = ["backend_named", "default_backends", "hub_of", "resolve_backends"]

_logger = logging.getLogger(__name__)

BACKENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fake": "mediastreams._backends.fake.backend:FakeBackend",
        "v4l2": "mediastreams._backends.linux.v4l2_backend:V4L2Backend",
        "x11": "mediastreams._backends.linux.x11:X11Backend",
        "miniaudio": "mediastreams._backends.sound.backend:SoundBackend",
        "avfoundation": "mediastreams._backends.macos.avfoundation:AVFoundationBackend",
        "dshow": "mediastreams._backends.windows.dshow:DirectShowBackend",
        "gdigrab": "mediastreams._backends.windows.gdigrab:GdiGrabBackend",
    }
)
_PLATFORM: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "linux": ("v4l2", "miniaudio", "x11"),
        "darwin": ("avfoundation", "miniaudio"),
        "win32": ("dshow", "miniaudio", "gdigrab"),
    }
)

_lock = threading.Lock()
_instances: dict[str, Backend] = {}
_hubs: weakref.WeakKeyDictionary[Backend, weakref.WeakValueDictionary[tuple[str, str], SourceHub]] = (
    weakref.WeakKeyDictionary()
)


def default_backends() -> list[Backend]:
    """The platform's back ends, third parties', and the fakes when ``MEDIASTREAMS_FAKE_DEVICES=1``.

    One that cannot be imported is left out with a warning in the log: a missing library takes its own devices away,
    not the others'.
    """
    names = [*_PLATFORM.get(sys.platform, ())]
    # A name of the table would bring another platform's back end, or the fakes.
    names += [entry.name for entry in entry_points(group="mediastreams.backends") if entry.name not in BACKENDS]
    if os.environ.get("MEDIASTREAMS_FAKE_DEVICES") == "1":
        names = ["fake", *names]  # asked for, so first
    backends = []
    for name in names:
        try:
            backends.append(backend_named(name))
        except ImportError as error:
            _logger.warning("The back end %r is left out: %s", name, error)
        except Exception:  # the border to third parties: whatever is wrong with theirs, the others' devices are there
            _logger.exception("The back end %r is left out", name)
    return backends


def resolve_backends(wanted: Sequence[str | Backend]) -> list[Backend]:
    """Back ends from names and objects. A ``"fake"`` by name is a new one, for isolation.

    Raises:
        TypeError: neither a name nor a `Backend`.
        ValueError: no back end of that name.
    """
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise TypeError(f"backends must be a list of names and Backend objects, not {wanted!r}")
    found: list[Backend] = []
    for one in wanted:
        if isinstance(one, Backend):
            found.append(one)
        elif isinstance(one, str):
            found.append(_create(one) if one == "fake" else backend_named(one))
        else:
            raise TypeError(f"backends must hold names and Backend objects, not {one!r}")
    return found


def backend_named(name: str) -> Backend:
    """The process's one back end of that name.

    Raises:
        ValueError: there is none.
        ImportError: it needs a library that is not there; the message has the ``pip install`` line.
    """
    with _lock:
        backend = _instances.get(name)
        if backend is None:
            backend = _instances[name] = _create(name)
        return backend


def _create(name: str) -> Backend:
    path = BACKENDS.get(name)
    if path is None:
        for entry in entry_points(group="mediastreams.backends"):
            if entry.name == name:
                return entry.load()()  # type: ignore[no-any-return]
        raise ValueError(f"there is no back end {name!r}; there are {', '.join(BACKENDS)}")
    module, attribute = path.split(":")
    return getattr(import_module(module), attribute)()  # type: ignore[no-any-return]


def hub_of(backend: Backend, device: Device) -> SourceHub:
    """The one hub of a device, so that two requests share it. Lives while somebody holds it."""
    key = (device.device_class, device.native_id)
    with _lock:
        hubs = _hubs.setdefault(backend, weakref.WeakValueDictionary())
        hub = hubs.get(key)
        if hub is None:
            hub = hubs[key] = SourceHub(backend.create_source(device))
        return hub


def _after_fork() -> None:
    """A child opens devices anew: hubs and back ends of the parent are dead in it."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _instances.clear()
    _hubs.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
