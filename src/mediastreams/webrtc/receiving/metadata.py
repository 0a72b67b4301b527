"""What a remote frame's ``metadata()`` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams.webrtc.receiving.coded import Coded

__all__ = ["metadata_of"]


def metadata_of(coded: Coded) -> dict[str, object]:
    """Name what is known of a frame; times in µs of the clock.

    https://wicg.github.io/video-rvfc/#dictdef-videoframecallbackmetadata
    https://w3c.github.io/webcodecs/video_frame_metadata_registry.html
    """
    times = coded.times
    found: dict[str, object] = {"receive_time": times.received, "rtp_timestamp": coded.stamp & 0xFFFFFFFF}
    if times.captured is not None:
        found["capture_time"] = times.captured
    return found
