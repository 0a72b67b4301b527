"""What FFmpeg's input devices tell about themselves: lists, and the log texts that carry what lists do not.

Not for: opening a device for its pictures (``av_capture.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import av
import av.error
import av.logging
from av.device import enumerate_input_devices

__all__ = ["ListedDevice", "list_devices", "log_of_opening"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """One device of FFmpeg's list; ``name`` is what opens it."""

    name: str
    description: str
    media_types: tuple[str, ...]


def list_devices(form: str) -> Sequence[ListedDevice]:
    """The devices of one of FFmpeg's formats; empty where this build has none of it."""
    try:
        found = enumerate_input_devices(form)
    except (av.error.FFmpegError, ValueError) as error:
        _logger.debug("No list of %s: %s", form, error)
        return []
    return [ListedDevice(item.name, item.description, tuple(item.media_types)) for item in found]


def log_of_opening(form: str, file: str, options: Mapping[str, str]) -> str:
    """What FFmpeg says when it is asked to open something that it answers with words."""
    before = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as lines:
            try:
                av.open(file, format=form, options=dict(options)).close()
            except (av.error.FFmpegError, ValueError, OSError) as error:
                _logger.debug("%s answered %s", form, error)
    finally:
        av.logging.set_level(before)
    return "".join(text for _level, _name, text in lines)
