"""What is said where the extra is not installed."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["need_extra"]


def need_extra() -> None:
    """See that what WebRTC stands on is installed.

    Raises:
        ImportError: it is not; with the command that installs it.
    """
    if find_spec("aiortc") is None:
        raise ImportError('WebRTC needs more packages: pip install "mediastreams[webrtc]"', name="aiortc")
