"""The cameras there are, as data: nodes in ``/sys/class/video4linux`` asked over ``/dev``, nothing streams.

Not for: capture (``v4l2_source.py``). A camera's identity is udev's by-id name, which follows it from port to port
and tells two of a kind apart by their serial numbers; without one, the place where it is plugged in.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mediastreams._backends.linux import v4l2_controls as controls_of
from mediastreams._backends.linux.v4l2_controls import Controls
from mediastreams._backends.linux.v4l2_ioctl import Capabilities, ControlInfo, RateSpan, VideoNode
from mediastreams._backends.linux.v4l2_layouts import cost_of
from mediastreams._backends.linux.v4l2_modes import USUAL_SIZES, FormatOffer, cheapest_modes, usual_sizes
from mediastreams._backends.sysfs import facing_mode, physical_device, read_attribute
from mediastreams._rules.values import DeviceModel, Setting, VideoMode
from mediastreams.abc import Device

__all__ = ["Answers", "Camera", "CameraListing", "ask", "label_of"]

_logger = logging.getLogger(__name__)
_CLASS: Final = Path("/sys/class/video4linux")
_BY_ID: Final = Path("/dev/v4l/by-id")
_UNKNOWN_MODE: Final = VideoMode(640, 480, 1.0, 30.0)
"""For a camera that this user may not ask: opening it says why."""
_USUAL_RATE: Final = RateSpan(30.0, 30.0)
_GREY_COST: Final = 30
_MOST_SIZES: Final = 200


@dataclass(frozen=True, slots=True)
class Camera:
    """What the back end keeps of a listed camera to open it later."""

    path: str
    label: str
    offers: tuple[FormatOffer, ...] = ()
    controls: Controls = field(default_factory=Controls)
    written: dict[str, Setting] = field(default_factory=dict, compare=False)
    """Controls that this process has set since the camera was plugged in: it keeps them when it closes."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a node said when it was asked."""

    capabilities: Capabilities
    offers: tuple[FormatOffer, ...]
    listed: tuple[ControlInfo, ...]
    written: dict[str, Setting] = field(default_factory=dict, compare=False)


class CameraListing:
    """Lists the cameras. Keeps what a node answered while that node stands, for asking wakes sleeping cameras."""

    def __init__(self, *, sysfs: Path = _CLASS, by_id: Path = _BY_ID, dev: Path = Path("/dev")) -> None:
        self._sysfs = sysfs
        self._by_id = by_id
        self._dev = dev
        self._known: dict[str, tuple[object, Answers]] = {}

    def devices(self) -> list[Device]:
        """Everything that captures now, the default first."""
        links = self._links()
        found = []
        for name in sorted(_names(self._sysfs), key=_number):
            path = str(self._dev / name)
            try:
                answers = self._ask(path)
            except OSError as error:
                _logger.debug("%s cannot be asked: %s", path, error)
                if not isinstance(error, PermissionError):
                    continue
                answers = None
            if answers is None or answers.capabilities.captures:
                device = self._describe(name, path, answers, links)
                if device is not None:
                    found.append(device)
        found.sort(key=_rank)
        return [_as_default(device) if place == 0 else device for place, device in enumerate(found)]

    def _ask(self, path: str) -> Answers:
        status = Path(path).stat()
        stamp = (status.st_rdev, status.st_ino, status.st_ctime_ns)  # changes with the node and with its permissions
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with VideoNode(path) as node:
            answers = ask(node)
        self._known[path] = (stamp, answers)
        return answers

    def _describe(self, name: str, path: str, answers: Answers | None, links: dict[str, str]) -> Device | None:
        folder = self._sysfs / name
        label = label_of(answers.capabilities.card if answers else read_attribute(folder, "name") or name)
        if answers is None and (read_attribute(folder, "index") or "0") != "0":
            return None  # behind a closed door the first node is the camera, the others mostly its metadata
        modes = cheapest_modes(answers.offers) if answers else (_UNKNOWN_MODE,)
        if not modes:
            return None  # nothing that we could turn into pictures: raw sensors, compressed streams of other kinds
        listed = answers.listed if answers else ()
        controls = controls_of.describe(listed)
        choices = dict(controls.choices)
        facing = controls_of.orientation(listed) or facing_mode(folder / "device")
        if facing:
            choices["facing_mode"] = (facing,)
        index = read_attribute(folder, "index") or "0"
        place = answers.capabilities.bus_info if answers else physical_device(folder / "device")
        offers = answers.offers if answers else ()
        return Device(
            "videoinput",
            native_id=links.get(name) or f"{place}-index{index}",
            label=label,
            model=DeviceModel("video", modes=modes, choices=choices, ranges=controls.ranges, defaults=controls.present),
            group=physical_device(folder / "device"),
            handle=Camera(path, label, offers, controls, answers.written if answers else {}),
        )

    def _links(self) -> dict[str, str]:
        """The by-id name of every node that has one."""
        try:
            entries = sorted(self._by_id.iterdir())
        except OSError:
            return {}
        return {entry.resolve().name: entry.name for entry in entries}


def ask(node: VideoNode) -> Answers:
    """Everything a node tells about itself. Raises: OSError."""
    capabilities = node.capabilities()
    if not capabilities.captures:
        return Answers(capabilities, (), ())
    rate = node.current_rate()
    fallback = RateSpan(rate, rate) if rate else _USUAL_RATE
    offers: list[FormatOffer] = []
    for pixel_format in dict.fromkeys(node.pixel_formats()):
        if cost_of(pixel_format) is None:
            continue
        for width, height in _sizes(node, pixel_format):
            rates = node.rates(pixel_format, width, height) or [fallback]
            offers.append(FormatOffer(pixel_format, width, height, tuple(rates)))
    return Answers(capabilities, tuple(offers), tuple(node.controls()))


def _sizes(node: VideoNode, pixel_format: str) -> list[tuple[int, int]]:
    """Sizes of a format: as listed, else those that a trial leaves as they are, else the present one."""
    pix = node.current_format().fmt.pix  # both layouts begin with width and height
    current = (pix.width, pix.height)
    spans = node.sizes(pixel_format)
    if spans:
        sizes = dict.fromkeys(size for span in spans for size in usual_sizes(span, current))
        return list(sizes)[:_MOST_SIZES]
    tried = {node.nearest_size(pixel_format, width, height) for width, height in USUAL_SIZES}
    return sorted({size for size in tried if size} or {current})


def label_of(card: str) -> str:
    """A camera's name for people. uvcvideo says "Name: Name", cut off at 31 letters; once is enough."""
    first, colon, second = card.partition(": ")
    return first if colon and first.startswith(second) else card


def _names(folder: Path) -> Iterable[str]:
    try:
        return [name for name in sorted(entry.name for entry in folder.iterdir()) if re.fullmatch(r"video\d+", name)]
    except OSError:
        return []  # no video driver is loaded


def _number(name: str) -> int:
    return int(name.removeprefix("video"))


def _rank(device: Device) -> tuple[bool, bool, int]:
    """Real before virtual, colour before infrared, then in the order they came up."""
    assert isinstance(device.handle, Camera)
    modes = device.model.modes
    grey = all(isinstance(mode, VideoMode) and mode.cost >= _GREY_COST for mode in modes)
    return "/virtual/" in device.group, grey, _number(Path(device.handle.path).name)


def _as_default(device: Device) -> Device:
    return Device(
        device.device_class,
        device.native_id,
        device.label,
        device.model,
        device.group,
        default=True,
        handle=device.handle,
    )
