"""What the kernel's device tree in ``/sys`` tells of a device: where it is plugged in, where it sits on the case.

Not for: any one kind of device. Cameras and microphones of one webcam meet here: `physical_device` gives both the
same folder.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["facing_mode", "physical_device", "read_attribute"]


def read_attribute(folder: Path, name: str) -> str | None:
    """One attribute's text, or ``None``."""
    try:
        return (folder / name).read_text(errors="replace").strip()
    except OSError:
        return None


def physical_device(interface: str | os.PathLike[str]) -> str:
    """Folder of the thing one holds in one's hand: the USB device of an interface, else the device itself.

    ``interface``: any folder below ``/sys``, such as ``/sys/class/video4linux/video0/device``,
    ``/sys/class/sound/card1/device``, or a card itself, as PulseAudio names it: ``/sys/devices/…/sound/card1``.
    """
    folder = Path(os.path.realpath(interface))
    for candidate in (folder, *folder.parents):
        if (candidate / "idVendor").exists() and (candidate / "idProduct").exists():
            return str(candidate)
        if candidate == candidate.parent or candidate.name in {"devices", "sys"}:
            break
    return str(folder.parent.parent if folder.parent.name == "sound" else folder)


def facing_mode(interface: str | os.PathLike[str]) -> str | None:
    """``user`` or ``environment`` where the firmware says on which panel the device sits.

    https://docs.kernel.org/admin-guide/abi-testing.html (``physical_location/panel``)
    """
    folder = Path(os.path.realpath(interface))
    end = Path(physical_device(interface)).parent
    while folder not in {end, folder.parent}:
        panel = read_attribute(folder / "physical_location", "panel")
        if panel in {"front", "back"}:
            return "user" if panel == "front" else "environment"
        folder = folder.parent
    return None
