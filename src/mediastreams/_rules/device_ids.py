"""Public device and group ids, made from what a back end knows a device by.

Not for: deciding who sees them (`exposure`).
Rules: an id is a hash, stable across runs and re-plugging as far as the native id is; it tells nothing of the
machine. A device is identified by its id and kind together. ``salt`` keeps the ids of isolated applications apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel

__all__ = ["DEFAULT_ID", "identified", "public_device_id", "public_group_id", "resolve_device_id"]

DEFAULT_ID = "default"
"""The id of the entry that stands for the system's default output, whichever that is at the time."""


def public_device_id(backend: str, device_class: str, native_id: str, *, salt: str = "") -> str:
    """Make the public id of a device.

    https://w3c.github.io/mediacapture-main/#dom-mediadeviceinfo-deviceid
    """
    return _hash(salt, "device", backend, device_class, native_id)


def public_group_id(group: str, device_id: str, *, salt: str = "") -> str:
    """Make the public id of the physical device; a device that belongs to no known group is one of its own.

    Groups are shared between back ends, so that a webcam's microphone finds its camera.

    https://w3c.github.io/mediacapture-main/#dom-mediadeviceinfo-groupid
    """
    return _hash(salt, "group", group) if group else _hash(salt, "alone", device_id)


def identified(
    model: DeviceModel, *, backend: str, device_class: str, native_id: str, group: str = "", salt: str = ""
) -> DeviceModel:
    """Give a model as listed by a back end its public ids."""
    device_id = public_device_id(backend, device_class, native_id, salt=salt)
    return replace(model, device_id=device_id, group_id=public_group_id(group, device_id, salt=salt))


def resolve_device_id(device_id: str, known: Sequence[str]) -> str | None:
    """Find the device that an id names among ``known``, the system's default first; ``None`` for an unknown one.

    "" and "default" name the default.
    """
    if device_id in ("", DEFAULT_ID):
        return known[0] if known else None
    return device_id if device_id in known else None


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
