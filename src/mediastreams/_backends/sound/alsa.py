"""Sound cards of a Linux system without sound server, as ``/proc/asound`` lists them.

Not for: opening them; miniaudio does, by the names given here.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mediastreams._backends.sysfs import physical_device

__all__ = ["PROC", "SYS", "AlsaDevice", "list_alsa"]

PROC: Final = Path("/proc/asound")
SYS: Final = Path("/sys")


@dataclass(frozen=True, slots=True)
class AlsaDevice:
    """One PCM of a card, in one direction. ``id`` is miniaudio's: it tries sharing plug-ins before the hardware."""

    output: bool
    id: str
    label: str
    group: str
    sample_rate: int
    channels: int


def list_alsa(proc: Path = PROC, sys: Path = SYS) -> list[AlsaDevice]:
    """Every microphone and speaker of every card, in the order of the cards; empty where there is no card."""
    cards = _cards(proc)
    found = []
    with contextlib.suppress(OSError):
        for line in (proc / "pcm").read_text("utf-8", "replace").splitlines():
            match = re.match(r"(\d+)-(\d+): (.*)", line)
            if not match or int(match[1]) not in cards:
                continue
            number, device = int(match[1]), int(match[2])
            card_id, card_name = cards[number]
            fields = [field.strip() for field in match[3].split(" : ")]
            name = fields[1] if len(fields) > 1 and not fields[1].startswith(("playback", "capture")) else fields[0]
            group = physical_device(sys / "class" / "sound" / f"card{number}" / "device")
            for word, output in (("capture", False), ("playback", True)):
                if any(field.startswith(word) for field in fields):
                    rate, channels = _usb_format(proc / f"card{number}" / f"stream{device}", output=output)
                    label = card_name if name in card_name else f"{card_name}, {name}"
                    device_id = f":CARD={card_id},DEV={device}"
                    found.append(AlsaDevice(output, device_id, label, group, rate, channels))
    return found


def _cards(proc: Path) -> dict[int, tuple[str, str]]:
    """Number → id, name. ` 1 [C920 ]: USB-Audio - HD Pro Webcam C920`."""
    with contextlib.suppress(OSError):
        text = (proc / "cards").read_text("utf-8", "replace")
        lines = re.findall(r"^\s*(\d+)\s+\[(\S+)\s*\]: [^\n]*? - ([^\n]+)$", text, re.MULTILINE)
        return {int(number): (card_id, name.strip()) for number, card_id, name in lines}
    return {}


def _usb_format(stream: Path, *, output: bool) -> tuple[int, int]:
    """Rate and channels where the card says them before it is opened (USB); else the usual ones."""
    with contextlib.suppress(OSError):
        playback, _, capture = stream.read_text("utf-8", "replace").partition("\nCapture:")
        text = playback if output else capture
        channels = [int(number) for number in re.findall(r"Channels: (\d+)", text)]
        rates = [int(number) for line in re.findall(r"Rates: ([^\n]+)", text) for number in re.findall(r"\d+", line)]
        if channels and rates:
            return (48_000 if 48_000 in rates or "continuous" in text else max(rates)), max(channels)
    return 48_000, 2
