"""Which devices ``enumerate_devices`` lists, in which order, and what it says of them.

Not for: objects or events. `KnownDevice` goes in, `ExposedDevice` comes out; the slots are values too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from mediastreams._rules.device_ids import DEFAULT_ID

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind

__all__ = [
    "DeviceKind",
    "ExposedDevice",
    "Exposure",
    "KnownDevice",
    "PermissionState",
    "exposed_devices",
    "newly_exposed",
    "set_device_information_exposure",
]

DeviceKind: TypeAlias = Literal["audioinput", "audiooutput", "videoinput"]
PermissionState: TypeAlias = Literal["granted", "denied", "prompt"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """The slots [[canExposeCameraInfo]] and [[canExposeMicrophoneInfo]].

    Whether a live track holds a camera or microphone counts as well: see ``live`` of the functions.
    """

    camera: bool = False
    microphone: bool = False


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """One entry of [[storedDeviceList]]. ``selected``: the application was given this output by its user."""

    kind: DeviceKind
    device_id: str
    label: str = ""
    group_id: str = ""
    default: bool = False
    selected: bool = False


@dataclass(frozen=True, slots=True)
class ExposedDevice:
    """What an application is told; ``source`` is the entry that it stands for."""

    kind: DeviceKind
    device_id: str
    label: str
    group_id: str
    source: KnownDevice


def set_device_information_exposure(
    exposure: Exposure, requested: Collection[Kind], permissions: Mapping[str, PermissionState], *, value: bool
) -> Exposure:
    """Set the slots after a grant (or a revocation); a kind that is permitted anyway is exposed along.

    https://w3c.github.io/mediacapture-main/#set-device-information-exposure
    """
    # 1. Video.
    if "video" in requested:
        exposure = replace(exposure, camera=value)
        if value and permissions.get("microphone") == "granted":
            exposure = replace(exposure, microphone=True)
    # 2. Audio.
    if "audio" in requested:
        exposure = replace(exposure, microphone=value)
        if value and permissions.get("camera") == "granted":
            exposure = replace(exposure, camera=True)
    return exposure


def exposed_devices(
    devices: Sequence[KnownDevice],
    exposure: Exposure,
    *,
    live: Collection[Kind] = (),
    allowed: Collection[str] = ("camera", "microphone", "speaker-selection"),
    all_outputs: bool = True,
) -> list[ExposedDevice]:
    """Create the list of device infos: microphones, cameras, others; of each the system's default first.

    Before information can be exposed there is at most one microphone and one camera, without label and ids.
    ``allowed`` are the permitted features. ``all_outputs``: every output is told of together with microphones;
    else only those that were selected or are one device with a microphone.

    https://w3c.github.io/mediacapture-main/#dfn-creating-a-list-of-device-info-objects
    """
    tells = {
        "audioinput": exposure.microphone or "audio" in live,
        "videoinput": exposure.camera or "video" in live,
    }
    # 4-7. Microphones, cameras.
    microphones = _inputs(devices, "audioinput", known="microphone" in allowed, tells=tells["audioinput"])
    cameras = _inputs(devices, "videoinput", known="camera" in allowed, tells=tells["videoinput"])
    # 8. Everything else, if it may be known.
    groups = {device.group_id for device in microphones if device.group_id}
    others: list[ExposedDevice] = []
    for device in devices:
        if device.kind != "audiooutput" or "speaker-selection" not in allowed:
            continue
        with_microphone = tells["audioinput"] and (all_outputs or device.group_id in groups)
        if not device.selected and not with_microphone:
            continue
        info = _info(device, tells=True)
        others.append(info)
        # SPEC-ISSUE: the text lists the default a second time here, too; web-platform-tests find one entry for the
        # one output that was selected.
        if device.default and with_microphone:
            label = f"Default - {info.label}" if info.label else "Default"
            others.insert(0, replace(info, device_id=DEFAULT_ID, label=label))
    # 9-11. In that order.
    return [*microphones, *cameras, *others]


def _inputs(devices: Sequence[KnownDevice], kind: DeviceKind, *, known: bool, tells: bool) -> list[ExposedDevice]:
    found: list[ExposedDevice] = []
    for device in devices:
        if device.kind == kind and known:
            found.insert(0 if device.default else len(found), _info(device, tells=tells))
    return found if tells else found[:1]


def _info(device: KnownDevice, *, tells: bool) -> ExposedDevice:
    """Create a device info.

    https://w3c.github.io/mediacapture-main/#dfn-creating-a-device-info-object
    """
    if not tells:
        return ExposedDevice(device.kind, "", "", "", device)
    return ExposedDevice(device.kind, device.device_id, device.label, device.group_id, device)


def newly_exposed(before: Sequence[ExposedDevice], after: Sequence[ExposedDevice]) -> list[ExposedDevice]:
    """List the inserted devices that an application now sees for the first time.

    https://w3c.github.io/mediacapture-main/#dom-devicechangeevent-userinserteddevices
    """
    seen = {(info.kind, info.device_id) for info in before}
    return [info for info in after if info.device_id and (info.kind, info.device_id) not in seen]
