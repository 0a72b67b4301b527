"""What is said where the extra is not installed."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["need_extra"]


def need_extra(*names: str) -> None:
    """See that what WebRTC stands on is installed; ``names``: what else than aiortc is needed.

    Raises:
        ImportError: it is not; with the command that installs it.
    """
    for name in ("aiortc", *names):
        if find_spec(name) is None:
            raise ImportError('WebRTC needs more packages: pip install "mediastreams[webrtc]"', name=name)
