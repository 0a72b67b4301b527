"""The algorithm of `ImageCapture.grab_frame`.

Not for: photos (``take_photo.py``): a grabbed frame is what the track's consumers see.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mediastreams._engine.frames import Picture
from mediastreams._engine.image_bitmap import ImageBitmap
from mediastreams._webidl.tasks import in_parallel, wakeups_of
from mediastreams.capture.track_source import adapter_for
from mediastreams.errors import UnknownError

if TYPE_CHECKING:
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["grab_frame"]


async def grab_frame(track: MediaStreamTrack) -> ImageBitmap:
    """*grabFrame*, step 3: a device's next frame; of anything else, which may stand still, the one it shows.

    Raises:
        UnknownError: the track ends or is muted before there is a frame.

    https://w3c.github.io/mediacapture-image/#dom-imagecapture-grabframe
    """
    feed, hub = track._feed, track._feed.hub
    held = None if track._source.device_class else hub.newest
    if held is not None:
        mode = hub.mode
        shape = {name: value for name, value in feed.target.items() if name != "frame_rate"}
        adapter = None if mode is None else adapter_for(mode, shape)
        if adapter is not None:
            held = await in_parallel(adapter.process, held)  # type: ignore[arg-type]  # a video's
        still: ImageBitmap = ImageBitmap._of(held)
        return still
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    port = feed.attach(policy="latest", on_item=lambda: wakeups_of(loop).add(news.set))
    port.demand()
    try:
        while True:
            # 3.1. Gather data from the track.
            taken = port.take()
            if isinstance(taken, Picture):
                # 3.3. The ImageBitmap.
                bitmap: ImageBitmap = ImageBitmap._of(taken)
                return bitmap
            # 3.2. The operation cannot be completed.
            if port.ended:
                raise UnknownError("grab_frame: the track ended before there was a frame")
            if port.muted and not hub.away:
                raise UnknownError("grab_frame: the track was muted before there was a frame")
            await news.wait()
            news.clear()
    finally:
        feed.detach(port)
