"""`load`: the libraries that a connection stands on, imported off the event loop: they take half a second."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from mediastreams._webidl.tasks import in_parallel
from mediastreams.webrtc.extra import need_extra

__all__ = ["load"]

_MODULES: Final = (
    "aiohttp.web",
    "mediastreams.webrtc.peer_connection",
    "mediastreams.webrtc.negotiation.making",
    "mediastreams.webrtc.negotiation.media",
    "mediastreams.webrtc.negotiation.setting",
    "mediastreams.webrtc.receiving.inlet",
    "mediastreams.webrtc.sending.outlet",
    "mediastreams.webrtc.transport.bundle",
    "mediastreams.webrtc.whip.client",
    "mediastreams.webrtc.whip.server",
)


async def load() -> None:
    """Import what `serve`, `publish` and `subscribe` need.

    Raises:
        ImportError: it is not installed; with the command that installs it.
    """
    await in_parallel(_load)


def _load() -> None:
    need_extra("aiohttp", "segno")
    for name in _MODULES:
        import_module(name)
